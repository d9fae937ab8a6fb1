"""least_norm.py: numpy and SciPy on whole vectors, the error's closed form, and the shortest fit.

A measured mean may lie 5 standard errors from the exact one: wrong once in 1e6 seeds, about.
"""

import math
from functools import partial

import numpy as np
import pytest
import scipy.linalg
import torch

from reference.least_norm import fit, isotropic_error, optimal_ridge

# Normal matrices of up to 12 by 12 here, whose condition number stays below 1e4: so many eps.
EXACT = 1e4 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
shapes = pytest.mark.parametrize(("n", "p"), [(12, 5), (5, 12), (7, 7), (1, 4), (4, 1)])


@pytest.mark.parity
@shapes
def test_it_is_numpys_least_squares(n, p, normal, assert_far):
    features, targets = normal(0, n, p), normal(1, n)
    expected = torch.from_numpy(np.linalg.lstsq(features.numpy(), targets.numpy())[0])
    assert_close(fit(features, targets), expected, atol=EXACT)
    assert_far(fit(features, targets, 1e-3), expected, atol=EXACT)


@pytest.mark.parity
def test_it_is_numpys_where_features_repeat_each_other(normal, assert_far):
    """Rank 3 of 6 features: without a threshold, rounding errors would be divided by."""
    features, targets = normal(0, 9, 3) @ normal(1, 3, 6), normal(2, 9)
    expected = torch.from_numpy(np.linalg.lstsq(features.numpy(), targets.numpy())[0])
    assert_close(fit(features, targets), expected, atol=EXACT)
    u, s, vt = torch.linalg.svd(features, full_matrices=False)
    assert_far(vt.T @ (u.T @ targets / s), expected, atol=EXACT)


@pytest.mark.parity
@shapes
def test_ridge_is_least_squares_with_a_row_of_its_own_for_each_weight(n, p, normal, assert_far):
    features, targets, ridge = normal(0, n, p), normal(1, n), 0.3
    rows = np.vstack([features.numpy(), math.sqrt(ridge) * np.eye(p)])
    expected = torch.from_numpy(scipy.linalg.lstsq(rows, np.append(targets, np.zeros(p)))[0])
    assert_close(fit(features, targets, ridge), expected, atol=EXACT)
    assert_far(fit(features, targets, ridge**2), expected, atol=EXACT)
    assert_far(fit(features, targets, n * ridge + 1), expected, atol=EXACT)


def test_any_batch_is_its_parts_one_by_one(normal):
    features, targets = normal(0, 2, 3, 4, 6), normal(1, 2, 3, 4)
    for ridge in (0.0, 0.5):
        w = fit(features, targets, ridge)
        one_by_one = [fit(features[i, j], targets[i, j], ridge) for i in (0, 1) for j in range(3)]
        assert_close(w, torch.stack(one_by_one).view(2, 3, 6), atol=EXACT)


def test_above_the_threshold_it_interpolates_and_no_other_interpolator_is_shorter(normal):
    features, targets = normal(0, 5, 12), normal(1, 5)
    w = fit(features, targets)
    assert_close(features @ w, targets, atol=EXACT)
    assert not torch.allclose(features @ fit(features, targets, 0.1), targets)
    invisible = torch.from_numpy(scipy.linalg.null_space(features.numpy()))  # (12, 7)
    assert_close(invisible.T @ w, torch.zeros(7, dtype=torch.float64), atol=EXACT)
    others = w + normal(2, 100, 7) @ invisible.T
    assert_close(others @ features.T, targets.expand(100, 5), atol=EXACT)
    assert (others.norm(dim=1) > w.norm()).all()


def test_gradient_descent_from_0_ends_there_and_from_elsewhere_does_not(normal):
    features, targets = normal(0, 4, 12), normal(1, 4)
    rate = 1 / torch.linalg.matrix_norm(features, 2) ** 2
    ends = []
    for start in (torch.zeros(12, dtype=torch.float64), normal(2, 12)):
        w = start
        for _ in range(1000):
            w = w - rate * features.T @ (features @ w - targets)
        assert_close(features @ w, targets, atol=EXACT)
        ends.append(w)
    assert_close(ends[0], fit(features, targets), atol=EXACT)
    assert (ends[1] - ends[0]).norm() > 1


@shapes
def test_small_ridge_tends_to_the_least_norm_and_any_ridge_shortens(n, p, normal):
    features, targets = normal(0, n, p), normal(1, n)
    limit = fit(features, targets)
    near, nearer = ((fit(features, targets, r) - limit).norm() for r in (1e-4, 1e-5))
    assert nearer / near == pytest.approx(0.1, rel=0.05)  # the difference is linear in the ridge
    lengths = [fit(features, targets, ridge).norm() for ridge in (0.0, 0.01, 0.1, 1.0, 10.0)]
    assert all(longer > shorter for longer, shorter in zip(lengths, lengths[1:], strict=False))


@pytest.fixture(scope="module")
def measured(normal):
    """Mean test error of many fits to isotropic features, without sampling the test; and its SE."""

    def measure(n, p, signal, noise, ridge=0.0, repeats=4000):
        w = normal(0, repeats, p)
        w *= signal / w.norm(dim=1, keepdim=True)
        features = normal(1, repeats, n, p)
        targets = (features @ w[..., None]).squeeze(-1) + noise * normal(2, repeats, n)
        errors = (fit(features, targets, ridge) - w).square().sum(1)
        return errors, errors.mean().item(), errors.std().item() / math.sqrt(repeats)

    return measure


def exact_error(n, p, signal, noise):
    """What finite n and p have: Belkin et al. 2020, Theorem 1, for p up to n - 2 or from n + 2."""
    if p < n:
        return noise**2 * p / (n - p - 1)
    return signal**2 * (1 - n / p) + noise**2 * n / (p - n - 1)


@pytest.mark.parametrize(("n", "p"), [(20, 5), (20, 14), (10, 20), (10, 40)])
@pytest.mark.parametrize(("signal", "noise"), [(1.0, 0.5), (2.0, 1.5)])
def test_measured_errors_are_the_exact_ones(n, p, signal, noise, measured):
    _, mean, error = measured(n, p, signal, noise)
    assert abs(mean - exact_error(n, p, signal, noise)) < 5 * error
    # as many draws reject noise that is a fifth larger
    assert abs(mean - exact_error(n, p, signal, 1.2 * noise)) > 5 * error


@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9, 1.1, 2.0, 10.0])
def test_the_limit_of_many_samples_is_theorem_1(gamma):
    """The exact error differs from its limit by a factor 1 + O(1/n): by 1e-4 at n = 1e6 here."""
    n = 10**6
    expected = exact_error(n, round(gamma * n), 1.3, 0.7)
    assert isotropic_error(gamma, 1.3, 0.7) == pytest.approx(expected, rel=1e-4)
    assert isotropic_error(1.01 * gamma, 1.3, 0.7) != pytest.approx(expected, rel=1e-4)


def test_the_closed_form_by_hand():
    assert isotropic_error(0.5, 3.0, 1.0) == 1  # 0.5 / 0.5
    assert isotropic_error(2.0, 3.0, 1.0) == 5.5  # 9 / 2 + 1
    assert isotropic_error(1.0, 3.0, 1.0) == math.inf
    assert isotropic_error(1.0, 3.0, 0.0) == 0  # without noise, no peak


@pytest.mark.parametrize(("n", "p"), [(20, 5), (10, 10), (10, 40)])
def test_no_other_ridge_has_a_lower_error_than_the_optimal_one(n, p, measured):
    """Compared on the same draws, below, at and above the threshold."""
    best = optimal_ridge(p, signal=1.5, noise=0.8)
    assert best == pytest.approx(0.64 * p / 2.25)
    least, _, _ = measured(n, p, 1.5, 0.8, best)
    for other in (0.5 * best, 2 * best):
        excess = measured(n, p, 1.5, 0.8, other)[0] - least
        assert excess.mean() > 3 * excess.std() / math.sqrt(len(excess))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit(torch.zeros(3, 2), torch.zeros(2)), r"got shapes \(3, 2\) and \(2,\); pass"),
        (lambda: fit(torch.zeros(3), torch.zeros(())), r"got shapes \(3,\) and \(\); pass targets"),
        (lambda: fit(torch.ones(1, 1), torch.ones(1), -1.0), "0 or more: got -1.0; 0 asks for the"),
        (lambda: optimal_ridge(3, 0.0, 1.0), "signal must be positive: got 0.0; without one"),
        (lambda: isotropic_error(0.0, 1.0, 1.0), "positive: got 0.0; pass n_features / n_samples"),
    ],
    ids=["rows", "no rows", "ridge", "signal", "gamma"],
)
@pytest.mark.usefixtures("no_shape_checker")
def test_arguments_that_make_no_sense(call, message):
    with pytest.raises(ValueError, match=message):
        call()
