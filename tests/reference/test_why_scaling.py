"""why_scaling.py: what the pictures claim, asserted on the numbers that they draw."""

import pytest

from reference.minima import barrier
from reference.why_scaling import FEATURES, N_FEATURES, N_SAMPLES, SAMPLES, descents, landscapes


@pytest.fixture(scope="module")
def curves():
    return descents()


@pytest.fixture(scope="module")
def found():
    return landscapes(n_seeds=8, n_steps=11)


@pytest.mark.parametrize(("which", "sizes", "at"), [(0, FEATURES, N_SAMPLES), (1, SAMPLES, 60)])
def test_without_ridge_there_is_a_peak_at_the_threshold_and_a_second_descent(
    which, sizes, at, curves
):
    plain = curves[which][0].median
    peak = sizes.index(at)
    assert plain.argmax() == peak
    assert plain[peak] > 10 * plain[:peak].min()
    assert plain[-1] < plain[:peak].min()
    assert (plain[peak:].diff() < 0).all()


@pytest.mark.parametrize("which", [0, 1])
def test_the_right_ridge_removes_the_peak(which, curves):
    plain, ridge = (curve.median for curve in curves[which])
    # medians of 40 repeats: a hundredth is left to chance
    assert (ridge.diff() < 0.01).all()
    assert (ridge < plain + 0.01).all()


def test_thresholds_are_where_parameters_are_as_many_as_samples(curves):
    assert [curve.threshold for curve in curves[0]] == [N_SAMPLES] * 2
    assert [curve.threshold for curve in curves[1]] == [N_FEATURES] * 2


def test_the_seed_decides_where_19_parameters_end_but_not_where_301_do(found):
    few, many = (found.minima[f"{n} parameters"].losses for n in (19, 301))
    assert few.max() > 2 * few.min() > 0.02
    assert many.max() < 1e-12


def test_slices_go_through_the_first_seeds_end(found):
    for label, (line, plane) in found.slices.items():
        loss = found.minima[label].losses[0].item()
        assert line.losses[5].item() == pytest.approx(loss, abs=1e-12)
        assert plane.losses[5, 5].item() == pytest.approx(loss, abs=1e-12)
        assert (plane.losses[:, 5] - line.losses).abs().max() < 1e-9


def test_a_bent_path_goes_round_the_barrier_of_the_straight_one(found):
    straight, bent = (barrier(found.paths[form]) for form in ("straight", "bent"))
    assert straight > 0.1
    assert bent < 0.05 * straight
