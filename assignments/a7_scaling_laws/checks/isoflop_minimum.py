"""Checks of `isoflop_minimum(n_params, loss)`: the size at the bottom of a parabola in log N.

Least squares of a polynomial has one solution, so any sound way to it agrees to many digits: `NEAR`
leaves room for an optimiser. Losses are lopsided and scatter, so that a parabola of something else
has its bottom elsewhere, by 2% or more.
Left out: choosing which sizes to use: all are. Proved by: `autograder validate a7_scaling_laws`.
"""

from typing import Any

import numpy as np
import torch
from numpy.polynomial import Polynomial

from assignments.a7_scaling_laws.checks import numbers
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import Rubric

ISOFLOP_MINIMUM = Rubric("a7_scaling_laws", "isoflop_minimum")

WHAT = "isoflop_minimum"
NEAR = 1e-3
"""Relative, of the size."""

Profile = tuple[np.ndarray, np.ndarray]


def bottom(n: np.ndarray, loss: np.ndarray) -> float:
    """Find the size at the bottom of the parabola of least squares."""
    (lowest,) = Polynomial.fit(np.log(n), loss, 2).deriv().roots()
    return float(np.exp(lowest))


def sizes(draw: Draw, count: int, decades: float) -> np.ndarray:
    """Draw sizes over some decades, in rising order, from thousands to billions on."""
    steps = np.arange(count) + draw.uniform(-0.2, 0.2, count).numpy()
    low = float(draw.uniform(3.5, 9.0))
    return 10 ** (low + decades * (steps - steps[0]) / (steps[-1] - steps[0]))


def parabola(draw: Draw, count: int, place: float = 0.5, sign: float = 1.0) -> Profile:
    """Draw losses on a parabola with its bottom about `place`: 0 is the first size, 1 the last."""
    n = sizes(draw, count, decades=float(draw.uniform(1.0, 3.0)))
    t = np.log(n / n[0]) / np.log(n[-1] / n[0])  # 0 … 1
    lowest, curvature, least = (
        float(draw.uniform(*bounds))
        for bounds in ((place - 0.1, place + 0.1), (0.3, 1.5), (2.0, 4.0))
    )
    return n, least + sign * curvature * (t - lowest) ** 2


def scattered(draw: Draw, count: int) -> Profile:
    """Draw a lopsided profile: a parabola, a cubic term, and noise."""
    n, loss = parabola(draw, count)
    t = np.log(n / n[0]) / np.log(n[-1] / n[0]) - 0.5
    loss = loss + 1.5 * t**2 + draw.pick((-3.0, 3.0)) * t**3
    return n, loss + draw.normal(count, dtype=torch.float64, scale=0.03).numpy()


def compare(student: Any, n: np.ndarray, loss: np.ndarray, why: str) -> None:
    """Fail unless the student finds the size that least squares gives."""
    got = student(n.copy(), loss.copy())
    numbers.near(got, bottom(n, loss), tolerance=NEAR, what=WHAT, why=why)


@ISOFLOP_MINIMUM.check("losses on a parabola", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for count in (3, 5, 9):
        n, loss = parabola(draw, count)
        compare(student, n, loss, "the size, not its logarithm, at which the parabola is lowest")


@ISOFLOP_MINIMUM.check("losses that scatter: least squares over all sizes", points=2)
def _(student: Any, draw: Draw) -> None:
    for count in (5, 7, 9, 12):
        n, loss = scattered(draw, count)
        compare(student, n, loss, "fit the loss, as a quadratic function of log N, to all sizes")


@ISOFLOP_MINIMUM.check("a bottom beyond the sizes that were tried", points=0.5)
def _(student: Any, draw: Draw) -> None:
    for place in (-0.4, 1.4):
        n, loss = parabola(draw, 7, place)
        compare(student, n, loss, "the parabola goes on where the sizes end")


@ISOFLOP_MINIMUM.check("no bottom at all: a ValueError", points=0.5)
def _(student: Any, draw: Draw) -> None:
    n, loss = parabola(draw, 7)
    compare(student, n, loss, "a parabola with a bottom")
    n, loss = parabola(draw, 7, sign=-1.0)
    why = "a parabola that opens downwards has a highest point and no lowest one"
    expect.raises(lambda: student(n, loss), ValueError, what=WHAT, why=why)


@ISOFLOP_MINIMUM.check("sizes in any order, whole numbers, and arrays left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    n, loss = scattered(draw, 8)
    order = draw.order(8)
    for given in ((n[order], loss[order]), (n.astype(np.int64), loss)):
        now = given[0].copy(), given[1].copy()
        why = "order and dtype do not matter"
        numbers.near(student(*now), bottom(*given), tolerance=NEAR, what=WHAT, why=why)
        numbers.unchanged(now[0], given[0], what="n_params")
        numbers.unchanged(now[1], given[1], what="loss")
