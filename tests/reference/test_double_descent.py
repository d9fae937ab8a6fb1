"""double_descent.py: the closed form on both sides, the peak, and what removes it.

Statistics are of fixed seeds; margins are several times the spread between seeds.
"""

import math

import numpy as np
import pytest
import torch

from reference.double_descent import (
    Setting,
    by_features,
    by_samples,
    by_width,
    measure_fit,
    measure_network,
    relu_features,
)
from reference.least_norm import isotropic_error

LINEAR = Setting(n_inputs=0, n_repeats=60)


@pytest.fixture(scope="module")
def features_curves():
    sizes = [2, 10, 20, 30, 50, 80, 200, 500]
    return [by_features(Setting(), 50, sizes, regularised=r) for r in (False, True)]


@pytest.mark.parametrize(("n", "p"), [(400, 100), (400, 200), (200, 400), (100, 400)])
def test_linear_regression_has_the_error_of_theorem_1(n, p):
    """Within 5 standard errors, and 2% for n and p that are not infinite: 1 / (n - p) at most."""
    setting = Setting(n_inputs=0, n_repeats=40, n_test=1000, signal=1.5, noise=0.8)
    errors = measure_fit(setting, n, p).test
    allowed = 5 * errors.std().item() / math.sqrt(len(errors))
    expected = isotropic_error(p / n, 1.5, 0.8)
    assert abs(errors.mean().item() - expected) < allowed + 0.02 * expected
    for wrong in (isotropic_error(p / n, 1.5, 1.2), isotropic_error(n / p, 1.5, 0.8)):
        if n != 2 * p:  # there variance is 1 whichever way γ is taken
            assert abs(errors.mean().item() - wrong) > allowed + 0.02 * wrong


def test_relu_features_are_torchs_and_have_mean_square_1(normal):
    x, directions = normal(0, 2000, 10), normal(1, 10, 300)
    features = relu_features(x, directions)
    assert torch.equal(features > 0, x @ directions > 0)
    # 2000 samples of |x|² / 10 and 300 directions: a spread of 1% and of 5%, near enough.
    assert features.square().mean().item() == pytest.approx(1, abs=0.2)
    expected = np.maximum(x.numpy() @ directions.numpy(), 0) * math.sqrt(2 / 10)
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-13)


def test_more_features_peak_at_as_many_as_samples_and_end_below_the_first_minimum(features_curves):
    least_norm, _ = features_curves
    median = dict(zip(least_norm.sizes, least_norm.median.tolist(), strict=True))
    classical = min(median[p] for p in least_norm.sizes if p < 50)
    assert max(median, key=median.get) == 50
    assert classical == median[20] < 0.8 * median[2]  # a U first, its bottom well inside
    assert median[50] > 10 * classical
    assert median[500] < 0.95 * classical


def test_training_error_is_0_from_the_threshold_on(features_curves):
    least_norm, regularised = features_curves
    for p, errors in zip(least_norm.sizes, least_norm.errors, strict=True):
        # At 50 the worst of 30 condition numbers is near 1e5: its square times eps².
        assert bool((errors.train < 1e-16).all()) == (p >= 50)
    assert all((errors.train > 1e-4).all() for errors in regularised.errors)


def test_the_optimal_ridge_removes_the_peak(features_curves):
    least_norm, regularised = features_curves
    assert (regularised.median[1:] < 1.02 * regularised.median[:-1]).all()
    assert (regularised.median <= 1.02 * least_norm.median).all()


def test_more_samples_can_do_harm_and_with_the_optimal_ridge_do_not():
    sizes = [5, 20, 50, 100, 400]
    harmed, spared = (by_samples(LINEAR, 50, sizes, regularised=r) for r in (False, True))
    assert harmed.threshold == 50
    assert harmed.median[2] > 5 * harmed.median[1]
    assert harmed.median[4] < 0.2 * harmed.median[1]
    assert (spared.median[1:] < spared.median[:-1]).all()


def test_without_noise_there_is_no_peak_where_the_features_say_all():
    silent = Setting(n_inputs=0, noise=0.0)
    medians = by_samples(silent, 50, [10, 25, 40, 50, 60]).median
    assert (medians[1:] < medians[:-1]).all()
    assert medians[-1] < 1e-20


def test_a_trained_network_peaks_too():
    """Widths 1, 5, 100, so 12, 60 and 1200 parameters, on 40 samples; half as many steps do."""
    setting = Setting(n_repeats=12)
    few, threshold, many = (measure_network(setting, 40, h, n_steps=1000) for h in (1, 5, 100))
    assert threshold.test.median() > 1.15 * few.test.median()
    assert many.test.median() < 0.7 * few.test.median()
    assert (many.train < 1e-12).all()
    assert (few.train > 1e-2).all()


def test_by_width_counts_parameters():
    curve = by_width(Setting(n_inputs=3, n_repeats=2, n_test=5), 4, [1, 2])
    assert (curve.along, curve.sizes, curve.threshold) == ("parameters", [5, 10], 4)


def test_one_seed_one_curve():
    a, b, c = (measure_fit(Setting(seed=s, n_repeats=3), 10, 20).test for s in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_a_network_without_inputs_is_refused():
    with pytest.raises(ValueError, match="must be 1 or more: got n_samples=5, n_inputs=0; only"):
        measure_network(LINEAR, 5, 2)
