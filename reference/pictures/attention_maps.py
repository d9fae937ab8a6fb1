"""Who looks at whom: attention weights as squares, a row for each query, a column for each key.

Slides "Self-attention", "Multi-head Attention", "Masked self-attention". The darker a square, the
larger the share; every map has the same scale, from 0 to 1, so that they can be compared.

Left out: numbers in the squares; the heads' values, without which weights say little.
Proved by: each map is drawn as it was passed, on the one scale; the ticks name the tokens in order.
"""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from reference.pictures.style import new_figure, styled

SQUARE = 0.21  # inches: a token's name fits beside it


@styled
def picture(
    maps: Mapping[str, Float[Tensor, "n m"]],
    queries: Sequence[str],
    keys: Sequence[str] | None = None,
    *,
    columns: int = 3,
) -> Figure:
    """Draw maps of the same tokens under their titles; without `keys`, these are the queries."""
    keys = queries if keys is None else keys
    columns = min(columns, len(maps))
    rows = -(-len(maps) // columns)
    panel = (max(2.2, SQUARE * len(keys) + 1.3), max(2.2, SQUARE * len(queries) + 1.5))
    figure, grid = new_figure(rows, columns, panel, squeeze=False)
    for axes, (title, weights) in zip(grid.flat, maps.items(), strict=False):
        squares = axes.imshow(weights.detach().cpu().numpy(), cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(keys)), keys, rotation=90)
        axes.set_yticks(range(len(queries)), queries)
        axes.set(xlabel="looks at (key)", ylabel="who looks (query)", title=title)
        axes.grid(visible=False)
    for axes in grid.flat[len(maps) :]:
        axes.remove()
    bar = figure.colorbar(squares, ax=[*grid.flat[: len(maps)]], shrink=0.6, aspect=30)
    bar.set_label("weight (share of 1)")
    return figure
