"""Misconceptions: wrong implementations with names, and `diagnose`, which finds the one that fits.

A misconception is named only on evidence: on several drawn inputs, all that its witness observes of
the student's object (values, dtypes, shapes, types of exceptions) must equal what it observes of
the wrong implementation, and differ from what it observes of the right one. If two fit, neither is
named. Left out: mistakes in combination. Proved by: `autograder.validate`, for every listed
misconception under several seeds.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from autograder.draw import Draw
from autograder.errors import SandboxUnavailable, StudentDied, StudentRaised, StudentTimeout
from autograder.expect import TOLERANCES, differences, reads_values
from autograder.rubric import Rubric

Observation: TypeAlias = Any
"""Nested tuples of tensors, plain values and names of exception types."""
Witness: TypeAlias = Callable[[Any, Draw], Observation]

DRAWS = 2
"""Draws on which a misconception must fit."""


@dataclass(frozen=True)
class Misconception:
    """A wrong implementation: its name (a slug), what the student reads, and what shows it."""

    name: str
    sentence: str
    implementation: Any
    witness: Witness


@dataclass(frozen=True)
class RightImplementation:
    """A right implementation in another style than the reference's."""

    name: str
    style: str
    implementation: Any


def observe(call: Callable[[], object]) -> Observation:
    """What a call gives: its value, or the name of the type of the exception it raised.

    Slow and dying calls, and those that find no sandbox, are no observation: they are let through.
    """
    try:
        return _plain(call())
    except (SandboxUnavailable, StudentTimeout, StudentDied):
        raise
    except StudentRaised as error:
        return "raised", str(error).partition(":")[0]
    except Exception as error:
        return "raised", type(error).__name__


def observe_on_meta(call: Callable[[], object]) -> Observation:
    """What a call on the meta device gives; reading numbers there is no mistake, and told apart."""
    try:
        call()
    except (SandboxUnavailable, StudentTimeout, StudentDied):
        raise
    except Exception as error:
        if reads_values(error):
            return "reads values"
    return observe(call)


def _plain(value: object) -> Observation:
    """A value as an observation; of an object of unknown type, the name of its type alone."""
    if type(value) is tuple or type(value) is list:
        return tuple(_plain(item) for item in value)
    if type(value) is Tensor or type(value) is nn.Parameter:
        return value.detach()
    if value is None or type(value) in (bool, int, float, str):
        return value
    return f"<{type(value).__name__}>"


def same(a: Observation, b: Observation) -> bool:
    """Whether two observations agree: dtypes, shapes, devices, and numbers up to rounding."""
    if type(a) is not type(b):
        return False
    if type(a) is tuple:
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is Tensor:
        if (a.dtype, a.shape, a.device.type) != (b.dtype, b.shape, b.device.type):
            return False
        if a.device.type == "meta" or a.layout is not torch.strided:
            return True
        if a.dtype not in TOLERANCES:
            return bool(torch.equal(a, b))
        return differences(a, b, TOLERANCES[a.dtype]) == 0
    return bool(a == b) or (a != a and b != b)


def listed(assignment: str, table: str, name: str) -> Sequence[Any]:
    """What `table` of the assignment's `misconceptions` lists for a rubric; nothing without one."""
    package = f"assignments.{assignment}"
    module = f"{package}.misconceptions"
    if not importlib.util.find_spec(package) or not importlib.util.find_spec(module):
        return ()
    found: Mapping[str, Sequence[Any]] = getattr(importlib.import_module(module), table)
    return found.get(name, ())


def known(rubric: Rubric) -> Sequence[Misconception]:
    """The misconceptions listed for a rubric."""
    return listed(rubric.assignment, "MISCONCEPTIONS", rubric.name)


def right(rubric: Rubric) -> Sequence[RightImplementation]:
    """The right implementations listed for a rubric; the first is the reference."""
    return listed(rubric.assignment, "RIGHT", rubric.name)


def witness_draw(assignment: str, name: str, seed: int, i: int) -> Draw:
    """The inputs on which misconceptions are compared for the `i`-th time."""
    return Draw(seed, assignment, name, f"witness {i}")


@dataclass(frozen=True)
class _Evidence:
    """What one witness observes of a wrong implementation and of the reference."""

    misconception: Misconception
    wrong: Observation
    reference: Observation


@lru_cache(maxsize=32)
def _evidence(assignment: str, name: str, seed: int, i: int) -> tuple[_Evidence, ...]:
    """The evidence on the `i`-th draw."""

    def seen(witness: Witness, implementation: Any) -> Observation:
        return witness(implementation, witness_draw(assignment, name, seed, i))

    reference = next(iter(listed(assignment, "RIGHT", name))).implementation
    return tuple(
        _Evidence(one, seen(one.witness, one.implementation), seen(one.witness, reference))
        for one in listed(assignment, "MISCONCEPTIONS", name)
    )


def diagnose(rubric: Rubric, student: Any, seed: int = 0) -> Misconception | None:
    """The one misconception that the student's object behaves like, or None.

    No points hang on a witness's inputs, so they are the same for all students, and what the wrong
    implementations make of them is worked out once.
    """
    fits = [*known(rubric)]
    for i in range(DRAWS if fits else 0):
        seen: dict[Witness, Observation] = {}
        left = []
        for evidence in _evidence(rubric.assignment, rubric.name, seed, i):
            one = evidence.misconception
            if one not in fits:
                continue
            if one.witness not in seen:
                draw = witness_draw(rubric.assignment, rubric.name, seed, i)
                try:
                    seen[one.witness] = one.witness(student, draw)
                except (StudentTimeout, StudentDied):
                    return None
            theirs = seen[one.witness]
            if same(theirs, evidence.wrong) and not same(theirs, evidence.reference):
                left.append(one)
        fits = left
    return fits[0] if len(fits) == 1 else None
