"""What each way to adapt a model trains, and how well the model then does.

Slides "Adaptation". One mark for each method: its mean accuracy against the parameters that it
trains, on a logarithmic axis, with the range over the seeds; the last slide's 1% is drawn too.

Left out: the accuracy of always naming the more frequent class, which would press all marks into
the upper edge; it stands in the title.
Proved by: the marks, ranges and the line are at the numbers that were passed.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from matplotlib.figure import Figure

from reference.adaptation import Result
from reference.pictures.style import BLACK, GREY, MARKERS, SKY, new_figure, styled


@styled
def picture(results: Mapping[str, Sequence[Result]], chance: float) -> Figure:
    """Draw the runs of each method, one a seed; `chance` is the more frequent class's share."""
    figure, axes = new_figure(panel=(7.2, 3.9))
    for (name, runs), marker in zip(results.items(), MARKERS, strict=False):
        percent = [100 * run.accuracy for run in runs]
        mean = fmean(percent)
        axes.errorbar(
            runs[0].trainable,
            mean,
            yerr=[[mean - min(percent)], [max(percent) - mean]],
            fmt=marker,
            color=BLACK,
            markerfacecolor=SKY,
            markersize=8,
            capsize=4,
            label=name,
        )
    model = min(run.total for runs in results.values() for run in runs)
    axes.axvline(0.01 * model, color=GREY, linestyle=":", label="1% of the model's")
    axes.set_xscale("log")
    axes.set(xlabel="trained parameters (number)", ylabel="accuracy on unseen sentences (%)")
    axes.set_title(f"Ways to adapt one model (always the more frequent class: {chance:.1%})")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
