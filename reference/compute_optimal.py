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

Left out: other counts of FLOPs (see `model_sizes`), drawing runs for method 2.
Proved by: the joint law's own exponents, where the runs follow one; numpy's polyfit; published runs
of Porian et al. 2024 and of Hoffmann et al. 2022, with the values of independent code.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from reference.frontier import loss_curves
from reference.joint_law import bootstrap_joint_law, fit_joint_law
from reference.log_sum_fit import bootstrap_weights
from reference.profiles import isoflop_runs
from reference.scaling_laws import LEVEL, Interval, interval, weighted_line


@dataclass(frozen=True)
class Exponents:
    """A row of the table: N_opt ∝ C^a and D_opt ∝ C^b, with bootstrap intervals."""

    a: float
    a_interval: Interval
    b: float
    b_interval: Interval
    coefficient: float

    def best_size(self, flops: float | ndarray) -> float | ndarray:
        """Give N_opt = coefficient * C^a."""
        return self.coefficient * flops**self.a


def minimum_over_curves(
    n_params: Float[ndarray, " points"],
    n_tokens: Float[ndarray, " points"],
    loss: Float[ndarray, " points"],
    *,
    runs: Shaped[ndarray, " points"] | None = None,
    n_budgets: int = 200,
    draws: int = 400,
    level: float = LEVEL,
    seed: int = 0,
) -> Exponents:
    """Ask at each budget which size has the least loss; drawn are the sizes, each with its curve.

    Points of one of the `runs` are a curve, else those of one size. A budget counts where smaller
    and larger sizes were tried too: else the least loss may lie beyond them.
    """
    curves = loss_curves(n_params, n_tokens, loss, runs=runs, n_budgets=n_budgets)
    sizes = curves.log_sizes
    drawn = bootstrap_weights(draws, len(sizes), np.random.default_rng(seed)) > 0
    drawn = np.concatenate([np.ones((1, len(sizes)), bool), drawn])  # the first draw is all sizes
    winners, counts = curves.lowest(drawn)
    if len(np.unique(winners[0][counts[0]])) < 2:
        raise ValueError(
            "the best size must change with the budget, and lie between smaller and larger ones: "
            f"got {len(sizes)} sizes, and {counts[0].sum()} of {n_budgets} budgets where it does; "
            "add sizes, or points early and late in training"
        )
    lines = weighted_line(curves.log_flops[None], sizes[winners], counts.astype(np.float64))
    return _exponents(*lines, level)


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

    What `width` and `same_budget` are, and the parabolas themselves: see `profiles`.
    """
    profiles = isoflop_runs(n_params, n_tokens, loss, width=width, same_budget=same_budget)
    bottoms = [(p.flops, p.parabola.n_params) for p in profiles if p.parabola]
    if len(bottoms) < 2:
        raise ValueError(
            "at least 2 budgets must have a least loss with larger losses on both sides: got "
            f"{len(bottoms)} of {len(profiles)}; for each budget, train sizes well below and above "
            "the best"
        )
    x, y = np.log(bottoms).T
    weights = bootstrap_weights(draws, len(x), np.random.default_rng(seed))
    weights = np.concatenate([np.ones((1, len(x))), weights])  # the first draw is all budgets
    return _exponents(*weighted_line(x[None], y[None], weights), level)


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
    a = np.array([law.optimal_exponents()[0] for law in laws])
    log_coefficient = np.log(np.atleast_1d(laws[0].optimal_allocation(1.0)[0]))
    return _exponents(a, log_coefficient, level)


def _exponents(
    a: Float[ndarray, " draws"], log_coefficient: Float[ndarray, " _"], level: float
) -> Exponents:
    """Make the table's row; the first of these a is that of all data."""
    low, high = interval(a[1:], level)
    return Exponents(
        a=float(a[0]),
        a_interval=(low, high),
        b=float(1 - a[0]),
        b_interval=(1 - high, 1 - low),
        coefficient=float(np.exp(log_coefficient[0])),
    )
