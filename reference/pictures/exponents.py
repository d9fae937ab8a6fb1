"""Exponents by approach: a of N_opt ∝ C^a with its interval, ours beside the published ones.

Slide "Joint data-model scaling laws", its table as a picture: a row an approach, a marker a source.
At 1/2 size and data grow alike; to the right of it, size grows faster.

Left out: b, which is 1 - a.
Proved by: each dot and each interval is its row's; sources differ in marker and shade.
"""

from collections.abc import Sequence

from matplotlib.figure import Figure

from reference.pictures.style import BLACK, BLUE, GREY, ORANGE, SKY, new_figure, styled
from reference.published_exponents import APPROACHES, Row

LOOKS = ((ORANGE, "D"), (BLACK, "o"), (BLUE, "s"), (GREY, "^"), (SKY, "v"))
APART = 0.19  # rows of one approach, of a distance of 1 between approaches


@styled
def picture(rows: Sequence[Row]) -> Figure:
    """Draw the rows of a table, those of one approach together, in the order they come."""
    figure, axes = new_figure(panel=(7.0, 4.0))
    sources = list(dict.fromkeys(row.source for row in rows))
    approaches = sorted({row.approach for row in rows}, key=APPROACHES.index)
    approaches += [
        name for name in dict.fromkeys(r.approach for r in rows) if name not in APPROACHES
    ]
    looks = {source: LOOKS[i % len(LOOKS)] for i, source in enumerate(sources)}
    named = set()
    for place, approach in enumerate(approaches):
        group = [row for row in rows if row.approach == approach]
        for i, row in enumerate(group):
            y = place + APART * (i - (len(group) - 1) / 2)
            colour, marker = looks[row.source]
            label = None if row.source in named else row.source
            named.add(row.source)
            numbers = f"{row.a:.2f}"
            if row.a_interval:
                low, high = row.a_interval
                axes.plot([low, high], [y, y], "-", color=colour, linewidth=2, marker="|", ms=7)
                numbers += f" ({low:.3f}, {high:.3f})"
            axes.plot(row.a, y, marker, color=colour, ms=6, linestyle="", label=label)
            axes.text(1.02, y, numbers, transform=axes.get_yaxis_transform(), va="center", size=8)
    axes.axvline(0.5, color=GREY, linestyle=":", zorder=1)
    alike = {"ha": "center", "va": "bottom", "size": 8, "color": GREY}
    axes.text(0.5, 1.01, "size and data alike", transform=axes.get_xaxis_transform(), **alike)
    axes.text(1.02, 1.01, "a (middle 80%)", transform=axes.transAxes, va="bottom", size=8)
    axes.set_yticks(range(len(approaches)), approaches)
    axes.set(xlabel="exponent a of the best size, $N_{opt} \\propto C^a$ (no unit)")
    axes.set_ylabel("approach")
    axes.invert_yaxis()
    axes.margins(x=0.1, y=0.12)
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside lower center", ncols=len(sources))
    return figure
