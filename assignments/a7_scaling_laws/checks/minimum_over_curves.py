"""Checks of `minimum_over_curves(curves)`, which returns (a, b); it builds on `fit_power_law`.

Curves follow a joint law without noise, at sizes drawn afresh. Ways of doing it that differ in the
number of budgets (100 to 1,000), or interpolate the loss or its logarithm, agreed to 0.023 in 3,000
draws; each known mistake was off by 0.13 or more in the check that is there for it, and 0.04 of a
or b is a difference that matters. `NEAR` lies between.
Left out: noise, sizes trained twice. Proved by: `autograder validate a7_scaling_laws`; the oracle
equals `reference.compute_optimal`'s.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks import numbers, right_parts
from assignments.a7_scaling_laws.checks.fit_power_law import FIT_POWER_LAW, least_squares, results
from autograder.draw import Draw
from autograder.margin import within
from autograder.rubric import CheckFailed, Part, Rubric
from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN, JointLaw

MINIMUM_OVER_CURVES = Rubric(
    "a7_scaling_laws",
    "minimum_over_curves",
    {"fit_power_law": Part(FIT_POWER_LAW, right_parts.fit_power_law)},
)

WHAT = "minimum_over_curves"
NAMES = ("a", "b")
NEAR = 0.035
"""Of a and of b."""
N_BUDGETS = 200
POINTS = 60
FLOPS = (1 / 300, 300.0)
"""Where curves begin and end, in units of the budget in the middle."""

Curves = list[tuple[float, np.ndarray, np.ndarray]]


def lowest(curves: Curves, n_budgets: int = N_BUDGETS) -> tuple[np.ndarray, np.ndarray]:
    """Give the budgets at which the lowest curve has neighbours on both sides, and its size there.

    The loss between two points of a curve is a straight line in logarithms.
    """
    curves = sorted(curves, key=lambda curve: curve[0])
    log_c = [np.log(flops) for _, flops, _ in curves]
    budgets = np.linspace(min(map(np.min, log_c)), max(map(np.max, log_c)), n_budgets)
    losses = np.array(
        [
            np.interp(budgets, x, np.log(loss), left=np.inf, right=np.inf)
            for x, (_, _, loss) in zip(log_c, curves, strict=True)
        ]
    )
    there = np.isfinite(losses)
    first, last = there.argmax(axis=0), len(curves) - 1 - there[::-1].argmax(axis=0)
    best = losses.argmin(axis=0)
    kept = (first < best) & (best < last)
    return np.exp(budgets[kept]), np.array([n for n, _, _ in curves])[best[kept]]


def exponents(curves: Curves) -> list[tuple[float, float]]:
    """Give a and b by least squares: b from a + b = 1, and b from a fit of its own."""
    flops, n = lowest(curves)
    _, a = least_squares(flops, n)
    _, b = least_squares(flops, flops / (FLOPS_PER_PARAMETER_AND_TOKEN * n))
    return [(float(a), 1 - float(a)), (float(a), float(b))]


def law(draw: Draw) -> tuple[JointLaw, float]:
    """Draw a joint law, and a budget in the middle of those that matter; a is not about 1/2."""
    a = draw.pick((float(draw.uniform(0.3, 0.4)), float(draw.uniform(0.6, 0.7))))
    e, alpha, log_n, log_d = (
        float(draw.uniform(*bounds)) for bounds in ((1.5, 2.5), (0.25, 0.45), (15, 17), (18, 20))
    )
    n, d, beta = np.exp(log_n), np.exp(log_d), alpha * a / (1 - a)
    by_size, by_data = 0.3 * n**alpha, 0.3 * alpha / beta * d**beta  # n and d are best for 6 n d
    found = JointLaw(E=e, A=by_size, B=by_data, alpha=alpha, beta=beta)
    return found, FLOPS_PER_PARAMETER_AND_TOKEN * n * d


def family(
    draw: Draw,
    count: int = 18,
    *,
    sizes: tuple[float, float] = (1e-3, 1e3),
    late: bool = False,
) -> Curves:
    """Draw curves of one law, in mixed order.

    They reach from 1/300 of a budget in the middle to 300 times that. `sizes` are bounds too: the
    best sizes for so many times the budget in the middle. If `late`, all but the smallest and the
    largest size begin anywhere between 1/30 of the budget for which they are best and that budget,
    and end beyond it.
    """
    joint, middle = law(draw)
    a, _ = joint.optimal_exponents()
    best, _ = joint.optimal_allocation(middle)
    steps = np.linspace(np.log(sizes[0]), np.log(sizes[1]), count)
    steps = steps + draw.uniform(-0.15, 0.15, count).numpy() * (steps[1] - steps[0])
    curves = []
    for i in draw.order(count):
        n = float(np.round(best * np.exp(a * steps[i])))
        low, high = FLOPS
        if late and 0 < i < count - 1:
            own = np.exp(steps[i])
            low = max(low, min(own * 30 ** -float(draw.uniform(0, 1)), high / 10))
            high = min(high, max(own * 30, low * 10))
        c = middle * np.geomspace(low, high, POINTS)
        c[1:-1] *= np.exp(draw.uniform(-0.4, 0.4, POINTS - 2).numpy() * np.log(c[1] / c[0]))
        loss = joint.loss(n, c / (FLOPS_PER_PARAMETER_AND_TOKEN * n))
        curves.append((n, c, np.asarray(loss)))
    return curves


def compare(student: Any, families: Sequence[Curves], why: str) -> None:
    """Fail unless a and b are those of each family's lowest points."""
    for curves in families:
        given = [(n, flops.copy(), loss.copy()) for n, flops, loss in curves]
        got = results(student(given), NAMES, what=WHAT)
        errors = (
            max(abs(g - w) / NEAR for g, w in zip(got, pair, strict=True))
            for pair in exponents(curves)
        )
        if not within(min(errors), 1.0):
            raise CheckFailed(f"{WHAT}: a or b is not what it should be ({why})")


@MINIMUM_OVER_CURVES.check("curves that all reach over all budgets", points=2.5)
def _(student: Any, draw: Draw) -> None:
    why = "at each budget the lowest curve tells the best size; its power law in C has the exponent"
    compare(student, [family(draw) for _ in range(3)], why)


@MINIMUM_OVER_CURVES.check("curves that begin late and end early", points=1.5)
def _(student: Any, draw: Draw) -> None:
    families = [family(draw, 24, late=True) for _ in range(2)]
    compare(student, families, "a curve counts only at budgets that it has points around")


@MINIMUM_OVER_CURVES.check("budgets whose best size was not tried", points=1.5)
def _(student: Any, draw: Draw) -> None:
    families = [family(draw, 14, sizes=sizes) for sizes in ((0.1, 1e3), (1e-3, 5.0), (0.1, 10.0))]
    why = "where the smallest or the largest size is best, the true best may lie beyond"
    compare(student, families, why)


@MINIMUM_OVER_CURVES.check("curves left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    curves = family(draw)
    compare(student, [curves], "the first kind of curves")
    now = [(n, flops.copy(), loss.copy()) for n, flops, loss in curves]
    student(now)
    if [n for n, *_ in now] != [n for n, *_ in curves]:
        raise CheckFailed("curves was changed by the call: sort a copy, with sorted()")
    for (_, *columns), (_, *before) in zip(now, curves, strict=True):
        for column, old in zip(columns, before, strict=True):
            numbers.unchanged(column, old, what="an array in curves")
