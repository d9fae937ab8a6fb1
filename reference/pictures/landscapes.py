"""Loss landscapes: slices through minima of models of other sizes, on the same scale.

Slide "All minima are global", its two pictures; the form is that of Li et al. 2018.
First the loss along one direction, all models over each other; then, a panel a model, contours over
two. Levels are even in the logarithm, and alike in all panels.

Left out: surfaces in perspective, which hide what lies behind.
Proved by: lines and contours are those of the slices; the first direction lies across.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from reference.loss_landscape import Slice
from reference.pictures.style import SERIES, new_figure, shades, styled

N_LEVELS = 10


@styled
def picture(slices: Mapping[str, tuple[Slice, Slice]], unit: str) -> Figure:
    """Draw for each label a slice along one direction and one along two; `unit` is the loss's."""
    figure, (first, *others) = new_figure(columns=1 + len(slices), panel=(4.0, 3.6))
    for (label, (line, _)), look in zip(slices.items(), SERIES, strict=False):
        first.plot(line.steps.cpu(), line.losses.cpu(), label=label, markevery=4, **look)
    first.set(xlabel="step along one direction (filter lengths)")
    first.set_ylabel(f"training loss ({unit})")
    first.set_title("\nAlong one direction")
    first.legend()

    planes = {label: plane for label, (_, plane) in slices.items()}
    positive = np.concatenate([plane.losses.cpu().flatten() for plane in planes.values()])
    # below a hundredth of the highest loss, contours would lie on each other
    least, most = max(positive.min(), positive.max() / 100), positive.max()
    levels = np.geomspace(least, most, N_LEVELS + 2)[1:-1]
    for axes, (label, plane) in zip(others, planes.items(), strict=True):
        steps = plane.steps.cpu()
        lines = axes.contour(
            steps, steps, plane.losses.cpu().T, levels=levels, colors=shades(N_LEVELS)
        )
        axes.clabel(lines, levels[2::2], fmt="%.2g", fontsize=7, colors="k")  # the rest is narrow
        axes.plot(0, 0, "k+", markersize=9)
        axes.set(xlabel="step along the first direction (filter lengths)", aspect="equal")
        axes.set_ylabel("step along the second (filter lengths)")
        axes.set_title(f"{label}\ntraining loss ({unit})")
    return figure
