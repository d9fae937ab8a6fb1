"""One style for all pictures: told apart in grey and without red and green, sharp at any size.

Lines differ in colour (Okabe & Ito's, which most colour-blind people tell apart), in lightness, in
dash and in marker; what comes in an order (budgets, sizes) runs from dark to light along cividis,
whose lightness grows evenly. Text in SVG stays text; the same figure gives the same bytes. As the
last value of a notebook's cell, a picture is shown.

>>> figure, axes = new_figure(columns=2)
>>> figure.get_size_inches().tolist()
[9.0, 3.6]

Left out: dark pages; pyplot, whose state one picture would leave to the next.
Proved by: lightness of the colours, steps between neighbours; bytes of two files of one figure;
IPython's own formatter.
"""

import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

P = ParamSpec("P")

PANEL = (4.5, 3.6)  # inches, width and height of one pair of axes
DPI = 150
BLACK, GREY, BLUE = "#000000", "#767676", "#0072B2"
ORANGE, SKY = "#D55E00", "#56B4E9"
SERIES = (  # of neighbours, no two share a colour, a dash or a marker
    {"color": BLACK, "linestyle": "-", "marker": "o"},
    {"color": ORANGE, "linestyle": "--", "marker": "s"},
    {"color": BLUE, "linestyle": "-.", "marker": "^"},
    {"color": SKY, "linestyle": ":", "marker": "D"},
)
MARKERS = "osD^vPX*<>"
RC: Any = {  # settings of matplotlib, checked by it
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.facecolor": "white",
    "font.size": 9,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.framealpha": 0.9,
    "legend.frameon": True,
    "legend.edgecolor": "0.8",
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "svg.fonttype": "none",  # text that can be searched and read aloud
    "svg.hashsalt": "intro-to-llms",  # the same names of parts each time
}


class Picture(Figure):
    """A figure that a notebook shows by itself: Figure leaves that to pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Give the PNG, and its width on the page in pixels, of which each is drawn finer."""
        png = io.BytesIO()
        with matplotlib.rc_context(RC):
            self.savefig(png, format="png", dpi=DPI)
        return png.getvalue(), {"width": round(96 * self.get_size_inches()[0])}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in this style, and lay out at once: what matplotlib's settings are outside stays."""

    @wraps(draw)
    def picture(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(RC):
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
            return figure

    return picture


def new_figure(
    rows: int = 1, columns: int = 1, panel: tuple[float, float] = PANEL, **options: Any
) -> tuple[Figure, Any]:
    """Make a figure of equal panels, and its axes: one, or an array of them."""
    width, height = panel
    figure = Picture(figsize=(columns * width, rows * height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def shades(n: int) -> list[Any]:
    """Give n colours in an order: dark to light, the lightest still seen on white."""
    return [colormaps["cividis"](share) for share in np.linspace(0, 0.85, n)]


def power_of_ten(value: float, digits: int = 0) -> str:
    """Write 3.2e10 as 3 × 10¹⁰ in TeX."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return rf"${mantissa} \times 10^{{{int(exponent)}}}$"


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write name.png and name.svg into the folder; the SVG without the time of day."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{ending}" for ending in ("png", "svg")]
    with matplotlib.rc_context(RC):
        figure.savefig(paths[0], dpi=DPI)
        figure.savefig(paths[1], metadata={"Date": None})
    return paths
