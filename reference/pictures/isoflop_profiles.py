"""IsoFLOP profiles: loss against size at each budget, and how the best size grows with compute.

Slide "Joint data-model scaling laws", approach 2; the form is that of Hoffmann et al. 2022, Fig. 3.
Left, a parabola round the least loss of each budget, with its bottom marked; right, the bottoms
against the budgets, on the power law through them.

Left out: the intervals (see `exponents`), budgets' bottoms in tokens.
Proved by: the bottoms drawn are the parabolas', and on them the curves have their least; the line
is the law's.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from reference.compute_optimal import Exponents
from reference.pictures.style import BLACK, MARKERS, new_figure, power_of_ten, shades, styled
from reference.profiles import Profile


@styled
def picture(profiles: Sequence[Profile], exponents: Exponents) -> Figure:
    """Draw profiles, in the order of their budgets, and the power law that approach 2 found."""
    figure, (left, right) = new_figure(columns=2)
    colours = shades(len(profiles))
    for profile, colour, marker in zip(profiles, colours, _markers(profiles), strict=True):
        look = {"color": colour, "marker": marker}
        label = power_of_ten(profile.flops, 1)
        left.plot(profile.n_params, profile.loss, linestyle="", alpha=0.8, label=label, **look)
        bottom = profile.parabola
        if bottom is None:
            continue
        sizes = np.geomspace(bottom.smallest, bottom.largest, 101)
        left.plot(sizes, bottom(sizes), color=colour)
        left.plot(bottom.n_params, bottom.loss, "*", color="white", mec=BLACK, ms=11, zorder=3)
        right.plot(profile.flops, bottom.n_params, markersize=7, linestyle="", **look)
    left.plot([], [], "*", color="white", mec=BLACK, ms=11, label="least loss")
    left.set(xscale="log", xlabel="model size N (parameters)", ylabel="loss (nats a token)")
    left.set_title("Loss at one budget")
    figure.legend(loc="outside right upper", title="C (FLOPs)", title_fontsize=8)

    budgets = np.array([p.flops for p in profiles])
    ends = np.array([budgets.min() / 1.5, budgets.max() * 1.5])
    law = rf"$N_{{opt}} \propto C^{{{exponents.a:.2f}}}$"
    right.plot(ends, exponents.best_size(ends), color=BLACK, linestyle="--", zorder=1)
    right.annotate(law, (0.05, 0.9), xycoords="axes fraction", size=10)
    right.set(xscale="log", yscale="log", xlabel="training compute C = 6ND (FLOPs)")
    right.set_ylabel("best model size (parameters)")
    right.set_title("The size of least loss")
    return figure


def _markers(profiles: Sequence[Profile]) -> list[str]:
    return [MARKERS[i % len(MARKERS)] for i in range(len(profiles))]
