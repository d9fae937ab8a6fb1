"""Three families on one sentence: which token sees which, and what is to be said where.

Slide "LLMs Taxonomy". A panel a family. A row is a token that looks, a column a token that may be
seen, a dark cell says that it is. On the right of a row stands what is predicted there, if anything
is. In an encoder-decoder the encoder's tokens come first, and lines part them from the decoder's.

Left out: layers, heads and weights: how much is seen.
Proved by: the cells are those that were passed, in this order; each prediction stands at its row.
"""

from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Bool
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from reference.pictures.style import BLACK, BLUE, GREY, new_figure, styled


class Family(NamedTuple):
    """What goes in, which of it each place sees, and what each place is to say ("" for nothing)."""

    name: str
    tokens: Sequence[str]
    sees: Bool[Tensor, "n n"]  # row: who looks; column: what is seen
    targets: Sequence[str]
    n_encoder: int = 0  # tokens before the decoder's, where there are both


@styled
def picture(families: Sequence[Family]) -> Figure:
    """Draw a panel for each family."""
    figure, row = new_figure(columns=len(families), panel=(3.0, 3.5), squeeze=False)
    for axes, family in zip(row.flat, families, strict=True):
        _draw(axes, family)
    return figure


def _draw(axes, family: Family) -> None:
    n = len(family.tokens)
    if tuple(family.sees.shape) != (n, n) or len(family.targets) != n:
        raise ValueError(
            f"{family.name}: {n} tokens need an (n, n) mask and n targets: got "
            f"{tuple(family.sees.shape)} and {len(family.targets)}; write '' where nothing is said"
        )
    shown = ListedColormap(["white", BLUE])
    axes.pcolormesh(family.sees.numpy(), cmap=shown, vmin=0, vmax=1, edgecolor="0.8", linewidth=0.6)
    if family.n_encoder:
        for line in (axes.axhline, axes.axvline):
            line(family.n_encoder, color=BLACK, linewidth=2)
    middles = [i + 0.5 for i in range(n)]
    axes.set_xticks(middles, family.tokens, rotation=90)
    axes.set_yticks(middles, family.tokens)
    says = axes.secondary_yaxis("right")
    says.set_yticks(middles, family.targets)
    says.set_ylabel("says (target)")
    says.tick_params(length=0)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.set(xlabel="is seen (token)", ylabel="looks (token)")
    axes.set_title(family.name)
    for spine in (*axes.spines.values(), says.spines["right"]):
        spine.set(color=GREY, visible=True)
