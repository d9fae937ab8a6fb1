"""Wrong ways to write `huber(residual, delta)`, and what shows each.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks.huber import residuals
from assignments.a7_scaling_laws.checks.numbers import observed
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def huber_square_without_half(residual, delta):
    """r² near zero."""
    size = np.abs(residual)
    return np.where(size <= delta, residual**2, delta * (size - delta / 2))


def huber_line_through_zero(residual, delta):
    """delta |r| beyond: a jump at delta."""
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / 2, delta * size)


def huber_line_too_low(residual, delta):
    """delta (|r| - delta) beyond."""
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / 2, delta * (size - delta))


def huber_line_without_slope(residual, delta):
    """|r| - delta / 2 beyond: slope 1 whatever delta is."""
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / 2, size - delta / 2)


def huber_smooth_l1(residual, delta):
    """Divided by delta, as torch's smooth_l1_loss does."""
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / (2 * delta), size - delta / 2)


def huber_sign_forgotten(residual, delta):
    """No absolute value: all negative residuals are "small"."""
    return np.where(residual <= delta, residual**2 / 2, delta * (residual - delta / 2))


def huber_negative_line(residual, delta):
    """The right branch, but a line that falls below zero for negative residuals."""
    small = np.abs(residual) <= delta
    return np.where(small, residual**2 / 2, delta * (residual - delta / 2))


def huber_branches_swapped(residual, delta):
    """A line near zero, squares beyond."""
    size = np.abs(residual)
    return np.where(size > delta, residual**2 / 2, delta * (size - delta / 2))


def huber_squares_compared(residual, delta):
    """r² compared with delta."""
    size = np.abs(residual)
    return np.where(residual**2 <= delta, residual**2 / 2, delta * (size - delta / 2))


def huber_delta_of_one(residual, delta):
    """delta taken for 1."""
    size = np.abs(residual)
    return np.where(size <= 1, residual**2 / 2, size - 0.5)


def huber_squares_only(residual, delta):
    """Least squares."""
    return residual**2 / 2


def huber_absolute_only(residual, delta):
    """Least absolute deviations."""
    return delta * np.abs(residual)


def huber_clipped_square(residual, delta):
    """The residual clipped, then squared: flat beyond delta."""
    return np.clip(residual, -delta, delta) ** 2 / 2


def huber_slope_returned(residual, delta):
    """The derivative."""
    return np.clip(residual, -delta, delta)


def huber_pseudo(residual, delta):
    """The pseudo-Huber loss, smooth everywhere."""
    return delta**2 * (np.sqrt(1 + (residual / delta) ** 2) - 1)


def huber_arguments_swapped(residual, delta):
    """scipy's function, given its arguments the wrong way round."""
    from scipy import special

    return special.huber(np.abs(residual), delta)


def huber_mean(residual, delta):
    """The mean over all residuals."""
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / 2, delta * (size - delta / 2)).mean()


def huber_sum(residual, delta):
    """The sum over all residuals."""
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / 2, delta * (size - delta / 2)).sum()


def huber_largest_decides(residual, delta):
    """One branch for all, chosen by the largest residual."""
    size = np.abs(residual)
    if size.max() <= delta:
        return residual**2 / 2
    return delta * (size - delta / 2)


def huber_residual_changed(residual, delta):
    """The caller's residuals made positive."""
    np.abs(residual, out=residual)
    return np.where(residual <= delta, residual**2 / 2, delta * (residual - delta / 2))


def _values(huber: Any, draw: Draw) -> Observation:
    """Small and large residuals of both signs, for a small and a large delta, and what is left."""
    seen = []
    for delta in (0.3, 4.0):
        residual = residuals(draw, 3, 4, low=0.1, high=4.0, delta=delta)
        found = observe(lambda r=residual, d=delta: observed(huber(r, d)))
        seen.append((found, observed(residual)))
    return tuple(seen)


def _mistake(name: str, sentence: str, implementation: Any) -> Misconception:
    return Misconception(name, sentence, implementation, _values)


MISCONCEPTIONS = (
    _mistake(
        "huber-square-without-half",
        "The ½ is missing: ½ r² meets the line δ (|r| - δ/2) at |r| = δ, r² does not.",
        huber_square_without_half,
    ),
    _mistake(
        "huber-line-through-zero",
        "Your line is δ |r|, which jumps up from ½ δ² at |r| = δ: it must be δ (|r| - δ/2).",
        huber_line_through_zero,
    ),
    _mistake(
        "huber-line-too-low",
        "Your line is δ (|r| - δ), which falls to 0 at |r| = δ: take off half of δ only.",
        huber_line_too_low,
    ),
    _mistake(
        "huber-line-without-slope",
        "Your line has the slope 1: multiply |r| - δ/2 by δ, the slope of ½ r² where they meet.",
        huber_line_without_slope,
    ),
    _mistake(
        "huber-smooth-l1",
        "Your loss is Huber's divided by δ: that is what torch calls smooth_l1_loss. With δ = 1e-3 "
        "it is a thousand times too large.",
        huber_smooth_l1,
    ),
    _mistake(
        "huber-sign-forgotten",
        "You compare r with δ, so that every negative residual counts as small: compare |r|.",
        huber_sign_forgotten,
    ),
    _mistake(
        "huber-negative-line",
        "Large negative residuals get a negative loss: the line is δ (|r| - δ/2), with |r|.",
        huber_negative_line,
    ),
    _mistake(
        "huber-branches-swapped",
        "Your branches are swapped: squares where |r| is at most δ, the line beyond.",
        huber_branches_swapped,
    ),
    _mistake(
        "huber-squares-compared",
        "You compare r² with δ: what decides is whether |r| is at most δ.",
        huber_squares_compared,
    ),
    _mistake(
        "huber-delta-of-one",
        "You take δ for 1, whatever is passed: use the argument `delta`.",
        huber_delta_of_one,
    ),
    _mistake(
        "huber-squares-only",
        "You square every residual. A loss that is far off then decides the fit: beyond δ go on "
        "along a straight line.",
        huber_squares_only,
    ),
    _mistake(
        "huber-absolute-only",
        "You take δ |r| everywhere: where |r| is at most δ the loss is ½ r², which has no corner.",
        huber_absolute_only,
    ),
    _mistake(
        "huber-clipped-square",
        "You clip the residual and square it, which is flat beyond δ: a large residual must still "
        "count more than a small one, along a line.",
        huber_clipped_square,
    ),
    _mistake(
        "huber-slope-returned",
        "You return the derivative of Huber's loss, the clipped residual: return the loss.",
        huber_slope_returned,
    ),
    _mistake(
        "huber-pseudo",
        "That is the pseudo-Huber loss, a smooth relative: Huber's is ½ r² exactly up to δ.",
        huber_pseudo,
    ),
    _mistake(
        "huber-arguments-swapped",
        "You call scipy's huber with the residual as δ: its first argument is δ.",
        huber_arguments_swapped,
    ),
    _mistake(
        "huber-mean",
        "You return the mean: give back each residual's own loss, in an array of the same shape.",
        huber_mean,
    ),
    _mistake(
        "huber-sum",
        "You return the sum: give back each residual's own loss, in an array of the same shape.",
        huber_sum,
    ),
    _mistake(
        "huber-largest-decides",
        "One `if` chooses the same branch for all residuals: let each choose for itself, np.where.",
        huber_largest_decides,
    ),
    _mistake(
        "huber-residual-changed",
        "You write into the caller's array: `out=residual` and assignments to its entries change "
        "it. Work on a new array.",
        huber_residual_changed,
    ),
)
