"""The earlier functions that a graded function may build on, put right where the student's fail.

So that a mistake costs once, a function is judged on top of right parts where the student's own
were found wrong: in the notebook that it lives in, their names then stand for right ones, and what
is expected of it stays the same. (An oracle built on the student's own part would be the student's
to choose: what is built on a softmax that always says 1 cannot be told from what ignores it.)

A part's source is sent into the student's process. It gives nothing away that is still worth
anything: the part has had its own checks. Left out: a copy of the part's mistake in the function
itself, which costs again. Proved by: tests/autograder/test_rubric.py, and through the sandbox by
tests/autograder/test_judge.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.inside.peer import Borrowed
from autograder.proxy import LostName, MissingName, NamedProxy

if TYPE_CHECKING:
    from autograder.results import RubricResult
    from autograder.rubric import Rubric

_ABSENT = object()


@dataclass(frozen=True)
class Part:
    """An earlier function that this one may build on: its rubric, and a right implementation.

    That is a function of the part's name whose source is enough: it imports what it uses.
    """

    rubric: Rubric
    right: Callable[..., Any]

    @property
    def source(self) -> str:
        """The definition of the right implementation."""
        return inspect.getsource(self.right)


def broken_parts(rubric: Rubric, results: Mapping[str, RubricResult]) -> dict[str, Part]:
    """The parts of a rubric, and theirs, that lost points, by name."""
    broken: dict[str, Part] = {}
    for name, part in rubric.parts.items():
        broken |= broken_parts(part.rubric, results)
        result = results.get(part.rubric.name)
        if result is not None and not result.sound:
            broken[name] = part
    return broken


@contextmanager
def put_right(student: Any, parts: Mapping[str, Part]) -> Iterator[None]:
    """Have the names of parts stand for right ones where the student's object looks them up."""
    if isinstance(student, NamedProxy):
        student.define("\n\n".join(part.source for part in parts.values()))
        yield  # and for good: no other function's checks use this snapshot
        return
    namespace = _namespace(student) or {}
    before = {name: namespace.get(name, _ABSENT) for name in parts}
    try:
        for part in parts.values():
            exec(part.source, namespace)  # noqa: S102  our own
        yield
    finally:
        for name, value in before.items():
            namespace.pop(name, None)
            if value is not _ABSENT:
                namespace[name] = value


def _namespace(student: Any) -> dict[str, Any] | None:
    """Where a function or class of this process looks up global names; None of what is neither."""
    if not callable(student) or isinstance(student, MissingName | LostName | Borrowed):
        return None
    plain = inspect.unwrap(student)
    owner = plain if isinstance(plain, type) else type(plain)
    for one in (plain, *vars(owner).values()):
        function = getattr(one, "__func__", one)  # of a static method
        if inspect.isfunction(function):
            return function.__globals__
    return None
