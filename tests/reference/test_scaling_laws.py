"""scaling_laws.py against numpy and scipy, and by its properties."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize

from reference.scaling_laws import (
    KAPLAN_C,
    KAPLAN_D,
    KAPLAN_N,
    PowerLaw,
    fit_power_law,
    interval,
    kaplan_law,
    weighted_line,
)

some = settings(max_examples=15)
seeds = st.integers(0, 2**31)
laws = st.builds(
    PowerLaw, scale=st.floats(5, 50), exponent=st.floats(-0.4, -0.05), floor=st.floats(0.5, 2)
)
X = np.logspace(3, 8, 15)


def numbers(law):
    return law.scale, law.exponent, law.floor


def noise(seed, size=0.01):
    return np.exp(np.random.default_rng(seed).normal(0, size, X.shape))


@some
@given(law=laws)
def test_without_noise_the_law_is_found_and_its_intervals_have_no_width(law):
    fit = fit_power_law(X, law(X), floor=True, draws=20)
    assert numbers(fit.law) == pytest.approx(numbers(law), rel=1e-5)
    for ends, number in zip(
        (fit.scale_interval, fit.exponent_interval, fit.floor_interval), numbers(law), strict=True
    ):
        assert ends == pytest.approx((number, number), rel=1e-4)
    line = PowerLaw(law.scale, law.exponent)
    fit = fit_power_law(X, line(X), draws=20)
    assert numbers(fit.law) == pytest.approx(numbers(line), rel=1e-9)
    assert fit.floor_interval == (0, 0)


@some
@given(law=laws)
def test_a_line_through_a_law_that_bends_to_level_has_too_small_an_exponent(law):
    """So a fit that forgets the floor is told from one that does not."""
    assert abs(fit_power_law(X, law(X), draws=2).law.exponent) < abs(law.exponent) * 0.95


@pytest.mark.parity
@some
@given(law=laws, seed=seeds)
def test_the_line_equals_numpys(law, seed):
    y = law(X) * noise(seed, 0.1)
    slope, intercept = np.polyfit(np.log(X), np.log(y), 1)
    fit = fit_power_law(X, y, draws=2)
    # two float64 sums of 15 products of order 100
    assert numbers(fit.law) == pytest.approx((np.exp(intercept), slope, 0), rel=1e-10)
    assert fit.law.exponent != pytest.approx(np.polyfit(np.log(X), y, 1)[0], rel=1e-3)


@pytest.mark.parity
@some
@given(law=laws, seed=seeds)
def test_the_fit_with_a_floor_is_no_worse_than_scipys_that_starts_from_the_truth(law, seed):
    y = law(X) * noise(seed)

    def log_law(log_x, log_scale, exponent, log_floor):
        return np.logaddexp(log_scale + exponent * log_x, log_floor)

    start = np.log(law.scale), law.exponent, np.log(law.floor)
    theirs, *_ = optimize.curve_fit(
        log_law, np.log(X), np.log(y), start, maxfev=5000, bounds=([-20, -3, -20], [20, 3, 20])
    )
    ours = fit_power_law(X, y, floor=True, draws=2).law
    squares = np.sum((np.log(ours(X)) - np.log(y)) ** 2)
    # scipy stops at a relative change of 1e-8
    assert squares <= np.sum((log_law(np.log(X), *theirs) - np.log(y)) ** 2) * (1 + 1e-6)


@pytest.mark.parity
@some
@given(seed=seeds)
def test_weighted_lines_equal_numpys_and_a_single_x_has_none(seed):
    draw = np.random.default_rng(seed)
    x, y, weights = draw.normal(size=(3, 4, 9))
    weights = weights**2
    expected = [np.polyfit(*z, 1, w=np.sqrt(w)) for *z, w in zip(x, y, weights, strict=True)]
    np.testing.assert_allclose(np.stack(weighted_line(x, y, weights), 1), expected, atol=1e-8)
    only = np.zeros((1, 9))
    only[0, 3] = 2
    assert np.isnan(weighted_line(x[:1], y[:1], only)[0]).all()


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """200 sets of 15 points; a bootstrap of so few is known to be somewhat narrow."""
    law = PowerLaw(20.0, -0.2)
    held = 0
    for seed in range(200):
        low, high = fit_power_law(X, law(X) * noise(seed), draws=200).exponent_interval
        held += low < law.exponent < high
    assert 0.68 < held / 200 < 0.86  # 0.8, less what 15 points cost, and 3 sigma of 200


def test_the_seed_decides_and_the_level_widens():
    y = PowerLaw(20.0, -0.2)(X) * noise(0)
    assert fit_power_law(X, y, seed=1) == fit_power_law(X, y, seed=1)
    assert fit_power_law(X, y, seed=1) != fit_power_law(X, y, seed=2)
    (low, high), (lower, higher) = (
        fit_power_law(X, y, level=level).exponent_interval for level in (0.5, 0.9)
    )
    assert lower < low < high < higher
    assert interval(np.arange(101.0), 0.8) == pytest.approx((10, 90))


def test_kaplans_laws_are_1_nat_at_their_critical_value():
    """And fall by 2^0.076 where the size doubles: to 0.9487 of the loss, as §1.2 says, 0.95."""
    for law, critical in ((KAPLAN_N, 8.8e13), (KAPLAN_D, 5.4e13), (KAPLAN_C, 3.1e8 * 8.64e19)):
        assert law(critical) == pytest.approx(1)
    assert KAPLAN_N(2e9) / KAPLAN_N(1e9) == pytest.approx(0.9487, abs=1e-4)
    assert kaplan_law(100.0, 0.5)(4.0) == pytest.approx(5)


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match=r"x, y must have 3 rows or more: got 2"):
        fit_power_law(X[:2], X[:2], floor=True)
    for floor, fewest in ((False, 2), (True, 3)):
        x = np.array([1.0, 1.0, 2.0, 2.0]) if floor else np.ones(4)
        with pytest.raises(ValueError, match=rf"x must take {fewest} distinct values or more: got"):
            fit_power_law(x, X[:4], floor=floor)
    for bad in (np.nan, 0.0, -2.0):
        with pytest.raises(ValueError, match=rf"y must be positive and finite: got {bad} in row 0"):
            fit_power_law(X[:3], np.array([bad, 1.0, 2.0]))
    with pytest.raises(ValueError, match=r"level must lie between 0 and 1: got 80"):
        fit_power_law(X, X, level=80.0)
    with pytest.raises(ValueError, match=r"draws must be 2 or more: got 1"):
        fit_power_law(X, X, draws=1)
