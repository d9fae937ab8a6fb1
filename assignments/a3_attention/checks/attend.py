"""Checks of `attend(query, keys, values, score)`, which returns (weights, output).

The score functions take one query and one key, as the task says. Long for its many checks, each
short. Left out: scores of -inf, no keys at all. Proved by: `autograder validate a3_attention`.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

import reference.attention as reference
from assignments.a3_attention.checks import right_parts
from assignments.a3_attention.checks.softmax import LARGE, SOFTMAX
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import Part, Rubric

ATTEND = Rubric("a3_attention", "attend", {"softmax": Part(SOFTMAX, right_parts.softmax)})

Score: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def _one_of_each(query: Tensor, key: Tensor) -> None:
    if query.dim() != 1 or key.dim() != 1:
        raise ValueError("score compares one query with one key, both of shape (d_k,)")


def dot(query: Tensor, key: Tensor) -> Tensor:
    """The dot product."""
    _one_of_each(query, key)
    return query @ key


def scaled(query: Tensor, key: Tensor) -> Tensor:
    """The dot product over √d_k."""
    return dot(query, key) / math.sqrt(key.shape[-1])


def multiplicative(w: Tensor) -> Score:
    """QᵀWk, which is not symmetric."""

    def score(query: Tensor, key: Tensor) -> Tensor:
        _one_of_each(query, key)
        return query @ w.to(query.dtype) @ key

    return score


def additive(w_q: Tensor, w_k: Tensor, v: Tensor) -> Score:
    """vᵀ tanh(W_q q + W_k k)."""

    def score(query: Tensor, key: Tensor) -> Tensor:
        _one_of_each(query, key)
        dtype = query.dtype
        return v.to(dtype) @ torch.tanh(w_q.to(dtype) @ query + w_k.to(dtype) @ key)

    return score


def _inputs(
    draw: Draw, n: int, d_k: int, d_v: int, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor, Tensor]:
    shapes = ((d_k,), (n, d_k), (n, d_v))
    query, keys, values = (draw.normal(*shape, dtype=dtype) for shape in shapes)
    return query, keys, values


def _want(*inputs: Tensor, score: Score) -> tuple[Tensor, Tensor]:
    """Weights and output as they should be."""
    query, keys, values = (x.double() for x in inputs)
    return reference.attend(query, keys, values, score)


def _got(student: Any, *inputs: Tensor, score: Score) -> tuple[object, object]:
    query, keys, values = (x.clone() for x in inputs)
    weights, output = expect.items(
        student(query, keys, values, score), 2, what="attend, which returns (weights, output)"
    )
    return weights, output


def _compare(
    student: Any,
    *inputs: Tensor,
    score: Score,
    what: str,
    why: str,
    tolerance: tuple[float, float] | None = None,
) -> None:
    weights, output = _got(student, *inputs, score=score)
    wanted_weights, wanted_output = _want(*inputs, score=score)
    for name, got, want in (
        ("weights", weights, wanted_weights),
        ("output", output, wanted_output),
    ):
        expect.close(
            got,
            want,
            what=f"the {name} {what}",
            why=why,
            dtype=inputs[0].dtype,
            tolerance=tolerance,
        )


@ATTEND.check("the weights are the softmax of the scores", points=2)
def _(student: Any, draw: Draw) -> None:
    for n, d_k, d_v in ((4, 3, 2), (17, 4, 4)):
        inputs = _inputs(draw, n, d_k, d_v)
        weights, _ = _got(student, *inputs, score=dot)
        expect.close(
            weights,
            _want(*inputs, score=dot)[0],
            what="the weights",
            dtype=torch.float32,
            why="one weight for each key: the softmax of its scores, as `score` gives them",
        )


@ATTEND.check("the output is the sum of the values by their weights", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for n, d_k, d_v in ((2, 1, 3), (3, 1, 3), (2, 1, 1)):
        inputs = _inputs(draw, n, d_k, d_v)
        _, output = _got(student, *inputs, score=scaled)
        expect.close(
            output,
            _want(*inputs, score=scaled)[1],
            what="the output",
            dtype=torch.float32,
            why="values and keys are different things, and may differ in length: d_v and d_k",
        )


@ATTEND.check("any score function, called as score(query, key)", points=1.5)
def _(student: Any, draw: Draw) -> None:
    d = 3
    w = draw.normal(d, d)
    hidden = draw.normal(4, d), draw.normal(4, d), draw.normal(4)
    for kind, score in (("multiplicative", multiplicative(w)), ("additive", additive(*hidden))):
        _compare(
            student,
            *_inputs(draw, 3, d, 2),
            score=score,
            what=f"with the {kind} score",
            why="the score is whatever `score(query, key)` says, and the order matters",
        )


@ATTEND.check("a single key, and scores of ±10,000")
def _(student: Any, draw: Draw) -> None:
    inputs = _inputs(draw, 1, 1, 2)
    _compare(student, *inputs, score=dot, what="for one key", why="its weight is 1")
    query, keys, values = _inputs(draw, 3, 1, 2)
    for centre in (1e4, -1e4):

        def score(query: Tensor, key: Tensor, centre: float = centre) -> Tensor:
            return (4 * dot(query, key)).round() / 4 + centre  # exact in float32

        _compare(
            student,
            *(query, keys, values),
            score=score,
            what="for large scores",
            why="use your stable softmax",
            tolerance=LARGE,
        )


@ATTEND.check("gradients, to the score's own weights too")
def _(student: Any, draw: Draw) -> None:
    names = ("query", "keys", "values", "the score's weights")
    # Scores are products of three: far out, logsumexp would leave little of a small gradient.
    drawn = [x.clamp(-2, 2) for x in (*_inputs(draw, 2, 1, 4), draw.normal(1, 1))]
    theirs = {name: x.clone().requires_grad_() for name, x in zip(names, drawn, strict=True)}
    ours = {name: x.double().requires_grad_() for name, x in zip(names, drawn, strict=True)}
    for which, length in enumerate((2, 4)):  # the weights, the output
        cotangent = draw.normal(length)
        *inputs, w = theirs.values()
        got = expect.items(student(*inputs, multiplicative(w)), 2, what="attend")[which]
        *inputs, w = ours.values()
        want = _want(*inputs, score=multiplicative(w))[which]
        expect.same_gradients(
            expect.gradients(got, theirs, cotangent, what="attend"),
            expect.gradients(want, ours, cotangent.double(), what="attend"),
            what="attend",
            dtype=torch.float32,
        )


@ATTEND.check("float64, and inputs left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    inputs = _inputs(draw, 2, 1, 4, torch.float64)
    why = "the result must be as precise as its inputs"
    _compare(student, *inputs, score=dot, what="in float64", why=why)
    before = _inputs(draw, 2, 1, 4)
    now = [x.clone() for x in before]
    _, output = expect.items(student(*now, dot), 2, what="attend")
    want = _want(*before, score=dot)[1]
    expect.close(output, want, what="the output", dtype=torch.float32)
    for name, after, x in zip(("query", "keys", "values"), now, before, strict=True):
        expect.unchanged(after, x, what=name)


@ATTEND.check("any device", points=0.5)
def _(student: Any, draw: Draw) -> None:
    inputs = _inputs(draw, 2, 1, 3)
    _compare(student, *inputs, score=dot, what="on the CPU", why="the easiest case")
    there = [x.to("meta") for x in inputs]
    value = expect.value_on_meta(partial(student, *there, dot), what="attend")
    if value is None:
        return
    results = expect.items(value, 2, what="attend, which returns (weights, output)")
    for result, shape in zip(results, ((2,), (3,)), strict=True):
        expect.tensor(result, what="attend", shape=shape, dtype=torch.float32, device="meta")
