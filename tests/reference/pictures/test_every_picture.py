"""What holds for every picture: axes named with their units, nothing that covers something else."""

import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

NAMES = (
    "adaptation",
    "attention_maps",
    "double_descent",
    "exponents",
    "families",
    "isoflop_profiles",
    "joint_law_contours",
    "landscapes",
    "loss_frontier",
    "minima",
    "model_sizes",
)
every_picture = pytest.mark.parametrize("name", NAMES)
# a category and a year carry no other unit than their word
WITHOUT = {"approach"}


@every_picture
def test_axes_are_named_with_their_units(name, figures):
    for axes in figures[name].axes:
        labels = {axes.get_ylabel()} | ({axes.get_xlabel()} if not is_colour_bar(axes) else set())
        for label in labels - WITHOUT:
            assert re.search(r"\([^()]+\)$", label), label


def is_colour_bar(axes):
    """Whether the axes are a scale of colours, which has no second axis."""
    return axes.get_label() == "<colorbar>"


@every_picture
def test_no_legend_covers_what_is_drawn(name, figures):
    figure = figures[name]
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()] + figure.legends
    for legend in legends:
        box = legend.get_window_extent(renderer)
        for axes in figure.axes:
            for line in axes.lines:
                if line.get_transform() == axes.transData:
                    at = axes.transData.transform(line.get_xydata())
                    assert not box.count_contains(at[np.isfinite(at).all(axis=1)]), line.get_label()


@every_picture
def test_no_texts_cover_each_other(name, figures):
    figure = figures[name]
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    for axes in figure.axes:
        texts = [text for text in axes.texts if text.get_text() and text.get_rotation() == 0]
        texts += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts if t.get_text()]
        pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]]
        assert [(a[0], b[0]) for a, b in pairs if a[1].overlaps(b[1])] == []


@every_picture
def test_everything_lies_within_the_page(name, figures):
    figure = figures[name]
    box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    width, height = figure.get_size_inches()
    slack = 0.02  # inches: rounding of text's boxes
    assert min(box.x0, box.y0) > -slack
    assert box.x1 < width + slack
    assert box.y1 < height + slack
