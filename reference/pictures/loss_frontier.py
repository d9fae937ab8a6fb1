"""The loss frontier: training curves over each other, their lower envelope, and whose it is.

Slide "Joint data-model scaling laws", approach 1; the form is that of Hoffmann et al. 2022, Fig. 2.
Left, loss against the FLOPs spent, a line a size; right, the size of the lowest curve at each
budget, on the power law through those that lie between smaller and larger sizes.

Left out: runs apart; of each size, the lowest at each budget is drawn.
Proved by: the envelope is the least of the curves drawn; the sizes are the frontier's, and the line
is the law's.
"""

import numpy as np
from matplotlib.figure import Figure

from reference.compute_optimal import Exponents
from reference.frontier import LossCurves, frontier
from reference.pictures.style import BLACK, GREY, ORANGE, new_figure, power_of_ten, shades, styled

DASHES = ("-", "--", "-.", ":")


@styled
def picture(curves: LossCurves, exponents: Exponents) -> Figure:
    """Draw curves, their frontier, and the power law that approach 1 found."""
    figure, (left, right) = new_figure(columns=2)
    flops, sizes = np.exp(curves.log_flops), np.exp(curves.log_sizes)
    edge = frontier(curves)
    counted = np.where(edge.inside, edge.loss, np.nan)
    left.plot(edge.flops, counted, color="0.75", linewidth=6, solid_capstyle="butt", zorder=1)
    left.plot([], [], color="0.75", linewidth=6, label="frontier")
    for i, (size, curve, colour) in enumerate(
        zip(sizes, np.exp(curves.log_loss), shades(len(sizes)), strict=True)
    ):
        reached = np.isfinite(curve)
        label = power_of_ten(size, 1)
        dash = DASHES[i % len(DASHES)]
        left.plot(flops[reached], curve[reached], dash, color=colour, label=label)
    left.set(xscale="log", xlabel="training compute C = 6ND (FLOPs)")
    left.set(yscale="log", ylabel="loss on the way (nats a token)")
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_formatter("{x:g}")
    left.set_title("Training curves")
    handles = left.get_legend_handles_labels()
    figure.legend(*handles, loc="outside right upper", title="N (parameters)", title_fontsize=8)

    inside = edge.inside
    right.plot(edge.flops[inside], edge.n_params[inside], "o", color=BLACK, label="lowest curve")
    if not inside.all():
        outside = {"mfc": "none", "mec": GREY, "label": "lowest of all tried: not counted"}
        right.plot(edge.flops[~inside], edge.n_params[~inside], "o", **outside)
    ends = edge.flops[inside][[0, -1]]
    law = rf"$N_{{opt}} \propto C^{{{exponents.a:.2f}}}$"
    right.plot(ends, exponents.best_size(ends), "--", color=ORANGE, linewidth=2, label=law)
    right.set(xscale="log", yscale="log", xlabel="training compute C = 6ND (FLOPs)")
    right.set_ylabel("size of the lowest curve (parameters)")
    right.margins(y=0.12)
    right.set_title("The size of least loss")
    right.legend(loc="upper left")
    return figure
