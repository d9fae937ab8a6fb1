"""log_sum_fit.py against scipy and numpy, and by its properties."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, special

from reference.log_sum_fit import bootstrap_weights, fit_log_sum, huber, logarithms

some = settings(max_examples=25)
seeds = st.integers(0, 2**31)
deltas = st.sampled_from([1e-3, 0.05, 1.0, np.inf])
# Both objectives are sums of 30 squares or sizes; scipy's stops at a relative change of 1e-12.
SAME_OBJECTIVE = 1e-8


def problem(seed, runs=30, noise=0.02):
    """Two powers and a constant, with unknowns of order 1, and noise of Student's t."""
    draw = np.random.default_rng(seed)
    x, y = draw.uniform(-2, 2, (2, runs))
    one = np.ones(runs)
    terms = [np.stack([one, -x], axis=1), np.stack([one, -y], axis=1), one[:, None]]
    truth = np.array([0.0, 0.4, 0.5, 0.7, 0.3]) + draw.uniform(-0.2, 0.2, 5)
    target = objective_of(terms, np.zeros(runs), np.inf)[1](truth)
    return terms, target + noise * draw.standard_t(3, runs), truth


def objective_of(terms, target, delta, weights=1.0):
    """Objective by other code than ours: scipy's Huber and log-sum-exp. And the residuals."""
    ends = np.cumsum([term.shape[1] for term in terms])[:-1]

    def residuals(theta):
        parts = [x @ part for x, part in zip(terms, np.split(theta, ends), strict=True)]
        return special.logsumexp(parts, axis=0) - target

    return lambda theta: np.sum(weights * special.huber(delta, residuals(theta))), residuals


def close(actual, expected, atol, rtol=0.0):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


@some
@given(seed=seeds, delta=st.sampled_from([1e-3, 0.5, 1.0]))
def test_hubers_loss_equals_scipys(seed, delta):
    r = np.random.default_rng(seed).normal(size=(4, 50))
    close(huber(r, delta), special.huber(delta, r), atol=8 * np.finfo(float).eps)
    close(huber(r, np.inf), r**2 / 2, atol=0)
    with pytest.raises(AssertionError):
        close(huber(r, 0.99 * delta), special.huber(delta, r), atol=1e-12)


@pytest.mark.parity
@some
@given(seed=seeds)
def test_one_term_is_a_weighted_line_as_numpys(seed):
    draw = np.random.default_rng(seed)
    x, y, weights = draw.normal(size=20), draw.normal(size=20), draw.uniform(0, 2, (1, 20))
    terms, starts = [np.stack([x, np.ones(20)], axis=1)], draw.normal(size=(7, 2))
    theta, _ = fit_log_sum(terms, y, starts, weights=weights)
    # a quadratic, whose objective stands still to 1e-13 of itself: unknowns to about its root
    close(theta, np.tile(np.polyfit(x, y, 1, w=weights[0] ** 0.5), (7, 1)), atol=1e-5)
    with pytest.raises(AssertionError):
        close(theta[0], np.polyfit(x, y, 1), atol=1e-5)


@pytest.mark.parity
@some
@given(seed=seeds, delta=deltas)
def test_the_minimum_is_no_higher_than_scipys_from_the_same_starts(seed, delta):
    terms, target, truth = problem(seed)
    starts = truth + np.random.default_rng(seed + 1).uniform(-0.3, 0.3, (6, 5))
    theta, objective = fit_log_sum(terms, target, starts, huber_delta=delta)
    theirs, _ = objective_of(terms, target, delta)
    close([theirs(row) for row in theta], objective, atol=0, rtol=1e-9)
    scale = 1 / theirs(truth)  # its tolerances are absolute in part
    best = min(
        optimize.minimize(
            lambda theta: scale * theirs(theta), start, method="BFGS", options={"gtol": 1e-9}
        ).fun
        for start in starts[:2]
    )
    assert objective.min() * scale <= best * (1 + SAME_OBJECTIVE)


@some
@given(seed=seeds, delta=deltas)
def test_each_minimum_is_lower_than_all_around_it(seed, delta):
    terms, target, truth = problem(seed)
    theta, objective = fit_log_sum(terms, target, truth[None], huber_delta=delta)
    theirs, _ = objective_of(terms, target, delta)
    for step in 1e-3 * np.random.default_rng(seed).normal(size=(20, 5)):
        assert theirs(theta[0] + step) > objective[0]


@some
@given(seed=seeds, delta=st.sampled_from([1.0, np.inf]))
def test_a_problem_is_solved_alike_alone_and_in_a_batch(seed, delta):
    terms, target, truth = problem(seed)
    draw = np.random.default_rng(seed + 1)
    starts = truth + draw.uniform(-0.3, 0.3, (5, 5))
    weights = bootstrap_weights(5, len(target), draw)
    theta, objective = fit_log_sum(terms, target, starts, weights=weights, huber_delta=delta)
    for i in range(5):
        one, alone = fit_log_sum(
            terms, target, starts[i : i + 1], weights=weights[i : i + 1], huber_delta=delta
        )
        close(objective[i], alone[0], atol=0, rtol=1e-7)
        theirs, _ = objective_of(terms, target, delta, weights[i])
        close(theirs(one[0]), alone[0], atol=0, rtol=1e-9)


@some
@given(seed=seeds, delta=deltas)
def test_without_noise_the_truth_is_found(seed, delta):
    terms, target, truth = problem(seed, noise=0.0)
    starts = truth + np.random.default_rng(seed + 1).uniform(-0.2, 0.2, (4, 5))
    theta, objective = fit_log_sum(terms, target, starts, huber_delta=delta)
    close(theta[objective.argmin()], truth, atol=1e-6)


def test_a_weight_counts_as_so_many_rows():
    terms, target, truth = problem(0)
    weights = np.arange(30) % 3.0
    rows = np.repeat(np.arange(30), np.arange(30) % 3)
    _, weighted = fit_log_sum(terms, target, truth[None], weights=weights[None], huber_delta=0.01)
    _, repeated = fit_log_sum([x[rows] for x in terms], target[rows], truth[None], huber_delta=0.01)
    close(weighted, repeated, atol=0, rtol=1e-9)


def test_a_point_far_away_pulls_no_harder_than_one_nearby():
    x = np.ones((11, 1))
    far = np.append(np.arange(10.0), 1e6)
    (median,), _ = fit_log_sum([x], far, np.array([[0.0]]), huber_delta=1e-3)
    (mean,), _ = fit_log_sum([x], far, np.array([[0.0]]))
    assert median == pytest.approx(5, abs=1e-2)
    assert mean == pytest.approx(far.mean())


def test_bootstrap_weights_count_rows_drawn_with_replacement():
    weights = bootstrap_weights(4000, 12, np.random.default_rng(0))
    close(weights.sum(axis=1), 12, atol=0)
    # binomial, 12 draws of chance 1/12: mean 1, variance 11/12; 48,000 entries: 6 sigma
    assert weights.mean(axis=0) == pytest.approx(np.ones(12), abs=0.09)
    assert weights.var() == pytest.approx(11 / 12, abs=0.05)


def test_what_is_wrong_is_said(no_shape_checker):
    good = np.array([1.0, 2.0, 3.0])
    close(logarithms(3, n_params=good)[0], np.log(good), atol=0)
    with pytest.raises(ValueError, match=r"n_params, loss must be columns of one length: got"):
        logarithms(1, n_params=good, loss=good[:2])
    with pytest.raises(ValueError, match=r"must have 5 rows or more: got 3; .* add runs"):
        logarithms(5, n_params=good)
    for bad in (np.nan, np.inf, 0.0, -1.0):
        with pytest.raises(ValueError, match=rf"loss must be .*: got {bad} in row 1, and 1 such"):
            logarithms(1, n_params=good, loss=np.array([1.0, bad, 2.0]))
    with pytest.raises(ValueError, match=r"huber_delta must be positive: got 0; .* inf is least"):
        fit_log_sum([np.ones((3, 1))], good, np.zeros((1, 1)), huber_delta=0)
    with pytest.raises(ValueError, match=r"draws must be 2 or more: got 1"):
        bootstrap_weights(1, 3, np.random.default_rng(0))
