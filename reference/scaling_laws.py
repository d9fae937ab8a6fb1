"""Scaling laws of one variable: the loss falls as a power of size, of data, or of compute.

Slide "Scaling laws"; Kaplan et al. 2020, §1.2, Eqs. 1.1-1.3. A power law y = c x^e is a straight
line in logarithms, log y = log c + e log x, and its fit is that line's. Where a part of the loss
stays at any x, as text is never wholly predictable, y = E + c x^e is no line, and bends to level:
fitted as a line over a short range, its exponent comes out too small.

>>> x = np.array([1e6, 1e7, 1e8, 1e9])
>>> fit = fit_power_law(x, 1.7 + 400 * x**-0.34, floor=True)
>>> round(fit.law.floor, 6), round(fit.law.scale, 6), round(fit.law.exponent, 6)
(1.7, 400.0, -0.34)
>>> round(fit_power_law(x, 1.7 + 400 * x**-0.34).law.exponent, 2)  # as a line
-0.14

Kaplan's laws, each for the case that nothing else holds the model back, in nats a token:

>>> [round(law(x), 2) for law, x in ((KAPLAN_N, 1.5e9), (KAPLAN_D, 2.3e10), (KAPLAN_C, 1e21))]
[2.3, 2.09, 2.35]

Left out: laws with a bend, smoothly broken power laws, errors in x.
Proved by: numpy's polyfit and scipy's curve_fit with and without weights, exact recovery where
there is no noise; intervals that hold the truth about as often as they say.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from reference.log_sum_fit import bootstrap_weights, fit_log_sum, logarithms

Interval = tuple[float, float]

LEVEL = 0.8  # of intervals, 10th to 90th percentile, as in Hoffmann et al. 2022, Table 2
FLOPS_PER_PF_DAY = 1e15 * 24 * 60 * 60
START_EXPONENTS = (0.05, 0.2, 0.5, 1.0, 2.0)  # and their negatives, with a floor
START_FLOORS = (0.1, 0.5, 0.9)  # shares of the smallest y


@dataclass(frozen=True)
class PowerLaw:
    """y = floor + scale * x^exponent."""

    scale: float
    exponent: float
    floor: float = 0.0

    def __call__(self, x: float | ndarray) -> float | ndarray:
        """Predict y."""
        return self.floor + self.scale * x**self.exponent


def kaplan_law(critical: float, exponent: float) -> PowerLaw:
    """Make L(x) = (critical / x)^exponent, the form of Kaplan's laws: 1 nat at `critical`."""
    return PowerLaw(scale=critical**exponent, exponent=-exponent)


KAPLAN_N = kaplan_law(8.8e13, 0.076)  # parameters without embeddings; Eq. 1.1
KAPLAN_D = kaplan_law(5.4e13, 0.095)  # tokens; Eq. 1.2
KAPLAN_C = kaplan_law(3.1e8 * FLOPS_PER_PF_DAY, 0.050)  # FLOPs, spent in the best way; Eq. 1.3


@dataclass(frozen=True)
class PowerLawFit:
    """A law and, for each of its numbers, the interval that a bootstrap gives."""

    law: PowerLaw
    scale_interval: Interval
    exponent_interval: Interval
    floor_interval: Interval


def fit_power_law(
    x: Float[ndarray, " runs"],
    y: Float[ndarray, " runs"],
    *,
    floor: bool = False,
    draws: int = 400,
    level: float = LEVEL,
    seed: int = 0,
) -> PowerLawFit:
    """Fit y = scale * x^exponent, or with a constant floor, by least squares of log y.

    The intervals hold the middle `level` of as many fits to runs drawn with replacement.
    """
    log_x, log_y = logarithms(3 if floor else 2, x=x, y=y)
    distinct, fewest = len(np.unique(log_x)), 3 if floor else 2
    if distinct < fewest:
        raise ValueError(
            f"x must take {fewest} distinct values or more: got {distinct}; with fewer, many laws "
            "fit equally well, so vary x"
        )
    weights = bootstrap_weights(draws, len(log_x), np.random.default_rng(seed))
    weights = np.concatenate([np.ones((1, len(log_x))), weights])  # the first draw is all runs
    middle = log_x.mean()
    fit = _fit_with_floor if floor else _fit_line
    numbers = fit(log_x - middle, log_y, weights)  # (1 + draws, 3)
    exponent, log_floor = numbers[:, 1], numbers[:, 2]
    columns = np.exp(numbers[:, 0] - exponent * middle), exponent, np.exp(log_floor)
    intervals = [interval(column[1:], level) for column in columns]
    return PowerLawFit(PowerLaw(*(float(column[0]) for column in columns)), *intervals)


def weighted_line(
    x: Float[ndarray, "#draws runs"],
    y: Float[ndarray, "#draws runs"],
    weights: Float[ndarray, "draws runs"],
) -> tuple[Float[ndarray, " draws"], Float[ndarray, " draws"]]:
    """Give slope and intercept of each draw's line; NaN where it has no two distinct x."""
    with np.errstate(invalid="ignore", divide="ignore"):
        total = weights.sum(axis=1, keepdims=True)
        x_mean = (weights * x).sum(axis=1, keepdims=True) / total
        y_mean = (weights * y).sum(axis=1, keepdims=True) / total
        spread = (weights * (x - x_mean) ** 2).sum(axis=1)
        slope = (weights * (x - x_mean) * (y - y_mean)).sum(axis=1) / spread
    slope = np.where(spread > 0, slope, np.nan)
    return slope, y_mean[:, 0] - slope * x_mean[:, 0]


def interval(values: Float[ndarray, " draws"], level: float) -> Interval:
    """Give the bounds of the middle `level` of the values, leaving out those that are NaN."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1: got {level}; 0.8 leaves out 10% a side")
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _fit_line(x: ndarray, y: ndarray, weights: ndarray) -> Float[ndarray, "draws 3"]:
    slope, intercept = weighted_line(x[None], y[None], weights)
    return np.stack([intercept, slope, np.full_like(slope, -np.inf)], axis=1)


def _fit_with_floor(x: ndarray, y: ndarray, weights: ndarray) -> Float[ndarray, "draws 3"]:
    """Fit all runs from a grid of starts, and then each draw from what that found."""
    terms = [np.stack([np.ones_like(x), x], axis=1), np.ones((len(x), 1))]
    starts = np.array(
        [
            [y.mean() - np.log(2), sign * exponent, y.min() + np.log(share)]
            for sign in (-1, 1)
            for exponent in START_EXPONENTS
            for share in START_FLOORS
        ]
    )
    theta, objective = fit_log_sum(terms, y, starts)
    best = theta[objective.argmin()]
    best[2] = max(best[2], y.min() + np.log(START_FLOORS[0]))  # from 0, no step leads back
    starts = np.tile(best, (len(weights), 1))
    return fit_log_sum(terms, y, starts, weights=weights)[0]
