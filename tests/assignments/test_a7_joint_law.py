"""Checks of the joint law in assignment 7: what they draw, what they refuse, and whom they excuse.

That each mistake loses points and each right style gets all of them is `autograder validate`'s.
"""

import math

import numpy as np
import pytest
import torch

from assignments.a7_scaling_laws.checks import numbers
from assignments.a7_scaling_laws.checks.fit_joint_law import FIT_JOINT_LAW, joint_loss
from assignments.a7_scaling_laws.checks.huber import HUBER
from assignments.a7_scaling_laws.checks.joint_loss import JOINT_LOSS
from assignments.a7_scaling_laws.checks.joint_runs import LARGE, SMALL, drawn_law, drawn_runs
from assignments.a7_scaling_laws.checks.optimal import OPTIMAL_ALLOCATION, OPTIMAL_EXPONENTS
from assignments.a7_scaling_laws.misconceptions import fit_objective, joint_loss as laws
from assignments.a7_scaling_laws.misconceptions.huber import huber_squares_only
from assignments.a7_scaling_laws.misconceptions.optimal_exponents import exponents_swapped
from assignments.a7_scaling_laws.right.fit_joint_law import fit_gauss_newton
from autograder.draw import Draw
from autograder.expect import CheckFailed
from autograder.rubric import grade, session
from reference.log_sum_fit import huber

RUBRICS = (HUBER, JOINT_LOSS, FIT_JOINT_LAW, OPTIMAL_EXPONENTS, OPTIMAL_ALLOCATION)


def fit_after(own_huber, own_joint_loss, fit):
    """The points of a fit, graded after the two functions that it builds on."""
    with session(5, diagnoses=False) as now:
        grade(HUBER, own_huber)
        grade(JOINT_LOSS, own_joint_loss)
        grade(FIT_JOINT_LAW, fit)
    return now.results["fit_joint_law"]


def test_points():
    points = {rubric.name: rubric.points for rubric in RUBRICS}
    assert points == {
        "huber": 4,
        "joint_loss": 3,
        "fit_joint_law": 12,
        "optimal_exponents": 3,
        "optimal_allocation": 6,
    }


@pytest.mark.parametrize("scale", [SMALL, LARGE], ids=["small", "large"])
def test_runs_stand_on_six_budgets_of_eight_sizes_and_follow_their_law(scale):
    draw = Draw(0, "runs")
    law = drawn_law(draw, scale)
    n, d, loss = drawn_runs(draw, law, scale)
    budgets, counts = np.unique(np.round(np.log(6 * n * d), 6), return_counts=True)
    assert counts.tolist() == [8] * 6
    assert np.exp(budgets[[0, -1]]) == pytest.approx(scale.flops, rel=1e-5)
    assert loss == pytest.approx(law.E + law.A / n**law.alpha + law.B / d**law.beta, rel=1e-12)
    assert np.any(np.diff(n * d) < 0), "rows come in random order"


def test_noise_has_its_deviation_and_errors_their_number():
    draw = Draw(1, "runs")
    law = drawn_law(draw, SMALL)
    n, d, loss = drawn_runs(draw, law, SMALL, noise=2e-3, errors=3)
    off = np.log(loss / law.loss(n, d))
    assert (off > 0.1).sum() == 3
    # of 45 numbers a deviation is itself uncertain by 1 / sqrt(90), 11%: four of these
    assert off[off < 0.1].std() == pytest.approx(2e-3, rel=0.45)


ODD = [None, True, "1.0", b"x", (1.0,), [1.0], {"a": 1}, object(), torch.ones(()), np.ones(1)]
ODD += [np.array(1j), np.array("1"), np.array([None]), np.ma.masked_array(1.0)]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(CheckFailed, match=r"x: expected"):
        numbers.number(value, what="x")


def test_numbers_of_all_kinds_are_taken():
    for value in (2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.array(2.0)):
        assert numbers.number(value, what="x") == 2


def test_near_is_relative_and_tells_how_many_are_off():
    small = np.array([1e-9, 2e-9])
    numbers.near(small * (1 + 5e-8), small, what="x")
    with pytest.raises(CheckFailed, match="x: 1 of 2 entries are not what they should be"):
        numbers.near(small * [1, 1 + 3e-7], small, what="x")
    with pytest.raises(CheckFailed, match="x: 1 of 2"):
        numbers.near(small * [1, np.nan], small, what="x")


@pytest.mark.parametrize("value", [*ODD, {}, dict.fromkeys("E A B alpha beta".split(), None)])
@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.name)
def test_whatever_comes_back_is_the_students_failure_and_no_fault_of_a_check(rubric, value):
    with session(3, strict=True, diagnoses=False):
        assert grade(rubric, lambda *args, **kwargs: value) == 0


FIT = """
import itertools
import numpy as np
from scipy.optimize import least_squares, minimize

def fit_joint_law(n_params, n_tokens, loss):
    x, y = np.log(n_params).mean(), np.log(n_tokens).mean()

    def law(p):
        e, a, b = np.exp(p[:3])
        a, b = a * np.exp(p[3] * x), b * np.exp(p[4] * y)
        return {"E": e, "A": a, "B": b, "alpha": p[3], "beta": p[4]}

    def objective(p):
        residual = np.log(joint_loss(n_params, n_tokens, **law(p))) - np.log(loss)
        return 1e5 * np.mean(huber(residual, 1e-3))

    third = np.log(loss.mean() / 3)
    tries = []
    for alpha, beta in itertools.product((0.2, 0.4, 0.6), repeat=2):
        found = minimize(objective, [third, third, third, alpha, beta], method="BFGS")
        tries.append(minimize(objective, found.x, method="Nelder-Mead", options=OPTIONS))
    return {name: float(value) for name, value in law(min(tries, key=lambda t: t.fun).x).items()}

OPTIONS = {"maxiter": 4000, "maxfev": 4000, "xatol": 1e-10, "fatol": 1e-12}
"""


@pytest.mark.parametrize(
    ("own_huber", "own_joint_loss"),
    [(huber_squares_only, joint_loss), (huber, laws.law_sizes_swapped)],
    ids=["squares for huber", "sizes swapped"],
)
def test_a_broken_part_costs_once(own_huber, own_joint_loss, notebook):
    defined = notebook(FIT, huber=own_huber, joint_loss=own_joint_loss)
    result = fit_after(own_huber, own_joint_loss, defined["fit_joint_law"])
    assert result.points == 12, result
    assert any(check.carried for check in result.checks)


def test_without_that_huber_the_same_fit_loses_points():
    result = fit_after(huber, joint_loss, fit_objective.fit_squares)
    assert [check.passed for check in result.checks] == [True] * 3 + [False] * 2 + [True]


def test_a_fit_that_did_not_use_the_broken_part_is_right_by_itself():
    result = fit_after(huber_squares_only, laws.law_sizes_swapped, fit_gauss_newton)
    assert result.sound


@pytest.mark.parametrize("own", [lambda r, delta: 0 * r, lambda r, delta: 0 * r + 1])
def test_a_huber_that_says_nothing_excuses_no_fit(own):
    def rough(n_params, n_tokens, loss):
        level = float(np.exp(np.log(loss).mean()))
        return {"E": level - 0.2, "A": 0.1, "B": 0.1, "alpha": 1e-9, "beta": 1e-9}

    result = fit_after(own, joint_loss, rough)
    assert not any(check.carried for check in result.checks)
    assert result.points <= 1


ALLOCATION = """
def optimal_allocation(flops, E, A, B, alpha, beta):
    a, _ = optimal_exponents(alpha, beta)
    n = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (flops / 6) ** a
    return n, flops / 6 / n
"""


def test_an_allocation_on_swapped_exponents_costs_once(notebook):
    defined = notebook(ALLOCATION, optimal_exponents=exponents_swapped)
    with session(5, diagnoses=False):
        assert grade(OPTIMAL_EXPONENTS, exponents_swapped) == 0
        assert grade(OPTIMAL_ALLOCATION, defined["optimal_allocation"]) == 6


def test_exponents_without_sense_excuse_no_allocation():
    with session(5, diagnoses=False):
        assert grade(OPTIMAL_EXPONENTS, lambda alpha, beta: (-math.inf, math.inf)) == 0
        assert grade(OPTIMAL_ALLOCATION, lambda *args, **kwargs: (0.0, math.inf)) == 0
