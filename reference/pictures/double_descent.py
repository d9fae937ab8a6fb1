"""Double descent: test error over parameters and over samples, with and without the right ridge.

Slide "Why scaling?"; the form is that of Belkin et al. 2019, Fig. 1. A panel an axis; each shows
the median over repeats and, shaded, their middle half. The vertical line is where parameters are as
many as samples.

Left out: training errors.
Proved by: lines and shades are the curves' quantiles, the peak is drawn where the threshold is.
"""

from collections.abc import Sequence
from itertools import cycle

import torch
from matplotlib.figure import Figure

from reference.double_descent import Curve
from reference.pictures.style import GREY, SERIES, new_figure, styled


@styled
def picture(*panels: Sequence[Curve]) -> Figure:
    """Draw a panel for each group of curves over the same sizes."""
    figure, row = new_figure(columns=len(panels), squeeze=False)
    for axes, curves in zip(row.flat, panels, strict=True):
        kinds = {(curve.along, curve.threshold) for curve in curves}
        if len(kinds) != 1:
            raise ValueError(
                f"curves in one panel must share axis and threshold: got {sorted(kinds)}; draw one "
                "panel for each"
            )
        _draw(axes, curves)
    return figure


def _draw(axes, curves: Sequence[Curve]) -> None:
    for curve, look in zip(curves, cycle(SERIES), strict=False):
        tests = torch.stack([e.test for e in curve.errors])  # (n_sizes, n_repeats)
        quarters = tests.quantile(tests.new_tensor([0.25, 0.75]), 1)  # (2, n_sizes)
        axes.fill_between(curve.sizes, *quarters, alpha=0.2, color=look["color"], linewidth=0)
        axes.plot(curve.sizes, curve.median, label=curve.label, **look)
    along, threshold = curves[0].along, curves[0].threshold
    axes.axvline(threshold, color=GREY, label="as many parameters as samples", zorder=1)
    medians = torch.cat([curve.median for curve in curves])
    axes.set(xscale="log", xlabel=f"{along} (number)")
    axes.set_yscale("log" if medians.max() > 10 * medians.min() else "linear")
    axes.set_ylabel("test error (mean square, units of y²)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")  # 0.1, not 10⁻¹
    axes.set_title(f"More {along}")
    axes.legend()
