"""Checks of `softmax(x, dim=-1)`.

Left out: +inf and NaN among the scores, gradients of rows of nothing but -inf: the task says
nothing of them. Proved by: `autograder validate a3_attention`.
"""

import math
from typing import Any

import torch
from torch import Tensor

import reference.attention as reference
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import Rubric

SOFTMAX = Rubric("a3_attention", "softmax")

LARGE = (5e-3, 5e-3)
"""Tolerance for float32 scores of ±10,000, 1e-3 apart: x - logsumexp(x) rounds to that."""


def _right_on_a_vector(student: Any, draw: Draw) -> None:
    """Fail unless the easiest case comes out right."""
    x = draw.normal(4)
    want = reference.softmax(x.double())
    expect.close(student(x.clone()), want, what="softmax of a vector", dtype=torch.float32)


@SOFTMAX.check("weights along the last axis", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for shape in ((5,), (4, 6), (2, 3, 1, 4), (3, 1)):
        x = draw.normal(*shape, scale=2.0)
        expect.close(
            student(x.clone()),
            reference.softmax(x.double()),
            what=f"softmax of {len(shape)} axes",
            dtype=torch.float32,
            why="each entry is exp(x) divided by the sum of exp(x) along the last axis",
        )


@SOFTMAX.check("the axis that `dim` names")
def _(student: Any, draw: Draw) -> None:
    x = draw.normal(3, 4, 5)
    results = {
        0: student(x.clone(), dim=0),
        1: student(x.clone(), 1),
        -2: student(x.clone(), dim=-2),
        -3: student(x.clone(), -3),
    }
    for dim, got in results.items():
        expect.close(
            got,
            reference.softmax(x.double(), dim=dim),
            what=f"softmax with dim={dim}",
            dtype=torch.float32,
            why=f"the weights must sum to 1 along axis {dim}, whatever the other axes hold",
        )


@SOFTMAX.check("scores of ±10,000", points=1.5)
def _(student: Any, draw: Draw) -> None:
    near = draw.normal(4, 6, dtype=torch.float64)
    centre = torch.tensor([1e4, -1e4, 0.0, 0.0], dtype=torch.float64)[:, None]
    spread = torch.tensor([1.0, 1.0, 1.0, 1e4], dtype=torch.float64)[:, None]
    x = near * spread + centre
    x[2, 0], x[2, 1] = 1e4, -1e4
    why = "exp overflows beyond 88 in float32; softmax(x) = softmax(x - c) for each row's own c"
    for scores in (x.float(), x[0].float()):
        expect.close(
            student(scores.clone()),
            reference.softmax(scores.double()),
            what="softmax of large scores",
            dtype=torch.float32,
            tolerance=LARGE,
            why=why,
        )


def _some_minus_infinity(draw: Draw, *shape: int) -> Tensor:
    """Scores of which some, in no row all, are -inf."""
    return draw.normal(*shape).masked_fill(~draw.mask(*shape), -math.inf)


@SOFTMAX.check("an entry of -inf gets the weight 0", points=0.5)
def _(student: Any, draw: Draw) -> None:
    x = _some_minus_infinity(draw, 4, 5)
    expect.close(
        student(x.clone()),
        reference.softmax(x.double()),
        what="softmax with some entries of -inf",
        dtype=torch.float32,
        why="exp(-inf) is 0, and the other entries share the weight",
    )


@SOFTMAX.check("a row of nothing but -inf gives zeros")
def _(student: Any, draw: Draw) -> None:
    why = "where there is nothing to choose from all weights are 0; other rows are as ever"
    x = _some_minus_infinity(draw, 2, 3, 5)
    x[0, 1] = x[1, 2] = -math.inf
    expect.close(
        student(x.clone()),
        reference.softmax(x.double()),
        what="softmax with rows of -inf",
        dtype=torch.float32,
        why=why,
    )
    y = draw.normal(4, 3)
    y[:, 1] = -math.inf
    expect.close(
        student(y.clone(), dim=0),
        reference.softmax(y.double(), dim=0),
        what="softmax with dim=0 and a column of -inf",
        dtype=torch.float32,
        why=why,
    )


@SOFTMAX.check("any floating dtype, which the result keeps")
def _(student: Any, draw: Draw) -> None:
    for dtype, centre in ((torch.float16, 0), (torch.bfloat16, 0), (torch.float64, 60)):
        x = (draw.normal(3, 5, dtype=torch.float64) + centre).to(dtype)
        expect.close(
            student(x.clone()),
            reference.softmax(x.double()),
            what=f"softmax of {expect.name(dtype)}",
            dtype=dtype,
            why="the result must be as precise as its dtype, not rounded or nudged on the way",
        )


@SOFTMAX.check("gradients", points=0.5)
def _(student: Any, draw: Draw) -> None:
    for shape in ((5,), (3, 4)):
        x, cotangent = draw.normal(*shape), draw.normal(*shape)
        theirs, ours = x.clone().requires_grad_(), x.clone().requires_grad_()
        got, want = student(theirs), reference.softmax(ours)
        expect.same_gradients(
            expect.gradients(got, {"x": theirs}, cotangent, what="softmax"),
            expect.gradients(want, {"x": ours}, cotangent, what="softmax"),
            what="softmax",
            dtype=torch.float32,
        )


@SOFTMAX.check("the input is left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    _right_on_a_vector(student, draw)
    for x in (draw.normal(3, 4), _some_minus_infinity(draw, 3, 4)):
        now = x.clone()
        expect.tensor(student(now), what="softmax", shape=(3, 4))
        expect.unchanged(now, x, what="x")


@SOFTMAX.check("any device", points=0.5)
def _(student: Any, draw: Draw) -> None:
    _right_on_a_vector(student, draw)
    x = torch.empty(3, 4, dtype=torch.float32, device="meta")
    expect.on_meta(lambda: student(x), what="softmax", shape=(3, 4), dtype=torch.float32)
