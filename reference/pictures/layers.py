"""What stands in a layer of each stack, from the bottom to the top, and how the stacks are joined.

Slides "Transformer Encoder", "Transformer Encoder-decoder" (the decoder block). Each sub-layer is a
box; beside it runs the residual connection, to "add & norm" above it. Where there is a memory, an
arrow leads from the top of the first stack to the cross-attention of each layer of the second.

Left out: embeddings and the head; pre-norm, where the norm stands below the sub-layer.
Proved by: the boxes' order from bottom to top, one way around each sub-layer, no text on another.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from reference.pictures.style import BLUE, GREY, ORANGE, new_figure, styled

ENCODER_LAYER = ("self-attention", "feed-forward")
DECODER_LAYER = ("masked self-attention", "cross-attention", "feed-forward")
COLOURS = {"feed-forward": "#FFFFFF", "cross-attention": "#FBE3D6"}  # the others are light blue
STEP = 1.9  # from one sub-layer to the next, in units of a box's height


@styled
def picture(stacks: Mapping[str, Sequence[str]]) -> Figure:
    """Draw one layer of each stack; a "cross-attention" in the second asks the first."""
    tallest = max(map(len, stacks.values()))
    figure, axes = new_figure(panel=(3.4 * len(stacks), 0.95 * tallest + 1.1))
    axes.set_axis_off()
    for column, (name, sublayers) in enumerate(stacks.items()):
        _draw_layer(axes, 5.0 * column, name, sublayers)
    if len(stacks) > 1:
        first, second = list(stacks.values())[:2]
        _draw_memory(axes, STEP * len(first), STEP * second.index("cross-attention"))
    axes.set(xlim=(-2.6, 5.0 * len(stacks) - 2.4), ylim=(-1.8, STEP * tallest + 0.7))
    return figure


def _draw_layer(axes: Axes, x: float, name: str, sublayers: Sequence[str]) -> None:
    axes.text(x, -1.55, f"{name}, × N", ha="center", va="center", weight="bold")
    for i, sublayer in enumerate(sublayers):
        y = STEP * i
        _arrow(axes, [(x, y - 1.0 + 0.35 * (i > 0)), (x, y - 0.35)])
        _box(axes, x, y, sublayer, COLOURS.get(sublayer, "#DCEBF5"))
        _box(axes, x, y + 0.9, "add & norm", "#F0F0F0")
        _arrow(axes, [(x, y + 0.35), (x, y + 0.55)])
        around = [(x, y - 0.5), (x - 2.1, y - 0.5), (x - 2.1, y + 0.9), (x - 1.6, y + 0.9)]
        _arrow(axes, around, color=GREY, gid="residual")
    _arrow(axes, [(x, STEP * len(sublayers) - 0.65), (x, STEP * len(sublayers))])


def _draw_memory(axes: Axes, top: float, asked: float) -> None:
    corner = [(0.0, top), (2.2, top), (2.2, asked), (3.4, asked)]
    _arrow(axes, corner, color=ORANGE, gid="memory")
    axes.text(0.25, top + 0.3, "memory: keys and values", ha="left", va="center", color=ORANGE)


def _box(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    shape = FancyBboxPatch((x - 1.6, y - 0.35), 3.2, 0.7, boxstyle="round,pad=0,rounding_size=0.1")
    shape.set(facecolor=colour, edgecolor=BLUE, linewidth=1.0)
    axes.add_patch(shape)
    axes.text(x, y, text, ha="center", va="center")


def _arrow(axes: Axes, points: Sequence[tuple[float, float]], **look: Any) -> None:
    """Draw a line through the points, with a head at its end."""
    color = look.setdefault("color", "black")
    axes.plot(*zip(*points, strict=True), linewidth=1.1, **look)
    head = {"arrowstyle": "-|>", "color": color, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=points[-1], xytext=points[-2], arrowprops=head)
