"""Checks of `fit_power_law(x, y)`, which returns (coefficient, exponent).

A fit is judged by the curve that it gives, at and beside the x that it saw. Least squares of
logarithms has one solution, so any sound way to it agrees to many digits: `NEAR` leaves room for an
optimiser that stops at a relative tolerance of 1e-6 or so. At the noise drawn here, the known
mistakes are ten times as far off, or more.
Left out: weights, a floor, errors in x. Proved by: `autograder validate a7_scaling_laws`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from assignments.a7_scaling_laws.checks import numbers
from autograder import expect
from autograder.draw import Draw
from autograder.margin import within
from autograder.rubric import CheckFailed, Rubric
from reference import scaling_laws

FIT_POWER_LAW = Rubric("a7_scaling_laws", "fit_power_law")

WHAT = "fit_power_law"
NAMES = ("coefficient", "exponent")
NEAR = 1e-3
"""Relative, of predictions."""

Points = tuple[np.ndarray, np.ndarray]


def least_squares(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Fit by least squares of logarithms: the reference, without its intervals."""
    law = scaling_laws.fit_power_law(x.astype(np.float64), y.astype(np.float64), draws=2).law
    return law.scale, law.exponent


def points(
    draw: Draw, count: int, *, noise: float = 0.0, low: float = 1e3, decades: float = 4.0
) -> Points:
    """Draw points of a power law: x over some decades from `low`, y off by a factor e^±noise."""
    steps = np.arange(count) + draw.uniform(-0.3, 0.3, count).numpy()
    x = low * 10 ** (decades * (steps - steps[0]) / (steps[-1] - steps[0]))
    exponent = draw.pick((-1, 1)) * float(draw.uniform(0.1, 1.0))
    middle = 10 ** float(draw.uniform(-2, 2))  # y where log x is in the middle
    y = middle * (x / np.exp(np.log(x).mean())) ** exponent
    return x, y * np.exp(draw.normal(count, dtype=torch.float64, scale=noise).numpy())


def results(value: object, names: Sequence[str], *, what: str) -> list[float]:
    """Return the results of these names as floats, or fail the check."""
    if type(value) is np.ndarray and value.ndim == 1:
        value = value.tolist()  # np.polyfit's own
    found = expect.items(value, len(names), what=f"{what}, which returns ({', '.join(names)})")
    return [numbers.number(one, what=name) for one, name in zip(found, names, strict=True)]


def compare(got: object, x: np.ndarray, y: np.ndarray, why: str) -> None:
    """Fail unless the student's curve runs as that of least squares does."""
    coefficient, exponent = results(got, NAMES, what=WHAT)
    scale, slope = least_squares(x, y)
    for at in (x.min() / 10, x.min(), x.max(), x.max() * 10):
        with np.errstate(all="ignore"):
            predicted, want = np.float64(coefficient) * at**exponent, scale * at**slope
        if not within(abs(predicted - want), NEAR * want):
            raise CheckFailed(f"{WHAT}: coefficient · x^exponent is not where it should be ({why})")


@FIT_POWER_LAW.check("points that lie on a power law", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for count in (2, 3, 5, 12):
        x, y = points(draw, count)
        compare(student(x.copy(), y.copy()), x, y, "its points determine it exactly")


@FIT_POWER_LAW.check("points that scatter: least squares of log y", points=2)
def _(student: Any, draw: Draw) -> None:
    for count in (6, 15, 40):
        x, y = points(draw, count, noise=0.3)
        why = "the sum of squares of log y - log(coefficient · x^exponent) must be least"
        compare(student(x.copy(), y.copy()), x, y, why)


@FIT_POWER_LAW.check("large numbers: FLOPs and parameters")
def _(student: Any, draw: Draw) -> None:
    for low in (1e10, 1e18, 1e22):
        x, y = points(draw, 9, noise=0.1, low=low)
        y = 1e9 * y
        why = "numbers of this size and scatter; work with logarithms from the start"
        compare(student(x.copy(), y.copy()), x, y, why)


@FIT_POWER_LAW.check("points in any order, whole numbers, and arrays left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    def of(change: Callable[[np.ndarray], np.ndarray], x: np.ndarray, y: np.ndarray) -> None:
        x, y = change(x), change(y)
        now = x.copy(), y.copy()
        compare(student(*now), x.astype(float), y.astype(float), "order and dtype do not matter")
        numbers.unchanged(now[0], x, what="x")
        numbers.unchanged(now[1], y, what="y")

    x, y = points(draw, 8, noise=0.2)
    order = draw.order(8)
    of(lambda column: column[order], x, y)
    x, y = points(draw, 8, noise=0.2, low=1e6)
    of(lambda column: np.ceil(1e6 * column).astype(np.int64), x, y)
