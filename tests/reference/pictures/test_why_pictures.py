"""Pictures of why scaling works, and of model sizes: what they draw is what was measured."""

import numpy as np
import pytest
import torch

from reference.double_descent import Curve, Errors, Setting, by_features
from reference.landscape import LANDSCAPE
from reference.loss_landscape import Slice
from reference.minima import Minima
from reference.pictures import double_descent, landscapes, minima, model_sizes


def test_double_descent_draws_medians_and_the_middle_half():
    curves = [
        by_features(Setting(n_repeats=9), 20, [5, 20, 80], regularised=r) for r in (False, True)
    ]
    (axes,) = double_descent.picture(curves).axes
    for drawn, shade, curve in zip(axes.lines, axes.collections, curves, strict=False):
        np.testing.assert_array_equal(drawn.get_xdata(), curve.sizes)
        np.testing.assert_array_equal(drawn.get_ydata(), curve.median)
        tests = torch.stack([e.test for e in curve.errors])
        middle = [tests.quantile(q, 1) for q in (0.25, 0.75)]
        heights = shade.get_paths()[0].vertices[:, 1]
        assert set(np.round(torch.cat(middle).numpy(), 12)) <= set(np.round(heights, 12))
    assert axes.lines[2].get_xdata()[0] == 20  # the threshold
    assert axes.lines[0].get_ydata().argmax() == 1  # the peak stands on it
    assert axes.lines[1].get_ydata().argmax() != 1


def test_double_descent_refuses_curves_of_different_axes_in_one_panel():
    errors = Errors(torch.ones(2), torch.ones(2))
    curves = [Curve("a", along, [1], 5, [errors]) for along in ("features", "samples")]
    with pytest.raises(ValueError, match=r"share axis and threshold: got .*samples.*; draw one"):
        double_descent.picture(curves)


def test_landscapes_draw_the_slices_the_first_direction_across():
    steps = torch.linspace(-1, 1, 11)
    line = Slice(steps, steps.square() + 1)
    plane = Slice(steps, (steps[:, None].square() + 1).expand(11, 11))  # changes along the first
    first, second = landscapes.picture({"a model": (line, plane)}, "1").axes
    np.testing.assert_array_equal(first.lines[0].get_xydata(), torch.stack([steps, line.losses], 1))
    paths = [path for path in second.collections[0].get_paths() if len(path)]
    for path in paths:
        parts = np.split(path.vertices, np.flatnonzero(path.codes == 1)[1:])
        for part in parts:
            assert np.ptp(part[:, 0]) < 1e-6 < 0.3 < np.ptp(part[:, 1])  # a label parts a line
    assert second.lines[0].get_xydata().tolist() == [[0, 0]]
    assert second.get_title(loc="left").startswith("a model\n")


def test_landscapes_have_one_set_of_levels_for_all_models(figures):
    _, *panels = figures["landscapes"].axes
    levels = [panel.collections[0].levels for panel in panels]
    assert len(levels) == 2
    np.testing.assert_array_equal(*levels)
    assert all(any(len(path) for path in p.collections[0].get_paths()) for p in panels)


def test_minima_are_sorted_and_those_below_the_floor_stand_on_it():
    losses = torch.tensor([3.0, 1.0, 2.0])
    runs = {
        "few": Minima(torch.zeros(3, 1), losses),
        "many": Minima(torch.zeros(3, 1), losses * 1e-20),
    }
    paths = {"straight": torch.tensor([0.0, 1.0, 0.0])}
    left, right = minima.picture(runs, paths, "1").axes
    assert left.lines[0].get_xydata().tolist() == [[1, 1], [2, 2], [3, 3]]
    assert set(left.lines[1].get_ydata()) == {np.float32(1e-12)}
    assert right.lines[0].get_xydata().tolist() == [[0, 0], [0.5, 1], [1, 0]]
    assert left.get_ylabel() == "training loss at the end (1)"


def test_every_model_is_drawn_once_at_its_count_and_date_and_kinds_differ_without_colour():
    (axes,) = model_sizes.picture(LANDSCAPE).axes
    assert sorted(text.get_text() for text in axes.texts) == sorted(LANDSCAPE)
    shown = sorted(map(tuple, np.concatenate([x.get_xydata() for x in axes.lines]).tolist()))
    sizes = {name: m.architecture.parameters().total for name, m in LANDSCAPE.items()}
    assert shown == sorted((m.date, sizes[name]) for name, m in LANDSCAPE.items())
    for text in axes.texts:
        assert text.xy == (LANDSCAPE[text.get_text()].date, sizes[text.get_text()])
    assert len({x.get_marker() for x in axes.lines}) == 3
    assert axes.get_yscale() == "log"
