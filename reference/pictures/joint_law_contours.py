"""The joint law: lines of equal loss over compute and size, the runs, and the best size.

Slide "Joint data-model scaling laws", approach 3; the form is that of Hoffmann et al. 2022, Fig. 4
(left). Where the line of best sizes crosses a contour, the contour is vertical: no other size
reaches that loss for less.

Left out: what the law misses by at each run, but for its root mean square in the title.
Proved by: the line is the law's allocation, and of each contour it meets the leftmost point.
"""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from numpy import ndarray

from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN, JointLaw
from reference.pictures.style import BLACK, ORANGE, new_figure, shades, styled

GRID = 200  # points along each axis


@styled
def picture(
    law: JointLaw,
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    n_levels: int = 12,
) -> Figure:
    """Draw a law and the runs that it was fitted to."""
    figure, axes = new_figure(panel=(6.5, 4.6))
    flops = FLOPS_PER_PARAMETER_AND_TOKEN * n_params * n_tokens
    c = np.geomspace(flops.min() / 2, flops.max() * 2, GRID)
    n = np.geomspace(n_params.min() / 1.6, n_params.max() * 1.6, GRID)
    at = law.loss(n[:, None], c / (FLOPS_PER_PARAMETER_AND_TOKEN * n[:, None]))  # (size, budget)
    # in equal steps of the logarithm of what is left to learn: the contours lie apart evenly
    left_to_learn = np.quantile(loss, [0, 1]) - law.E
    levels = law.E + np.geomspace(max(left_to_learn[0], 1e-3), left_to_learn[1], n_levels)
    lines = axes.contour(c, n, at, levels=levels, colors=shades(n_levels))
    best = law.optimal_allocation(c)[0]
    axes.plot(c, best, color=ORANGE, linewidth=2.5, label="best size at each budget")
    axes.plot(flops, n_params, "o", color=BLACK, mfc="none", ms=4, label="runs")
    axes.set(xscale="log", xlabel="training compute C = 6ND (FLOPs)", xlim=c[[0, -1]])
    axes.set(yscale="log", ylabel="model size N (parameters)", ylim=n[[0, -1]])
    axes.clabel(lines, fmt="%.2f", fontsize=8, colors="k")
    miss = np.sqrt(np.mean(np.log(loss / law.loss(n_params, n_tokens)) ** 2))
    axes.set_title(
        f"L(N, D) = {law.E:.2f} + {law.A:.3g} / N$^{{{law.alpha:.2f}}}$"
        f" + {law.B:.3g} / D$^{{{law.beta:.2f}}}$ nats a token; misses runs by {miss:.1%}"
    )
    axes.legend(loc="upper left")
    return figure
