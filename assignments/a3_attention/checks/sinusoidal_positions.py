"""Checks of `sinusoidal_positions(n, d_model)`, in the slide's indexing.

Row i - 1 holds, for j = 1 … d/2, the sine and the cosine of i / 10000^(2j/d). The checks take that
apart: a pair turns by one angle a step (whatever the angle, wherever it starts), the first row has
turned by one step, and the angles are the slide's; last, whole tables are compared. Left out: odd
widths. Proved by: `autograder validate a3_attention`.
"""

from typing import Any

import torch
from torch import Tensor

import reference.positions as reference
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed, Rubric

SINUSOIDAL_POSITIONS = Rubric("a3_attention", "sinusoidal_positions")

TOLERANCE = 2e-4
"""Absolute. In float32 the angle 64 · 10000^(-2j/d) is rounded by at most 2e-5; any other angle is
off by more than this in many entries."""


def _table(student: Any, n: int, d_model: int) -> Tensor:
    """The student's table, in float64 whatever its dtype."""
    value = expect.tensor(
        student(n, d_model), what=f"sinusoidal_positions({n}, {d_model})", shape=(n, d_model)
    )
    if not value.is_floating_point():
        raise CheckFailed(f"expected floating numbers, got {expect.name(value.dtype)}")
    return value.detach().double()


def _steps(table: Tensor) -> tuple[Tensor, Tensor]:
    """Sine and cosine of the angle between each row's pairs and those of the next: (n - 1, d/2)."""
    sine, cosine = table[:, 0::2], table[:, 1::2]
    return (
        sine[1:] * cosine[:-1] - cosine[1:] * sine[:-1],
        cosine[1:] * cosine[:-1] + sine[1:] * sine[:-1],
    )


def _off(got: Tensor, want: Tensor) -> bool:
    return not bool(torch.isclose(got, want, rtol=0.0, atol=TOLERANCE).all())


@SINUSOIDAL_POSITIONS.check("float32, of shape (n, d_model)")
def _(student: Any, draw: Draw) -> None:
    for n, d_model in ((1, 2), (draw.integer(3, 9), 2 * draw.integer(5, 9))):
        what = f"sinusoidal_positions({n}, {d_model})"
        table = expect.tensor(
            student(n, d_model), what=what, shape=(n, d_model), dtype=torch.float32
        )
    if not bool((table[0] != table[1]).any()):
        raise CheckFailed("two positions have the same vector: the order of the inputs is lost")


@SINUSOIDAL_POSITIONS.check("sines in columns 0, 2, 4, …, cosines of the same angles beside them")
def _(student: Any, draw: Draw) -> None:
    table = _table(student, draw.integer(12, 20), 2 * draw.integer(4, 7))
    sine, cosine = table[:, 0::2], table[:, 1::2]
    if _off(sine**2 + cosine**2, torch.ones_like(sine)):
        raise CheckFailed(
            "columns 2j and 2j + 1 do not hold the sine and cosine of one angle: sin² + cos² ≠ 1"
        )
    turn, _ = _steps(table)
    if _off(turn, turn[:1].expand_as(turn)):
        raise CheckFailed("from one row to the next, a pair must always turn by the same angle")
    if not bool((turn[:, -1] > 0).all()):
        raise CheckFailed("the angle must grow with the position: sine first, then cosine")


@SINUSOIDAL_POSITIONS.check("the first row is position i = 1")
def _(student: Any, draw: Draw) -> None:
    table = _table(student, draw.integer(4, 9), 2 * draw.integer(3, 6))
    (turn, keep), first = _steps(table), table[0]
    if _off(turn.square() + keep.square(), torch.ones_like(turn)):
        raise CheckFailed("a pair must hold the sine and the cosine of one angle")
    if _off(first[0::2], turn[0]) or _off(first[1::2], keep[0]):
        raise CheckFailed(
            "the first row must have turned by one step, as position 1 has: i counts from 1 to n"
        )


@SINUSOIDAL_POSITIONS.check("a step turns pair j by 10000^(-2j/d), j = 1 … d/2", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for d_model in (2, 2 * draw.integer(4, 7)):
        turn, keep = _steps(_table(student, 6, d_model))
        j = torch.arange(1, d_model // 2 + 1, dtype=torch.float64, device="cpu")
        step = (10000.0 ** (-2 * j / d_model)).expand_as(turn)
        if _off(turn, step.sin()) or _off(keep, step.cos()):
            raise CheckFailed(
                "the angle by which a pair turns is not the slide's: the exponent is 2j/d, "
                "with j from 1 to d/2, and the base 10000"
            )


@SINUSOIDAL_POSITIONS.check("whole tables", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for n, d_model in ((1, 4), (64, 2 * draw.integer(8, 17)), (draw.integer(5, 9), 2)):
        want = reference.sinusoidal_positions(n, d_model).double()
        if _off(_table(student, n, d_model), want):
            raise CheckFailed(
                f"sinusoidal_positions({n}, {d_model}): entries differ from the slide's "
                "sin and cos of i / 10000^(2j/d)"
            )
