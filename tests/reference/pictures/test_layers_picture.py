"""The picture of layers: what stands above what, what leads around it, and who is asked."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reference.pictures.layers import DECODER_LAYER, ENCODER_LAYER, picture

STACKS = {"encoder": ENCODER_LAYER, "decoder": DECODER_LAYER}


@pytest.fixture(scope="module")
def axes():
    (axes,) = picture(STACKS).axes
    return axes


def is_written(text):
    """Whether it is no arrow's head, which matplotlib keeps as a text of nothing."""
    return text.get_text() != ""


def lines(axes, gid):
    return [line.get_xydata() for line in axes.lines if line.get_gid() == gid]


@pytest.mark.parametrize(("x", "name"), [(0, "encoder"), (5, "decoder")])
def test_each_sublayer_stands_on_the_one_before_under_its_sum_and_norm(axes, x, name):
    column = [text for text in axes.texts if text.get_position()[0] == x and is_written(text)]
    upwards = [t.get_text() for t in sorted(column, key=lambda text: text.get_position()[1])]
    expected = [f"{name}, × N"]
    for sublayer in STACKS[name]:
        expected += [sublayer, "add & norm"]
    assert upwards == expected


def test_one_connection_leads_around_each_sublayer_to_its_sum(axes):
    around = lines(axes, "residual")
    assert len(around) == len(ENCODER_LAYER) + len(DECODER_LAYER)
    for points in around:
        x, start, end = *points[0], points[-1][1]
        passed = {
            text.get_text(): text.get_position()[1]
            for text in filter(is_written, axes.texts)
            if text.get_position()[0] == x and start < text.get_position()[1] <= end
        }
        assert len(passed) == 2  # the sub-layer, and where its output is added
        assert passed["add & norm"] == end


def test_the_memory_leads_from_the_encoders_top_to_cross_attention_alone(axes):
    (points,) = lines(axes, "memory")
    at = {text.get_text(): text.get_position() for text in axes.texts}
    encoder = [t.get_position() for t in filter(is_written, axes.texts) if t.get_position()[0] == 0]
    assert points[0][0] == 0
    assert points[0][1] > max(y for _, y in encoder)
    assert points[-1][1] == at["cross-attention"][1]
    (alone,) = picture({"encoder": ENCODER_LAYER}).axes
    assert lines(alone, "memory") == []


def test_no_text_covers_another_and_all_lie_within_the_page():
    figure = picture(STACKS)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    (axes,) = figure.axes
    boxes = [text.get_window_extent(renderer) for text in filter(is_written, axes.texts)]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    box, (width, height) = figure.get_tightbbox(renderer), figure.get_size_inches()
    assert 0 <= box.x0 < box.x1 <= width
    assert 0 <= box.y0 < box.y1 <= height
