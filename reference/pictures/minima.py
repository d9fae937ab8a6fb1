"""Where training ends from many seeds, and the loss on the way from one end to another.

Slide "All minima are global". Left, the final losses of all seeds, sorted: level where every seed
ends alike, rising where the seed decides. Right, the loss on paths between two of these ends.

Left out: which seed ended where.
Proved by: the losses drawn are those of the runs; those below the floor are drawn on it.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from reference.minima import Minima
from reference.pictures.style import SERIES, new_figure, styled


@styled
def picture(
    runs: Mapping[str, Minima],
    paths: Mapping[str, Float[Tensor, " n_points"]],
    unit: str,
    floor: float = 1e-12,
) -> Figure:
    """Draw losses by seed and by path; below `floor` a loss counts as 0 and is drawn there."""
    figure, (left, right) = new_figure(columns=2)
    for (label, minima), look in zip(runs.items(), SERIES, strict=False):
        losses = minima.losses.clamp(min=floor).sort().values.cpu()
        left.plot(range(1, len(losses) + 1), losses, label=label, **look)
    left.set(yscale="log", xlabel="seeds, from lowest loss to highest (rank)")
    left.set_ylabel(f"training loss at the end ({unit})")
    left.locator_params(axis="x", integer=True)
    left.set_title("Where training ends")
    left.legend()

    for (label, losses), look in zip(paths.items(), SERIES, strict=False):
        t = torch.linspace(0, 1, len(losses))
        right.plot(t, losses.cpu(), label=label, markevery=max(len(losses) // 10, 1), **look)
    right.set(xlabel="share of the way from one end to the other (no unit)")
    right.set_ylabel(f"training loss ({unit})")
    right.set_title("Between two ends")
    right.legend()
    return figure
