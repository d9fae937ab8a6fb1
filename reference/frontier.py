"""The loss frontier: of all training curves, the lowest at each budget, and the size it belongs to.

Slide "Joint data-model scaling laws", approach 1; Hoffmann et al. 2022, §3.1, Figure 2. While a
model trains, its loss falls with the FLOPs spent. Small models fall first, and flatten first; drawn
over each other, the curves have a lower envelope, touched by larger and larger models.

Two curves that cross where each has spent 6e14 FLOPs; no third size proves either best:

>>> n = np.repeat([1e6, 2e6], 3)
>>> d = np.tile([2.5e7, 1e8, 4e8], 2) * 1e6 / n
>>> edge = frontier(loss_curves(n, d, np.array([4.0, 3.5, 3.4, 4.5, 3.5, 3.0]), n_budgets=3))
>>> [f"{size:.0e}" for size in edge.n_params[::2]], edge.inside.tolist()
(['1e+06', '2e+06'], [False, False, False])

Left out: smoothing of curves.
Proved by: the joint law, whose best sizes are known at each budget; curves that cross where we
say; numpy's interp.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy import ndarray

from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN
from reference.log_sum_fit import logarithms


@dataclass(frozen=True)
class LossCurves:
    """Logarithms of the loss of each size at each budget; infinite where no run of it has been."""

    log_sizes: Float[ndarray, " sizes"]
    log_flops: Float[ndarray, " budgets"]
    log_loss: Float[ndarray, "sizes budgets"]

    def lowest(
        self, drawn: Bool[ndarray, "draws sizes"]
    ) -> tuple[ndarray, Bool[ndarray, "draws budgets"]]:
        """Which drawn size is lowest at each budget, and is it neither smallest nor largest there?

        Where smaller and larger sizes were not tried too, the least loss may lie beyond them.
        """
        winners, inside = [], []
        for chosen in drawn:
            losses = np.where(chosen[:, None], self.log_loss, np.inf)  # (sizes, budgets)
            finite = np.isfinite(losses)
            smallest = finite.argmax(axis=0)
            largest = len(losses) - 1 - finite[::-1].argmax(axis=0)
            winner = losses.argmin(axis=0)
            winners.append(winner)
            inside.append((smallest < winner) & (winner < largest))
        return np.stack(winners), np.stack(inside)


@dataclass(frozen=True)
class Frontier:
    """The least loss at each budget that a curve has reached, and the size that has it."""

    flops: Float[ndarray, " budgets"]
    n_params: Float[ndarray, " budgets"]
    loss: Float[ndarray, " budgets"]
    inside: Bool[ndarray, " budgets"]  # smaller and larger sizes were tried too


def loss_curves(
    n_params: Float[ndarray, " points"],
    n_tokens: Float[ndarray, " points"],
    loss: Float[ndarray, " points"],
    *,
    runs: Shaped[ndarray, " points"] | None = None,
    n_budgets: int = 200,
) -> LossCurves:
    """Read off each curve at equal steps of log C, its log-loss linear in log C between points.

    Points of one of the `runs` are a curve, else those of one size. A size with several runs, as of
    other lengths and seeds, has at each budget the loss of the lowest.
    """
    log_n, log_d, log_loss = logarithms(4, n_params=n_params, n_tokens=n_tokens, loss=loss)
    log_c = np.log(FLOPS_PER_PARAMETER_AND_TOKEN) + log_n + log_d
    sizes, of_size = np.unique(log_n, return_inverse=True)
    budgets = np.linspace(log_c.min(), log_c.max(), n_budgets)
    lowest = np.full((len(sizes), n_budgets), np.inf)
    labels = of_size if runs is None else np.unique(runs, return_inverse=True)[1]
    for label in range(labels.max() + 1):
        points = np.flatnonzero(labels == label)
        size = of_size[points[0]]
        if (of_size[points] != size).any():
            raise ValueError(
                f"the points of a run must have one n_params: got "
                f"{np.unique(n_params[points])[:2].tolist()} in one; number runs apart"
            )
        points = points[np.lexsort((log_loss[points], log_c[points]))]
        c, first = np.unique(log_c[points], return_index=True)  # of equal budgets, the least loss
        curve = np.interp(budgets, c, log_loss[points][first], left=np.inf, right=np.inf)
        lowest[size] = np.minimum(lowest[size], curve)
    return LossCurves(sizes, budgets, lowest)


def frontier(curves: LossCurves) -> Frontier:
    """Take the lower envelope of all curves."""
    reached = np.isfinite(curves.log_loss).any(axis=0)
    (winner,), (inside,) = curves.lowest(np.ones((1, len(curves.log_sizes)), bool))
    return Frontier(
        flops=np.exp(curves.log_flops[reached]),
        n_params=np.exp(curves.log_sizes[winner[reached]]),
        loss=np.exp(curves.log_loss.min(axis=0)[reached]),
        inside=inside[reached],
    )
