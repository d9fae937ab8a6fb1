"""style.py: lightness of its colours, files that are the same each time, settings left alone."""

from itertools import pairwise

import matplotlib
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from reference.pictures.style import MARKERS, RC, SERIES, new_figure, save, shades, styled


def lightness(colour):
    """L* of CIELAB, 0 to 100, from sRGB."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    y = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_lightness_by_hand():
    assert lightness("white") == pytest.approx(100, abs=0.01)
    assert lightness("#777777") == pytest.approx(50, abs=0.5)
    assert lightness("black") == 0


def test_series_differ_in_marker_and_dash_and_neighbours_in_lightness():
    for key in ("color", "linestyle", "marker"):
        assert len({look[key] for look in SERIES}) == len(SERIES)
    for one, next_ in pairwise(SERIES):
        assert abs(lightness(one["color"]) - lightness(next_["color"])) > 5
    assert len(set(MARKERS)) == len(MARKERS)


@pytest.mark.parametrize("n", [2, 6, 9])
def test_shades_grow_lighter_evenly_and_are_all_seen_on_white(n):
    light = [lightness(colour) for colour in shades(n)]
    steps = [b - a for a, b in pairwise(light)]
    assert min(steps) > 0.5 * max(steps)
    assert light[-1] < 82  # of 100, white's


def test_a_figure_gives_the_same_bytes_each_time(tmp_path):
    @styled
    def draw():
        figure, axes = new_figure()
        axes.plot([1, 2], [3, 4], **SERIES[0])
        axes.set_title("a title to search for")
        return figure

    for folder in ("a", "b"):
        paths = save(draw(), tmp_path / folder, "line")
        assert [path.name for path in paths] == ["line.png", "line.svg"]
    for name in ("line.png", "line.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    svg = (tmp_path / "a" / "line.svg").read_text()
    assert "a title to search for</text>" in svg  # text, not outlines
    assert (tmp_path / "a" / "line.png").read_bytes()[:4] == b"\x89PNG"


def test_a_notebook_shows_a_picture_at_its_width():
    figure, _ = new_figure(columns=2)  # 9 inches, at 150 and at 96 to the inch
    data, metadata = DisplayFormatter().format(figure)
    assert data["image/png"][:4] == b"\x89PNG"
    assert int.from_bytes(data["image/png"][16:20]) == 1350
    assert metadata["image/png"] == {"width": 864}
    assert "image/png" not in DisplayFormatter().format(Figure())[0]  # what Picture is for


def test_settings_of_the_caller_stay_as_they_were():
    before = dict(matplotlib.rcParams)
    seen = {}

    @styled
    def draw():
        seen.update(matplotlib.rcParams)
        return Figure()

    draw()
    assert dict(matplotlib.rcParams) == before
    assert {key: seen[key] for key in RC} == RC
    assert any(before[key] != value for key, value in RC.items())
