"""An early stop: where searches end that should all end at one point, and how far down it lies.

Slide "Joint data-model scaling laws", row 3. Left, over the exponents, where L-BFGS-B with its
default tolerances stops from many starts, the published coefficients, and the way from the best
stop to the minimum once the objective is scaled. Right, the objective on that way.

Left out: A, B and E, which move along.
Proved by: every point drawn is a stop or a step; the last step is the minimum.
"""

from collections.abc import Sequence

from matplotlib.figure import Figure

from reference.early_stop import Stop
from reference.joint_law import JointLaw
from reference.pictures.style import BLACK, BLUE, GREY, ORANGE, new_figure, styled

MARGIN = 0.03  # in both exponents, round what is told apart


@styled
def picture(stops: Sequence[Stop], steps: Sequence[Stop], published: JointLaw) -> Figure:
    """Draw stops, and the steps from the best of them to the minimum."""
    figure, (left, right) = new_figure(columns=2)
    alphas, betas = ([getattr(s.law, name) for s in stops] for name in ("alpha", "beta"))
    path = [[getattr(step.law, name) for step in steps] for name in ("alpha", "beta")]
    left.plot(*path, "-", color=BLUE, linewidth=1, label="objective scaled: on from there")
    left.plot(alphas, betas, "o", mfc="none", mec=GREY, label="stops, default tolerances")
    left.plot(published.alpha, published.beta, "x", color=ORANGE, ms=9, mew=2, label="published")
    left.plot(path[0][-1], path[1][-1], "*", color=BLACK, ms=11, label="minimum")
    for limits, values, centre in (
        (left.set_xlim, path[0], published.alpha),
        (left.set_ylim, path[1], published.beta),
    ):
        limits(min(*values, centre) - MARGIN, max(*values, centre) + MARGIN)
    (low, high), (bottom, top) = left.get_xlim(), left.get_ylim()
    beyond = sum(
        not (low < a < high and bottom < b < top) for a, b in zip(alphas, betas, strict=True)
    )
    left.set_title(f"Where searches end; {beyond} of {len(stops)} beyond the frame")
    left.set(xlabel="α, exponent of size (no unit)", ylabel="β, exponent of data (no unit)")

    objectives = [1e3 * step.objective for step in steps]
    right.plot(range(len(steps)), objectives, "-", color=BLUE, linewidth=1)
    right.plot(0, objectives[0], "o", mfc="none", mec=GREY)
    right.plot(len(steps) - 1, objectives[-1], "*", color=BLACK, ms=11)
    right.set(xlabel="steps from the best stop (number)")
    right.set_ylabel("sum of Huber losses over runs (10⁻³)")
    right.set_title("How much lower the minimum is")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure
