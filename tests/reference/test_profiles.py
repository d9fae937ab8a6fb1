"""profiles.py against numpy's polyfit, and on profiles whose bottoms are known."""

import numpy as np
import pytest

from reference.joint_law import JointLaw
from reference.profiles import isoflop_runs

LAW = JointLaw(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.30)


def parabolic(flops, bottom, sizes, curvature=0.2, least=3.0):
    """Runs of one budget whose losses lie on a parabola in log N."""
    n = np.asarray(sizes, dtype=float)
    return n, flops / (6 * n), least + curvature * np.log(n / bottom) ** 2


def test_a_parabola_is_found_exactly_from_any_five_sizes_of_it():
    for bottom in (3e6, 4.1e6, 6.5e6):
        (profile,) = isoflop_runs(*parabolic(1e15, bottom, 1e6 * 2.0 ** np.arange(6)))
        found = profile.parabola
        assert found.n_params == pytest.approx(bottom, rel=1e-9)
        assert (found.loss, found.curvature) == pytest.approx((3.0, 0.2), rel=1e-9)
        assert found(bottom * np.e) == pytest.approx(3.2, rel=1e-9)
        assert profile.flops == pytest.approx(1e15)


@pytest.mark.parity
@pytest.mark.parametrize("width", [3, 5, 7])
def test_it_is_numpys_fit_of_the_sizes_round_the_least_loss(width):
    draw = np.random.default_rng(width)
    n, d, loss = parabolic(1e15, 3.1e6, 1e5 * 1.7 ** np.arange(13))
    loss = loss + 0.01 * draw.normal(size=loss.shape)
    (profile,) = isoflop_runs(n, d, loss, width=width)
    lowest = loss.argmin()
    near = slice(lowest - width // 2, lowest + width // 2 + 1)
    theirs = np.polynomial.Polynomial.fit(np.log(n[near]), loss[near], 2)
    bottom = theirs.deriv().roots()[0]
    assert np.log(profile.parabola.n_params) == pytest.approx(bottom, abs=1e-9)
    assert profile.parabola.loss == pytest.approx(theirs(bottom), abs=1e-9)
    assert (profile.parabola.smallest, profile.parabola.largest) == pytest.approx(
        (n[near][0], n[near][-1])
    )
    all_sizes = np.polyfit(np.log(n), loss, 2)  # wrong: as if width did not matter
    assert abs(bottom + all_sizes[1] / (2 * all_sizes[0])) > 1e-4


def test_budgets_come_in_order_and_sizes_within_them():
    runs = [parabolic(c, 4e6, 1e6 * 2.0 ** np.arange(5)) for c in (1e17, 1e15, 1e16)]
    n, d, loss = (np.concatenate(column) for column in zip(*runs, strict=True))
    shuffle = np.random.default_rng(0).permutation(len(n))
    found = isoflop_runs(n[shuffle], d[shuffle], loss[shuffle])
    assert [p.flops for p in found] == pytest.approx([1e15, 1e16, 1e17])
    for profile in found:
        np.testing.assert_allclose(profile.n_params, runs[0][0], rtol=1e-12)
        np.testing.assert_allclose(profile.loss, runs[0][2], rtol=1e-12)


def test_budgets_are_told_apart_by_more_than_the_share_that_is_said():
    runs = [parabolic(c, 4e6, 1e6 * 2.0 ** np.arange(5)) for c in (1e15, 1.05e15)]
    columns = [np.concatenate(column) for column in zip(*runs, strict=True)]
    assert len(isoflop_runs(*columns)) == 2
    assert len(isoflop_runs(*columns, same_budget=0.1)) == 1


def test_seeds_share_a_size_and_the_window_counts_sizes_not_runs():
    """Two seeds, one 0.02 above and one 0.02 below: the fit is that of their means."""
    n, d, loss = parabolic(1e15, 4.3e6, 1e5 * 2.0 ** np.arange(11))
    doubled = (np.tile(n, 2), np.tile(d, 2), np.concatenate([loss - 0.02, loss + 0.02]))
    alone, both = (isoflop_runs(*runs)[0].parabola for runs in ((n, d, loss), doubled))
    assert both.n_params == pytest.approx(alone.n_params, rel=1e-9)
    assert (both.smallest, both.largest) == pytest.approx((alone.smallest, alone.largest))
    assert both.largest / both.smallest == pytest.approx(2**4)


def test_of_seeds_the_mean_decides_where_the_least_loss_is():
    n, d, loss = parabolic(1e15, 4e6, 1e6 * 2.0 ** np.arange(9))
    lucky = np.where(n == n[4], loss - 0.5, loss)  # one seed, far from the bottom
    assert lucky.argmin() == 4
    unlucky = np.where(n == n[4], loss + 0.5, loss)
    runs = [np.tile(n, 2), np.tile(d, 2), np.concatenate([lucky, unlucky])]
    third = n[2], d[2], loss[2]  # the best size has a seed more than the others
    runs = [np.append(column, one) for column, one in zip(runs, third, strict=True)]
    found = isoflop_runs(*runs)[0].parabola
    assert found.n_params == pytest.approx(4e6, rel=1e-6)
    assert (found.smallest, found.largest) == pytest.approx((n[0], n[4]))


def test_where_losses_follow_a_law_the_bottom_is_its_best_size():
    """Not to all digits: the law's profile is no exact parabola."""
    best = LAW.optimal_allocation(1e20)[0]
    n = best * 2.0 ** np.arange(-4, 5)
    d = 1e20 / (6 * n)
    (profile,) = isoflop_runs(n, d, LAW.loss(n, d))
    assert profile.parabola.n_params == pytest.approx(best, rel=0.02)
    (narrow,) = isoflop_runs(n, d, LAW.loss(n, d), width=3)
    assert abs(narrow.parabola.n_params / best - 1) < abs(profile.parabola.n_params / best - 1)


def test_there_is_no_parabola_where_the_least_loss_is_at_an_end():
    for bottom in (1e5, 1e9):
        (profile,) = isoflop_runs(*parabolic(1e15, bottom, 1e6 * 2.0 ** np.arange(6)))
        assert profile.parabola is None
        assert len(profile.n_params) == 6


def test_nor_where_the_curve_round_it_bends_down():
    n, d, _ = parabolic(1e15, 1e6, 1e6 * 2.0 ** np.arange(6))
    loss = np.array([2.0, 4.0, 1.9, 4.0, 2.0, 2.1])
    assert isoflop_runs(n, d, loss)[0].parabola is None


def test_what_is_wrong_is_said():
    runs = parabolic(1e15, 4e6, 1e6 * 2.0 ** np.arange(6))
    for width in (1, 4):
        with pytest.raises(ValueError, match=rf"width must be odd, 3 or more: got {width}; as"):
            isoflop_runs(*runs, width=width)
    with pytest.raises(ValueError, match=r"must have 6 rows or more: got 5"):
        isoflop_runs(*(column[:5] for column in runs))
