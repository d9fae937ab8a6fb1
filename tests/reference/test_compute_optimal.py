"""compute_optimal.py on published runs, and on runs that follow a law whose exponents are known."""

import numpy as np
import pytest

from reference.compute_optimal import isoflop_profiles, minimum_over_curves, parametric_fit
from reference.joint_law import JointLaw
from reference.published_runs import hoffmann_runs

LAW = JointLaw(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.30)
A, B = LAW.optimal_exponents()  # 0.4615, 0.5385


def curves(sizes=60, noise=0.0):
    """Each size on its way through 30 to 30,000 tokens a parameter."""
    n, ratio = (
        g.ravel() for g in np.meshgrid(np.logspace(7, 11, sizes), np.logspace(1.5, 4.5, 200))
    )
    d = n * ratio
    return n, d, LAW.loss(n, d) * np.exp(noise * np.random.default_rng(0).normal(size=n.shape))


def profiles(noise=0.0, sizes=25):
    """Nine budgets, sizes from a tenth to ten times the best of each."""
    flops, share = (
        g.ravel() for g in np.meshgrid(np.logspace(18, 22, 9), np.logspace(-1, 1, sizes))
    )
    n = LAW.optimal_allocation(flops)[0] * share
    d = flops / (6 * n)
    return n, d, LAW.loss(n, d) * np.exp(noise * np.random.default_rng(0).normal(size=n.shape))


# What each method may miss by without noise: sizes of curves are steps of 17%, which average out
# over four decades; parabolas and the law have no such steps.
METHODS = {
    "minimum_over_curves": (minimum_over_curves, curves, 0.005),
    "isoflop_profiles": (isoflop_profiles, profiles, 1e-5),
    "parametric_fit": (parametric_fit, profiles, 1e-6),
}
every_method = pytest.mark.parametrize("name", METHODS)


@every_method
def test_runs_that_follow_a_law_have_its_exponents(name):
    method, runs, atol = METHODS[name]
    found = method(*runs(), draws=50)
    assert (found.a, found.b) == pytest.approx((A, B), abs=atol)
    assert (found.a, found.b) != pytest.approx((B, A), abs=atol)  # wrong: the two swapped
    assert found.a_interval == pytest.approx((A, A), abs=4 * atol)
    assert found.b_interval == pytest.approx((B, B), abs=4 * atol)
    budgets = np.array([1e19, 1e21])
    sizes = LAW.optimal_allocation(budgets)[0]
    # the law's profile is no exact parabola, whose bottom is 0.1% off, at all budgets alike
    rel = max(10 * atol, 2e-3)
    assert found.best_size(budgets) == pytest.approx(sizes, rel=rel)
    assert found.best_size(budgets) != pytest.approx(sizes * 1.1, rel=rel)


@every_method
def test_intervals_mirror_each_other_widen_with_the_level_and_depend_on_the_seed(name):
    method, runs, _ = METHODS[name]
    some_runs = runs(noise=0.003)
    found, wide, other = (
        method(*some_runs, draws=50, **options) for options in ({}, {"level": 0.98}, {"seed": 1})
    )
    assert found.a + found.b == pytest.approx(1)
    assert found.b_interval == pytest.approx([1 - end for end in found.a_interval[::-1]])
    assert wide.a_interval[0] < found.a_interval[0] < found.a_interval[1] < wide.a_interval[1]
    assert other.a == found.a
    assert other.a_interval != found.a_interval
    assert wide.a_interval[0] < A < wide.a_interval[1]


@every_method
def test_the_order_of_rows_does_not_matter(name):
    method, runs, _ = METHODS[name]
    some_runs = runs(noise=0.003)
    order = np.random.default_rng(1).permutation(len(some_runs[0]))
    shuffled = method(*(column[order] for column in some_runs), draws=2)
    assert shuffled.a == pytest.approx(method(*some_runs, draws=2).a, rel=1e-6)


def test_the_parametric_fit_of_hoffmanns_runs_has_an_interval_that_holds_its_estimate(
    published_folder,
):
    found = parametric_fit(*hoffmann_runs(published_folder))
    assert found.a == pytest.approx(0.5139, abs=1e-4)
    low, high = found.a_interval
    assert low < found.a < high
    # 10% and 90% of a normal distribution with the deviation that independent code finds, 0.020;
    # the slide's interval is 0.001 wide
    assert high - low == pytest.approx(2 * 1.2816 * 0.020, rel=0.15)


def test_a_curve_counts_only_where_smaller_and_larger_sizes_were_tried():
    """Of three sizes the middle one alone can be a minimum: no growth can be seen."""
    n, d, loss = curves()
    few = np.isin(n, np.unique(n)[[20, 25, 30]])
    with pytest.raises(ValueError, match=r"best size must change .*: got 3 sizes, and \d+ of 200"):
        minimum_over_curves(n[few], d[few], loss[few])


def test_budgets_without_a_bottom_are_left_out():
    n, d, loss = profiles()
    best = LAW.optimal_allocation(6 * n * d)[0]
    some_rise = (n > 0.5 * best) | (6 * n * d < 1e20)  # the least loss is still within
    assert isoflop_profiles(n[some_rise], d[some_rise], loss[some_rise]).a == pytest.approx(A, 1e-3)
    all_rise = n > 1.5 * best
    with pytest.raises(ValueError, match=r"at least 2 budgets must have .*: got 0 of 9; for each"):
        isoflop_profiles(n[all_rise], d[all_rise], loss[all_rise])


def test_what_is_wrong_is_said():
    n, d, loss = profiles()
    for width in (1, 4):
        with pytest.raises(ValueError, match=rf"width must be odd, 3 or more: got {width}"):
            isoflop_profiles(n, d, loss, width=width)
    for method, _, _ in METHODS.values():
        with pytest.raises(ValueError, match=r"must have \d rows or more: got 2; .* add runs"):
            method(n[:2], d[:2], loss[:2])
        with pytest.raises(ValueError, match=r"n_tokens must be positive and finite: got nan in"):
            method(n, np.where(d > 1e10, np.nan, d), loss)
        with pytest.raises(ValueError, match=r"draws must be 2 or more: got 0"):
            method(n, d, loss, draws=0)
        with pytest.raises(ValueError, match=r"level must lie between 0 and 1: got 80"):
            method(*(curves() if method is minimum_over_curves else (n, d, loss)), level=80.0)
    one_size = np.full_like(n, 1e9)
    with pytest.raises(ValueError, match=r"n_params must take 3 distinct values or more: got 1"):
        parametric_fit(one_size, d, loss)
