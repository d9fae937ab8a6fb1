"""Compute-optimal training: how large a model, on how much data, for a given budget of FLOPs?

Slide "Joint data-model scaling laws", the table; Hoffmann et al. 2022, §3. The best size grows as
N_opt ∝ C^a, the best number of tokens as D_opt ∝ C^b. Three ways to find a and b from runs:

    1 `minimum_over_curves`   at each budget, the size whose training curve is lowest     §3.1
    2 `isoflop_profiles`      runs that cost the same: the bottom of loss against size    §3.2
    3 `parametric_fit`        the joint law, fitted to all runs at once                   §3.3

Each takes runs, or points on their way, as columns, and counts C = 6 N D; so b = 1 - a. Intervals
hold the middle 80% of bootstrap draws, as in the table, whose row 3 reads a = 0.46 (0.454, 0.455)
and does not hold its own estimate (Besiroglu et al. 2024). Drawn are what can differ by chance:
curves, budgets, runs.

>>> from reference.joint_law import JointLaw
>>> law = JointLaw(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
>>> n, c = (grid.ravel() for grid in np.meshgrid(np.logspace(7, 11, 60), np.logspace(18, 22, 9)))
>>> d = c / (6 * n)
>>> [round(method(n, d, law.loss(n, d)).a, 2) for method in (isoflop_profiles, parametric_fit)]
[0.51, 0.51]
>>> round(law.optimal_exponents()[0], 2)
0.51

Left out: other counts of FLOPs (see `model_sizes`), smoothing of curves, drawing runs for method 2.
Proved by: the joint law's own exponents, where the runs follow one; numpy's polyfit; published runs
of Porian et al. 2024 and of Hoffmann et al. 2022, with the values of independent code.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from reference.joint_law import (
    FLOPS_PER_PARAMETER_AND_TOKEN,
    bootstrap_joint_law,
    fit_joint_law,
)
from reference.log_sum_fit import bootstrap_weights, logarithms
from reference.scaling_laws import LEVEL, Interval, interval, weighted_line

LOG_6 = np.log(FLOPS_PER_PARAMETER_AND_TOKEN)


@dataclass(frozen=True)
class Exponents:
    """A row of the table: N_opt ∝ C^a and D_opt ∝ C^b, with bootstrap intervals."""

    a: float
    a_interval: Interval
    b: float
    b_interval: Interval


def minimum_over_curves(
    n_params: Float[ndarray, " points"],
    n_tokens: Float[ndarray, " points"],
    loss: Float[ndarray, " points"],
    *,
    n_budgets: int = 200,
    draws: int = 400,
    level: float = LEVEL,
    seed: int = 0,
) -> Exponents:
    """Ask at each budget which size has the least loss; drawn are the sizes, each with its curve.

    Points of one size are one curve, its loss linear between them in logarithms. A budget counts
    where smaller and larger sizes were tried too: else the least loss may lie beyond them.
    """
    log_n, log_d, log_loss = logarithms(4, n_params=n_params, n_tokens=n_tokens, loss=loss)
    log_c = LOG_6 + log_n + log_d
    sizes = np.unique(log_n)
    budgets = np.linspace(log_c.min(), log_c.max(), n_budgets)
    curves = np.full((len(sizes), n_budgets), np.inf)
    for curve, size in zip(curves, sizes, strict=True):
        points = np.flatnonzero(log_n == size)
        points = points[np.lexsort((log_loss[points], log_c[points]))]
        c, first = np.unique(log_c[points], return_index=True)  # of equal budgets, the least loss
        curve[:] = np.interp(budgets, c, log_loss[points][first], left=np.inf, right=np.inf)

    drawn = bootstrap_weights(draws, len(sizes), np.random.default_rng(seed)) > 0
    drawn = np.concatenate([np.ones((1, len(sizes)), bool), drawn])  # the first draw is all curves
    winners, counts = _lowest(curves, drawn)
    if len(np.unique(winners[0][counts[0]])) < 2:
        raise ValueError(
            "the best size must change with the budget, and lie between smaller and larger ones: "
            f"got {len(sizes)} sizes, and {counts[0].sum()} of {n_budgets} budgets where it does; "
            "add sizes, or points early and late in training"
        )
    a, _ = weighted_line(budgets[None], sizes[winners], counts.astype(np.float64))
    return _exponents(a, level)


def isoflop_profiles(
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    *,
    width: int = 5,
    same_budget: float = 0.01,
    draws: int = 400,
    level: float = LEVEL,
    seed: int = 0,
) -> Exponents:
    """Fit a parabola round the least loss of each budget; drawn are budgets, each with its bottom.

    The parabola, in log N, goes through the `width` sizes in whose middle the least loss is. Runs
    are of one budget where 6 N D differs by no more than a share of `same_budget` from the next.
    """
    if width < 3 or width % 2 == 0:
        raise ValueError(
            f"width must be odd, 3 or more: got {width}; as many sizes on either side of the least"
        )
    log_n, log_d, log_loss = logarithms(6, n_params=n_params, n_tokens=n_tokens, loss=loss)
    log_c = LOG_6 + log_n + log_d
    order = np.argsort(log_c)
    gaps = np.flatnonzero(np.diff(log_c[order]) > np.log1p(same_budget))
    bottoms = []
    for runs in np.split(order, gaps + 1):
        runs = runs[np.argsort(log_n[runs])]
        bottom = _bottom(log_n[runs], np.exp(log_loss[runs]), width // 2)
        if bottom is not None:
            bottoms.append((log_c[runs].mean(), bottom))
    if len(bottoms) < 2:
        raise ValueError(
            "at least 2 budgets must have a least loss with larger losses on both sides: got "
            f"{len(bottoms)} of {len(gaps) + 1}; for each budget, train sizes well below and above "
            "the best"
        )
    x, y = np.array(bottoms).T
    weights = bootstrap_weights(draws, len(x), np.random.default_rng(seed))
    weights = np.concatenate([np.ones((1, len(x))), weights])  # the first draw is all budgets
    a, _ = weighted_line(x[None], y[None], weights)
    return _exponents(a, level)


def parametric_fit(
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    *,
    huber_delta: float = 1e-3,
    draws: int = 400,
    level: float = LEVEL,
    seed: int = 0,
) -> Exponents:
    """Fit the joint law, whose exponents give a and b; drawn are the runs."""
    runs = n_params, n_tokens, loss
    laws = [
        fit_joint_law(*runs, huber_delta=huber_delta),
        *bootstrap_joint_law(*runs, huber_delta=huber_delta, draws=draws, seed=seed),
    ]
    return _exponents(np.array([law.optimal_exponents()[0] for law in laws]), level)


def _lowest(
    curves: Float[ndarray, "sizes budgets"], drawn: Bool[ndarray, "draws sizes"]
) -> tuple[ndarray, Bool[ndarray, "draws budgets"]]:
    """Which drawn size is lowest at each budget, and is it neither the smallest nor the largest?"""
    winners, counts = [], []
    for chosen in drawn:
        losses = np.where(chosen[:, None], curves, np.inf)  # (sizes, budgets)
        finite = np.isfinite(losses)
        smallest = finite.argmax(axis=0)
        largest = len(losses) - 1 - finite[::-1].argmax(axis=0)
        winner = losses.argmin(axis=0)
        winners.append(winner)
        counts.append((smallest < winner) & (winner < largest))
    return np.stack(winners), np.stack(counts)


def _bottom(log_n: ndarray, loss: ndarray, reach: int) -> float | None:
    """Give log N at the bottom of the parabola round the least loss, None if it has no bottom."""
    lowest = int(loss.argmin())
    around = slice(max(lowest - reach, 0), lowest + reach + 1)
    if lowest in (0, len(loss) - 1) or len(np.unique(log_n[around])) < 3:
        return None
    middle = log_n[lowest]
    curvature, slope, _ = np.polyfit(log_n[around] - middle, loss[around], 2)
    return float(middle - slope / (2 * curvature)) if curvature > 0 else None


def _exponents(a: Float[ndarray, " draws"], level: float) -> Exponents:
    """Make the table's row; the first of these a is that of all data."""
    low, high = interval(a[1:], level)
    return Exponents(float(a[0]), (low, high), float(1 - a[0]), (1 - high, 1 - low))
