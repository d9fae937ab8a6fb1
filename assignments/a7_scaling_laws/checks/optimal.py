"""Checks of `optimal_exponents(alpha, beta)` and `optimal_allocation(flops, E, A, B, alpha, beta)`.

The second builds on the student's first. A minimum may be sought numerically, which finds half of
the digits, and sizes may be rounded to whole parameters: hence `TOLERANCE`, at the smallest models
of the study. Left out: arrays of budgets, laws without a best compromise. Proved by: `autograder
validate a7_scaling_laws`.
"""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks import numbers, right_parts
from assignments.a7_scaling_laws.checks.joint_runs import LARGE, SMALL, Scale, drawn_law
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import Part, Rubric
from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN, JointLaw

TOLERANCE = 1e-3
"""Relative. Without the factor 6 of training's FLOPs, sizes are off by 1.5 at least."""


def exponents(alpha: float, beta: float) -> tuple[float, float]:
    """The reference: (a, b)."""
    return JointLaw(E=0.0, A=1.0, B=1.0, alpha=alpha, beta=beta).optimal_exponents()


OPTIMAL_EXPONENTS = Rubric("a7_scaling_laws", "optimal_exponents")
OPTIMAL_ALLOCATION = Rubric(
    "a7_scaling_laws",
    "optimal_allocation",
    {"optimal_exponents": Part(OPTIMAL_EXPONENTS, right_parts.optimal_exponents)},
)


def pairs(draw: Draw, count: int) -> list[tuple[float, float]]:
    """Exponents of a law, of which one is larger by half at least, now α and now β."""
    found = []
    for i in range(count):
        small, ratio = float(draw.uniform(0.15, 0.4)), float(draw.uniform(1.5, 2.5))
        found.append((small, small * ratio) if i % 2 else (small * ratio, small))
    return found


def _compare_exponents(student: Any, draw: Draw, which: int, why: str) -> None:
    for alpha, beta in pairs(draw, 4):
        got = expect.items(student(alpha, beta), 2, what="optimal_exponents, which returns (a, b)")
        want = exponents(alpha, beta)[which]
        numbers.near(got[which], want, what="ab"[which], why=why)


@OPTIMAL_EXPONENTS.check("a: the best size grows as C^a", points=1.5)
def _(student: Any, draw: Draw) -> None:
    why = "the faster data helps, the less of it is needed, and the larger a"
    _compare_exponents(student, draw, 0, why)


@OPTIMAL_EXPONENTS.check("b: the best number of tokens grows as C^b", points=1.5)
def _(student: Any, draw: Draw) -> None:
    why = "the faster size helps, the less of it is needed, and the larger b"
    _compare_exponents(student, draw, 1, why)


def budgets(draw: Draw, scale: Scale) -> list[float]:
    """Budgets within, below and beyond those of the scale's runs, none of them a round number."""
    low, high = scale.flops
    within = [float(draw.uniform(np.log(low), np.log(high))) for _ in range(3)]
    return [math.exp(log_c) * f for log_c, f in zip(within, (1, 0.1, 100), strict=True)]


def _allocation(student: Any, flops: float, law: JointLaw) -> tuple[float, float]:
    what = "optimal_allocation, which returns (n_params, n_tokens)"
    n, d = expect.items(student(flops, **asdict(law)), 2, what=what)
    return numbers.number(n, what="n_params"), numbers.number(d, what="n_tokens")


def _best(flops: float, law: JointLaw) -> tuple[float, float]:
    """Parameters and tokens of the least loss."""
    a, b = exponents(law.alpha, law.beta)
    g = (law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta))
    product = flops / FLOPS_PER_PARAMETER_AND_TOKEN
    return g * product**a, product**b / g


@OPTIMAL_ALLOCATION.check("the budget is spent: 6 · n_params · n_tokens = flops")
def _(student: Any, draw: Draw) -> None:
    for scale in (SMALL, LARGE):
        law = drawn_law(draw, scale)
        for flops in budgets(draw, scale):
            n, d = _allocation(student, flops, law)
            wanted_n, wanted_d = _best(flops, law)
            spent = FLOPS_PER_PARAMETER_AND_TOKEN * wanted_n * wanted_d
            why = "training costs 6 FLOPs a parameter and token: forward 2, backward 4"
            numbers.near(
                FLOPS_PER_PARAMETER_AND_TOKEN * n * d,
                spent,
                what="6 · n_params · n_tokens",
                why=why,
                tolerance=TOLERANCE,
            )


def _compare(student: Any, draw: Draw, scale: Scale, law: JointLaw) -> None:
    for flops in budgets(draw, scale):
        n, d = _allocation(student, flops, law)
        wanted_n, wanted_d = _best(flops, law)
        why = "of all sizes that cost as much, the one with the least loss"
        numbers.near(n, wanted_n, what="n_params", why=why, tolerance=TOLERANCE)
        numbers.near(d, wanted_d, what="n_tokens", why=why, tolerance=TOLERANCE)


@OPTIMAL_ALLOCATION.check("the least loss, at the study's scale", points=2.5)
def _(student: Any, draw: Draw) -> None:
    for _ in range(2):
        _compare(student, draw, SMALL, drawn_law(draw, SMALL))


@OPTIMAL_ALLOCATION.check("the least loss, at the scale of large models", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for _ in range(2):
        _compare(student, draw, LARGE, drawn_law(draw, LARGE))


@OPTIMAL_ALLOCATION.check("the ratio of A to B alone counts, and E not at all")
def _(student: Any, draw: Draw) -> None:
    law = drawn_law(draw, SMALL)
    for factor, e in ((2.0, 0.0), (0.5, 2 * law.E)):
        other = JointLaw(e, law.A * factor, law.B * factor, law.alpha, law.beta)
        _compare(student, draw, SMALL, other)
