"""frontier.py against numpy, the joint law, and curves that cross where we say."""

import numpy as np
import pytest

from reference.compute_optimal import minimum_over_curves
from reference.frontier import frontier, loss_curves
from reference.joint_law import JointLaw

LAW = JointLaw(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.30)


def curves(n_sizes, points=400):
    """Sizes on their way through 3 to 30,000 tokens a parameter."""
    n, ratio = (
        g.ravel() for g in np.meshgrid(np.logspace(7, 9, n_sizes), np.logspace(0.5, 4.5, points))
    )
    return n, n * ratio, LAW.loss(n, n * ratio)


def test_a_curve_is_linear_in_logarithms_between_its_points_and_nowhere_else():
    n, d = np.repeat([1e6, 2e6], [3, 2]), np.array([1e6, 3e6, 2e7, 2e6, 8e6])
    loss = np.array([5.0, 4.0, 3.0, 6.0, 2.0])
    found = loss_curves(n, d, loss, n_budgets=50)
    for row, points in zip(found.log_loss, (slice(0, 3), slice(3, 5)), strict=True):
        c = np.log(6 * n[points] * d[points])
        inside = (c[0] <= found.log_flops) & (found.log_flops <= c[-1])
        expected = np.interp(found.log_flops, c, np.log(loss[points]))
        np.testing.assert_allclose(row[inside], expected[inside], rtol=1e-12)
        assert np.isinf(row[~inside]).all()
    assert np.isinf(found.log_loss).any()


def test_the_frontier_follows_the_laws_best_sizes_and_losses():
    """To within half a step between sizes, a ratio of 10^(2/40), beside the middle of the range."""
    found = frontier(loss_curves(*curves(41)))
    best_n, best_d = LAW.optimal_allocation(found.flops)
    known = (best_n > 2e7) & (best_n < 5e8)
    assert known.sum() > 50
    ratio = found.n_params[known] / best_n[known]
    assert np.abs(np.log10(ratio)).max() < 1.05 * (2 / 40) / 2
    assert found.inside[known].all()
    # of a size half a step off, the loss is higher by a curvature of order 0.01 of its square
    np.testing.assert_allclose(found.loss[known], LAW.loss(best_n, best_d)[known], rtol=2e-4)


def test_a_budget_counts_only_between_smaller_and_larger_sizes():
    found = frontier(loss_curves(*curves(9)))
    ends = np.isin(found.n_params, [1e7, found.n_params.max()])
    assert not found.inside[np.isclose(found.n_params, 1e7)].any()
    assert found.inside.any()
    assert ends.any()


def test_runs_of_one_size_are_curves_apart_and_the_lowest_counts():
    """A short run at 3 and a long one at 2 from there on: joined, they would make a ramp."""
    n = np.full(6, 1e6)
    d = np.array([1e6, 2e6, 4e6, 4.2e6, 8e6, 1.6e7])
    loss = np.array([3.0, 3.0, 3.0, 2.0, 2.0, 2.0])
    runs = np.repeat(["short", "long"], 3)
    apart = np.exp(loss_curves(n, d, loss, runs=runs, n_budgets=400).log_loss[0])
    apart = apart[np.isfinite(apart)]
    np.testing.assert_allclose(np.sort(np.unique(apart.round(9))), [2, 3])
    joined = np.exp(loss_curves(n, d, loss, n_budgets=400).log_loss[0])
    assert ((joined > 2.1) & (joined < 2.9)).any()


def test_where_two_runs_of_a_size_overlap_the_lower_is_taken():
    n, d = np.full(4, 1e6), np.array([1e6, 1e7, 1e6, 1e7])
    found = loss_curves(
        n, d, np.array([3.0, 3.0, 4.0, 2.0]), runs=np.array([0, 0, 1, 1]), n_budgets=3
    )
    np.testing.assert_allclose(np.exp(found.log_loss[0]), [3.0, np.sqrt(8), 2.0])


def test_the_exponent_hears_of_runs():
    n, d, loss = curves(21)
    twice = [np.concatenate([column, column]) for column in (n, d)]
    losses = np.concatenate([loss, 1.1 * loss])  # a worse seed of every size
    runs = np.unique(n, return_inverse=True)[1]
    runs = np.concatenate([runs, runs + 21])
    plain = minimum_over_curves(n, d, loss, draws=2)
    assert minimum_over_curves(*twice, losses, runs=runs, draws=2).a == pytest.approx(plain.a)
    assert plain.best_size(1e20) == pytest.approx(LAW.optimal_allocation(1e20)[0], rel=0.05)


def test_what_is_wrong_is_said():
    n, d, loss = curves(3, points=4)
    with pytest.raises(ValueError, match=r"one n_params: got \[1.* in one; number runs apart"):
        loss_curves(n, d, loss, runs=np.zeros(len(n), dtype=int))
    with pytest.raises(ValueError, match=r"must have 4 rows or more: got 3"):
        loss_curves(n[:3], d[:3], loss[:3])
