"""Checks of `huber(residual, delta)`.

Left out: integers, NaN and infinite residuals. Proved by: `autograder validate a7_scaling_laws`.
"""

from typing import Any

import numpy as np

import reference.log_sum_fit as reference
from assignments.a7_scaling_laws.checks import numbers
from autograder.draw import Draw
from autograder.rubric import Rubric

HUBER = Rubric("a7_scaling_laws", "huber")

WHAT = "huber"


def residuals(draw: Draw, *shape: int, low: float, high: float, delta: float) -> np.ndarray:
    """Residuals of both signs, with |r| / delta between `low` and `high`."""
    sizes = draw.uniform(low, high, *shape).numpy()
    signs = np.where(draw.booleans(*shape).numpy(), 1.0, -1.0)
    signs.reshape(-1)[:2] = 1.0, -1.0
    return sizes * signs * delta


def _compare(student: Any, residual: np.ndarray, delta: float, why: str) -> None:
    want = reference.huber(residual, delta)
    numbers.near(student(residual.copy(), delta), want, what=WHAT, why=why)


@HUBER.check("½ r² where |r| is at most delta")
def _(student: Any, draw: Draw) -> None:
    for delta in (0.2, 1.5, 30.0):
        residual = residuals(draw, 8, low=0.05, high=0.95, delta=delta)
        _compare(student, residual, delta, "small residuals, of either sign, count by their square")


@HUBER.check("delta · (|r| - delta / 2) beyond", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for delta in (0.2, 1.5, 30.0):
        residual = residuals(draw, 8, low=1.1, high=20.0, delta=delta)
        why = "large residuals, of either sign, count along the straight line that goes on from ½r²"
        _compare(student, residual, delta, why)


@HUBER.check("each entry for itself, in arrays of all shapes")
def _(student: Any, draw: Draw) -> None:
    for shape in ((12,), (4, 5), (2, 3, 4)):
        residual = residuals(draw, *shape, low=0.1, high=3.0, delta=0.7)
        residual.reshape(-1)[-2:] = 0.07, -2.1  # small and large ones in each array
        _compare(student, residual, 0.7, "the result has the shape of `residual`")


@HUBER.check("delta = 1e-3, and the residuals left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    residual = residuals(draw, 10, low=0.1, high=4.0, delta=1e-3)
    now = residual.copy()
    want = reference.huber(residual, 1e-3)
    numbers.near(student(now, 1e-3), want, what=WHAT, why="as the fit of the law uses it")
    numbers.unchanged(now, residual, what="residual")
