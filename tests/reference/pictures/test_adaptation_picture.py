"""The picture of ways to adapt: marks, ranges and the 1% are at the results."""

import numpy as np
import pytest


def test_each_method_has_its_mark_at_its_mean_and_its_range_over_the_seeds(figures, adapted):
    (axes,) = figures["adaptation"].axes
    assert axes.get_xscale() == "log"
    marks = {c.get_label(): c.lines for c in axes.containers}
    assert list(marks) == list(adapted)
    expected = {"probing": (10, 80, 80, 80), "LoRA": (90, 84, 80, 90), "all": (1000, 64, 60, 70)}
    for name, (trained, mean, low, high) in expected.items():
        point, _, (bar,) = marks[name]
        np.testing.assert_allclose(point.get_xydata(), [[trained, mean]])
        np.testing.assert_allclose(bar.get_segments()[0], [[trained, low], [trained, high]])
    assert len({point.get_marker() for point, *_ in marks.values()}) == len(adapted)


def test_the_line_is_at_one_percent_of_the_model_without_what_methods_add(figures):
    (axes,) = figures["adaptation"].axes
    (line,) = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert list(line.get_xdata()) == pytest.approx([10, 10])
    assert "55.0%" in axes.get_title(loc="left")
