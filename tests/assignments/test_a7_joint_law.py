"""Checks of the joint law in assignment 7: what they draw, what they refuse, and whom they excuse.

That each mistake loses points and each right style gets all of them is `autograder validate`'s.
"""

import numpy as np
import pytest
import torch

from assignments.a7_scaling_laws.checks import numbers
from assignments.a7_scaling_laws.checks.fit_joint_law import FIT_JOINT_LAW, joint_loss
from assignments.a7_scaling_laws.checks.huber import HUBER
from assignments.a7_scaling_laws.checks.joint_loss import JOINT_LOSS
from assignments.a7_scaling_laws.checks.joint_runs import LARGE, SMALL, drawn_law, drawn_runs
from assignments.a7_scaling_laws.checks.optimal import OPTIMAL_ALLOCATION, OPTIMAL_EXPONENTS
from assignments.a7_scaling_laws.misconceptions import fit_objective, fit_result, joint_loss as laws
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
        grade(FIT_JOINT_LAW, fit, huber=own_huber, joint_loss=own_joint_loss)
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
    parts = {name: part.implementation for name, part in rubric.parts.items()}
    with session(3, strict=True, diagnoses=False):
        assert grade(rubric, lambda *args, **kwargs: value, **parts) == 0


def test_squares_for_huber_cost_once():
    result = fit_after(huber_squares_only, joint_loss, fit_objective.fit_squares)
    assert result.points == 12, result
    assert [check.carried for check in result.checks] == [False] * 3 + [True] * 2 + [False]


def test_without_that_huber_the_same_fit_loses_points():
    result = fit_after(huber, joint_loss, fit_objective.fit_squares)
    assert [check.passed for check in result.checks] == [True] * 3 + [False] * 2 + [True]


def test_a_law_with_its_sizes_swapped_costs_once():
    result = fit_after(huber, laws.law_sizes_swapped, fit_result.fit_columns_swapped)
    assert result.points == 12, result
    assert all(check.carried for check in result.checks[:5])


def test_a_fit_that_did_not_use_the_broken_part_is_right_by_itself():
    result = fit_after(huber_squares_only, laws.law_sizes_swapped, fit_gauss_newton)
    assert result.sound


@pytest.mark.parametrize("constant", [0.0, 1.0, -1.0])
def test_a_huber_that_says_nothing_excuses_no_fit(constant):
    def own(residual, delta):
        return np.full(np.shape(residual), constant)

    def rough(n_params, n_tokens, loss):
        level = float(np.exp(np.log(loss).mean()))
        return {"E": level - 0.2, "A": 0.1, "B": 0.1, "alpha": 1e-9, "beta": 1e-9}

    result = fit_after(own, joint_loss, rough)
    assert not any(check.carried for check in result.checks)
    assert result.points <= 1


def test_an_allocation_on_swapped_exponents_costs_once():
    def allocation(flops, E, A, B, alpha, beta):
        a, _ = exponents_swapped(alpha, beta)
        n = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (flops / 6) ** a
        return n, flops / 6 / n

    with session(5, diagnoses=False):
        assert grade(OPTIMAL_EXPONENTS, exponents_swapped) == 0
        assert grade(OPTIMAL_ALLOCATION, allocation, optimal_exponents=exponents_swapped) == 6


def test_exponents_that_are_no_shares_excuse_either_number_of_tokens():
    def own(alpha, beta):
        return beta, alpha

    def scale(A, B, alpha, beta):
        return (alpha * A / (beta * B)) ** (1 / (alpha + beta))

    def rest(flops, E, A, B, alpha, beta):
        n = scale(A, B, alpha, beta) * (flops / 6) ** beta
        return n, flops / 6 / n

    def both(flops, E, A, B, alpha, beta):
        g = scale(A, B, alpha, beta)
        return g * (flops / 6) ** beta, (flops / 6) ** alpha / g

    for allocation in (rest, both):
        with session(5, diagnoses=False):
            grade(OPTIMAL_EXPONENTS, own)
            assert grade(OPTIMAL_ALLOCATION, allocation, optimal_exponents=own) == 6
