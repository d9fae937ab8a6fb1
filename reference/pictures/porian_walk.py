"""Porian's walk: from Kaplan's exponent to Hoffmann's, one difference of set-up after the other.

Slide "Joint data-model scaling laws", the last row against the others; Porian et al. 2024, Fig. 1.
Each row changes one thing more; our exponent with its interval stands beside the authors' own.

Left out: the runs of each step.
Proved by: dots, intervals and the order are those of the walk.
"""

from collections.abc import Sequence

from matplotlib.figure import Figure

from reference.compute_optimal import Exponents
from reference.pictures.style import BLACK, GREY, ORANGE, new_figure, styled
from reference.published_runs import Change

GOALS = {0.73: "Kaplan", 0.5: "Hoffmann"}  # the slide's a


@styled
def picture(walk: Sequence[tuple[Change, Exponents]]) -> Figure:
    """Draw the steps from top to bottom."""
    figure, axes = new_figure(panel=(7.0, 3.6))
    beside = {"transform": axes.get_yaxis_transform(), "va": "center", "size": 8}
    for y, (step, found) in enumerate(walk):
        low, high = found.a_interval
        axes.plot([low, high], [y - 0.12] * 2, "-", color=ORANGE, marker="|", ms=7, linewidth=2)
        axes.text(1.02, y - 0.15, f"{found.a:.3f} ({low:.3f}, {high:.3f})", **beside)
        axes.text(1.02, y + 0.15, f"{step.authors:.3f}", **beside)
    rows = range(len(walk))
    ours, theirs = [e.a for _, e in walk], [step.authors for step, _ in walk]
    axes.plot(ours, [y - 0.12 for y in rows], "D", color=ORANGE, label="parabolas here, middle 80%")
    axes.plot(theirs, [y + 0.12 for y in rows], "o", color=BLACK, label="the authors' fits")
    axes.text(1.02, 1.01, "a (middle 80%)", transform=axes.transAxes, va="bottom", size=8)
    for a, name in GOALS.items():
        axes.axvline(a, color=GREY, linestyle=":", zorder=1)
        at = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "bottom", "size": 8}
        axes.text(a, 1.01, name, color=GREY, **at)
    axes.set_yticks(rows, [step.change for step, _ in walk])
    axes.set(
        xlabel="exponent a of the best size, $N_{opt} \\propto C^a$ (no unit)", ylabel="set-up"
    )
    axes.invert_yaxis()
    axes.margins(y=0.12)
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside lower center", ncols=2)
    return figure
