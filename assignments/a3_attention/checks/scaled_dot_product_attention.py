"""Checks of `scaled_dot_product_attention(q, k, v, mask=None)`.

Where the scale is not the point d_k is 1, at which √d_k, d_k and no scale at all agree. Long for
its many checks, each short. Left out: batch dimensions of q, k and v that differ. Proved by:
`autograder validate a3_attention`.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor

import reference.attention as reference
from assignments.a3_attention.checks import right_parts
from assignments.a3_attention.checks.softmax import LARGE, SOFTMAX
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import Part, Rubric

SCALED_DOT_PRODUCT_ATTENTION = Rubric(
    "a3_attention",
    "scaled_dot_product_attention",
    {"softmax": Part(SOFTMAX, right_parts.softmax)},
)
CHECK = SCALED_DOT_PRODUCT_ATTENTION.check

Inputs = tuple[Tensor, Tensor, Tensor]


def _inputs(
    draw: Draw,
    *batch: int,
    n: int = 4,
    m: int = 5,
    d_k: int = 1,
    d_v: int = 3,
    dtype: torch.dtype = torch.float32,
    scale: float = 1.0,
) -> Inputs:
    """Queries, keys and values; `scale` is that of queries and keys."""
    q = draw.normal(*batch, n, d_k, dtype=dtype, scale=scale)
    k = draw.normal(*batch, m, d_k, dtype=dtype, scale=scale)
    return q, k, draw.normal(*batch, m, d_v, dtype=dtype)


def _want(inputs: Inputs, mask: Tensor | None = None) -> Tensor:
    """The output as it should be."""
    q, k, v = (x.double() for x in inputs)
    return reference.scaled_dot_product_attention(q, k, v, mask)


def _compare(
    student: Any,
    inputs: Inputs,
    mask: Tensor | None = None,
    *,
    what: str = "the output",
    why: str = "",
    tolerance: tuple[float, float] | None = None,
) -> None:
    """Fail unless the student's output is right; a mask goes by position."""
    q, k, v = (x.clone() for x in inputs)
    got = student(q, k, v) if mask is None else student(q, k, v, mask.clone())
    want = _want(inputs, mask)
    expect.close(got, want, what=what, why=why, dtype=inputs[0].dtype, tolerance=tolerance)


def _gradients(student: Any, draw: Draw, inputs: Inputs, mask: Tensor | None) -> None:
    """Fail unless the student's gradients are right; a mask goes by name."""
    want_of = [x.double().requires_grad_() for x in inputs]
    want = _want((want_of[0], want_of[1], want_of[2]), mask)
    cotangent = draw.normal(*want.shape, dtype=inputs[0].dtype)
    got_of = [x.clone().requires_grad_() for x in inputs]
    got = student(*got_of) if mask is None else student(*got_of, mask=mask.clone())
    names = ("q", "k", "v")
    expect.same_gradients(
        expect.gradients(got, dict(zip(names, got_of, strict=True)), cotangent, what="attention"),
        expect.gradients(
            want, dict(zip(names, want_of, strict=True)), cotangent.double(), what="attention"
        ),
        what="attention",
        dtype=inputs[0].dtype,
    )


@CHECK("values weighed by softmax(q kᵀ / √d_k)", points=2.5)
def _(student: Any, draw: Draw) -> None:
    for batch, m, d_k, d_v in (((), 5, 3, 6), ((2,), 19, 5, 2)):
        _compare(
            student,
            _inputs(draw, *batch, m=m, d_k=d_k, d_v=d_v),
            why="each output is the sum of the values by the weights softmax(q kᵀ / √d_k)",
        )


@CHECK("the scale follows d_k", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for d_k, d_v in ((2, 5), (16, 2), (7, 7)):
        _compare(
            student,
            _inputs(draw, n=3, m=4, d_k=d_k, d_v=d_v),
            what=f"the output at d_k = {d_k}",
            why="before the softmax, scores are divided by √d_k: not by d_k, not by √d_v",
        )


@CHECK("zero to three batch dimensions, sequences of length one")
def _(student: Any, draw: Draw) -> None:
    for batch, n, m in (((), 3, 4), ((3,), 1, 4), ((2, 3), 4, 2), ((2, 1, 3), 3, 5), ((2,), 3, 1)):
        _compare(
            student,
            _inputs(draw, *batch, n=n, m=m),
            what=f"the output with {len(batch)} batch dimensions",
            why="count axes from the end: queries and keys are at -2, features at -1",
        )


@CHECK("True in the mask = may attend", points=2)
def _(student: Any, draw: Draw) -> None:
    for batch in ((), (2,)):
        _compare(
            student,
            _inputs(draw, *batch),
            draw.mask(*batch, 4, 5),
            what="the output with a mask",
            why="forbidden keys get weight 0, and the weights of the others sum to 1",
        )


@CHECK("a mask of any shape that broadcasts to (…, n, m)", points=1.5)
def _(student: Any, draw: Draw) -> None:
    inputs = _inputs(draw, 2, 3)
    for shape in ((4, 5), (5,), (1, 5), (3, 1, 5), (2, 1, 4, 5)):
        _compare(
            student,
            inputs,
            draw.mask(*shape),
            what=f"the output with a mask of {len(shape)} axes",
            why="axes of the mask that are missing or of length 1 stand for all",
        )


@CHECK("a query with nothing to attend to gets zeros", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for mask in (
        draw.mask(4, 5, empty_rows=1),
        draw.mask(2, 4, 5, empty_rows=3),
        draw.mask(4, 1, empty_rows=2),
    ):
        _compare(
            student,
            _inputs(draw, *mask.shape[:-2]),
            mask,
            what="the output where a row of the mask is all False",
            why="that row of the output is 0; the others are as ever",
        )


@CHECK("gradients stay finite where there is nothing to attend to")
def _(student: Any, draw: Draw) -> None:
    _gradients(student, draw, _inputs(draw, 2), draw.mask(2, 4, 5, empty_rows=2))


@CHECK("gradients", points=0.5)
def _(student: Any, draw: Draw) -> None:
    for batch in ((), (2,)):
        _gradients(student, draw, _inputs(draw, *batch, n=3), None)


@CHECK("scores of ±10,000")
def _(student: Any, draw: Draw) -> None:
    sign = torch.tensor([1.0, 1.0, -1.0, -1.0, -1.0], device="cpu")[:, None]
    q = torch.tensor([100.0, -100.0, 100.0], device="cpu")[:, None]
    k = 100.0 * sign + draw.normal(5, 1, scale=0.01)
    inputs = (q, k, draw.normal(5, 3))
    why = "exp overflows beyond 88, and a forbidden score must lose to any allowed one"
    _compare(student, inputs, what="the output", why=why, tolerance=LARGE)
    mask = torch.tensor([[0, 0, 1, 1, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 1]], device="cpu").bool()
    _compare(student, inputs, mask, what="the output", why=why, tolerance=LARGE)


@CHECK("any floating dtype, which the result keeps", points=0.5)
def _(student: Any, draw: Draw) -> None:
    for dtype, scale in ((torch.float16, 1.0), (torch.bfloat16, 1.0), (torch.float64, 4.0)):
        inputs = _inputs(draw, 2, n=3, dtype=dtype, scale=scale)
        mask = None if dtype is torch.float16 else torch.ones(2, 3, 5, device="cpu").bool()
        what = f"the output in {expect.name(dtype)}"
        _compare(student, inputs, mask, what=what, why="as precise as its inputs")


@CHECK("inputs are left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    before: list[Tensor] = [*_inputs(draw, 2, d_k=4), draw.mask(2, 4, 5)]
    now = [x.clone() for x in before]
    expect.tensor(student(*now), what="the output", shape=(2, 4, 3))
    for name, after, x in zip(("q", "k", "v", "mask"), now, before, strict=True):
        expect.unchanged(after, x, what=name)
    _compare(student, _inputs(draw, 2), what="the output without a mask")


@CHECK("any device", points=0.5)
def _(student: Any, draw: Draw) -> None:
    inputs = _inputs(draw, 2)
    _compare(student, inputs, what="the output without a mask")
    there = [x.to("meta") for x in (*inputs, draw.mask(4, 5))]
    for arguments in (there[:3], there):
        expect.on_meta(
            partial(student, *arguments),
            what="attention",
            shape=(2, 4, 3),
            dtype=torch.float32,
        )
