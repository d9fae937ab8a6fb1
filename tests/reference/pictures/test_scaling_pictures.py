"""Pictures of scaling laws: what they draw is what was found."""

import numpy as np
import pytest

from reference.compute_optimal import isoflop_profiles, minimum_over_curves
from reference.frontier import frontier, loss_curves
from reference.joint_law import fit_joint_law
from reference.pictures import exponents as exponents_picture, isoflop_profiles as profiles_picture
from reference.profiles import isoflop_runs
from reference.published_exponents import PUBLISHED


def line(axes, **wanted):
    """The lines that look so."""
    return [x for x in axes.lines if all(getattr(x, f"get_{k}")() == v for k, v in wanted.items())]


def test_each_star_is_at_a_parabolas_bottom_and_no_lower_point_is_on_its_curve(figures, study):
    left, right = figures["isoflop_profiles"].axes
    profiles = isoflop_runs(*study.runs)
    bottoms = [p.parabola for p in profiles]
    assert None not in bottoms
    stars = [s.get_xydata()[0] for s in line(left, marker="*") if len(s.get_xdata())]
    np.testing.assert_array_equal(stars, [(b.n_params, b.loss) for b in bottoms])
    curves = [c for c in line(left, marker="None", linestyle="-") if len(c.get_xdata()) > 2]
    for (_, lowest), curve in zip(stars, curves, strict=True):
        assert lowest <= curve.get_ydata().min() <= lowest + 1e-3
    points = [p.get_xydata()[0] for p in right.lines if len(p.get_xdata()) == 1]
    np.testing.assert_array_equal(
        points, [(p.flops, b.n_params) for p, b in zip(profiles, bottoms, strict=True)]
    )


def test_the_dashed_line_is_approach_2s_law_through_the_bottoms(figures, study):
    _, right = figures["isoflop_profiles"].axes
    found = isoflop_profiles(*study.runs, draws=2)
    (law,) = line(right, linestyle="--")
    np.testing.assert_allclose(law.get_ydata(), found.best_size(law.get_xdata()))
    slope = np.diff(np.log(law.get_ydata())) / np.diff(np.log(law.get_xdata()))
    assert slope == pytest.approx(found.a)
    assert rf"{found.a:.2f}" in right.texts[0].get_text()


def test_a_budget_without_a_bottom_has_points_but_no_star(study):
    n, d, loss = study.runs
    budgets = 6 * n * d
    rising = (n > study.law.optimal_allocation(budgets)[0] * 2) | (budgets > 4e10)
    profiles = isoflop_runs(n[rising], d[rising], loss[rising])
    assert profiles[0].parabola is None
    left, right = profiles_picture.picture(profiles, isoflop_profiles(*study.runs, draws=2)).axes
    assert len([s for s in line(left, marker="*") if len(s.get_xdata())]) == 5
    assert len([p for p in right.lines if len(p.get_xdata()) == 1]) == 5
    np.testing.assert_array_equal(left.lines[0].get_xdata(), profiles[0].n_params)


def test_the_envelope_is_the_lowest_of_the_curves(figures):
    left, _ = figures["loss_frontier"].axes
    envelope, *curves = [x for x in left.lines if len(x.get_xdata())]
    lowest = {}
    for curve in curves:
        for c, loss in curve.get_xydata():
            lowest[c] = min(loss, lowest.get(c, np.inf))
    assert dict(map(tuple, envelope.get_xydata())) == lowest


def test_the_sizes_of_the_frontier_are_drawn_and_what_does_not_count_is_hollow(figures, study):
    _, right = figures["loss_frontier"].axes
    edge = frontier(loss_curves(*study.points, runs=study.run_of_point))
    filled, hollow, law = right.lines
    assert 0 < edge.inside.sum() < len(edge.inside)
    np.testing.assert_array_equal(filled.get_ydata(), edge.n_params[edge.inside])
    np.testing.assert_array_equal(hollow.get_ydata(), edge.n_params[~edge.inside])
    assert (filled.get_markerfacecolor(), hollow.get_markerfacecolor()) == ("#000000", "none")
    found = minimum_over_curves(*study.points, runs=study.run_of_point, draws=2)
    np.testing.assert_allclose(law.get_ydata(), found.best_size(law.get_xdata()))


def test_the_best_line_meets_each_contour_at_its_leftmost_point(figures, study):
    """There the loss is reached for the least compute; to within a step of the grid, 3%."""
    (axes,) = figures["joint_law_contours"].axes
    law = fit_joint_law(*study.runs)
    best, runs = axes.lines
    np.testing.assert_allclose(best.get_ydata(), law.optimal_allocation(best.get_xdata())[0])
    tried = 0
    for path in axes.collections[0].get_paths():
        if len(path) < 3:
            continue
        c, n = path.vertices[path.vertices[:, 0].argmin()]
        if c > axes.get_xlim()[0] * 1.1 and n < axes.get_ylim()[1] / 1.1:
            least, most = law.optimal_allocation(c / 1.05)[0], law.optimal_allocation(c * 1.05)[0]
            assert least * 0.8 < n < most * 1.25  # a contour is vertical there: flat in log N
            tried += 1
    assert tried > 5
    np.testing.assert_array_equal(runs.get_ydata(), study.runs[0])
    np.testing.assert_allclose(runs.get_xdata(), 6 * study.runs[0] * study.runs[1])


def test_contours_are_of_the_laws_own_losses(figures, study):
    (axes,) = figures["joint_law_contours"].axes
    law = fit_joint_law(*study.runs)
    contours = axes.collections[0]
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        if len(path):
            c, n = path.vertices[len(path) // 2]
            # linear between points of the grid: a thousandth of the loss
            assert law.loss(n, c / (6 * n)) == pytest.approx(level, rel=1e-3)


def test_each_dot_and_each_interval_is_its_rows():
    (axes,) = exponents_picture.picture(PUBLISHED).axes
    dots = sorted(x.get_xdata()[0] for x in axes.lines if len(x.get_xdata()) == 1)
    assert dots == sorted(row.a for row in PUBLISHED)
    bars = [tuple(x.get_xdata()) for x in line(axes, marker="|")]
    assert sorted(bars) == sorted(row.a_interval for row in PUBLISHED if row.a_interval)
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "1 minimum over curves",
        "2 IsoFLOP profiles",
        "3 parametric fit",
        "other set-up",
    ]
    assert "0.46 (0.454, 0.455)" in {text.get_text() for text in axes.texts}


def test_rows_of_an_approach_stand_together_and_a_source_keeps_its_marker(figures):
    (axes,) = figures["exponents"].axes
    dots = [x for x in axes.lines if len(x.get_xdata()) == 1]
    assert all(abs(d.get_ydata()[0] - round(d.get_ydata()[0])) < 0.4 for d in dots)
    markers = {x.get_marker() for x in dots if not x.get_label().startswith("_")}
    assert len(markers) == 4  # ours, Hoffmann, Kaplan, Besiroglu
