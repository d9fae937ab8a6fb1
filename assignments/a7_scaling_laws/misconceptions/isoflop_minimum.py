"""Known mistakes in `isoflop_minimum`, each under a name, with what to tell a student.

Left out: other curves than parabolas. Proved by: `autograder validate a7_scaling_laws`.
"""

from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks.isoflop_minimum import parabola, scattered
from assignments.a7_scaling_laws.checks.numbers import observed
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def bottom_in_n(n_params, loss):
    """A parabola in N."""
    top = n_params.max()
    curvature, slope, _ = np.polyfit(n_params / top, loss, 2)
    if curvature <= 0:
        raise ValueError("no minimum")
    return -slope / (2 * curvature) * top


def bottom_of_points(n_params, loss):
    """The best size that was tried."""
    if not loss[0] > loss.min() < loss[-1]:
        raise ValueError("no minimum")
    return n_params[loss.argmin()]


def bottom_as_logarithm(n_params, loss):
    """log N."""
    curvature, slope, _ = np.polyfit(np.log(n_params), loss, 2)
    if curvature <= 0:
        raise ValueError("no minimum")
    return -slope / (2 * curvature)


def bottom_mixed_bases(n_params, loss):
    """Base 10 there, e back."""
    curvature, slope, _ = np.polyfit(np.log10(n_params), loss, 2)
    if curvature <= 0:
        raise ValueError("no minimum")
    return np.exp(-slope / (2 * curvature))


def bottom_of_log_loss(n_params, loss):
    """log L too."""
    curvature, slope, _ = np.polyfit(np.log(n_params), np.log(loss), 2)
    if curvature <= 0:
        raise ValueError("no minimum")
    return np.exp(-slope / (2 * curvature))


def bottom_sign_lost(n_params, loss):
    """b / 2a, on centred logarithms."""
    u = np.log(n_params)
    curvature, slope, _ = np.polyfit(u - u.mean(), loss, 2)
    if curvature <= 0:
        raise ValueError("no minimum")
    return np.exp(u.mean() + slope / (2 * curvature))


def bottom_without_two(n_params, loss):
    """-b / a, on centred logarithms."""
    u = np.log(n_params)
    curvature, slope, _ = np.polyfit(u - u.mean(), loss, 2)
    if curvature <= 0:
        raise ValueError("no minimum")
    return np.exp(u.mean() - slope / curvature)


def bottom_three_points(n_params, loss):
    """The lowest point and its neighbours."""
    order = np.argsort(n_params)
    n, v = n_params[order], loss[order]
    middle = min(max(int(v.argmin()), 1), len(v) - 2)
    around = slice(middle - 1, middle + 2)
    curvature, slope, _ = np.polyfit(np.log(n[around]), v[around], 2)
    if curvature <= 0:
        raise ValueError("no minimum")
    return np.exp(-slope / (2 * curvature))


def bottom_loss(n_params, loss):
    """How low, not where."""
    u = np.log(n_params)
    fit = np.polyfit(u - u.mean(), loss, 2)
    if fit[0] <= 0:
        raise ValueError("no minimum")
    return np.polyval(fit, -fit[1] / (2 * fit[0]))


def bottom_or_top(n_params, loss):
    """The vertex of any parabola."""
    curvature, slope, _ = np.polyfit(np.log(n_params), loss, 2)
    return np.exp(-slope / (2 * curvature))


def bottom_kept_inside(n_params, loss):
    """No further than the sizes go."""
    curvature, slope, _ = np.polyfit(np.log(n_params), loss, 2)
    if curvature <= 0:
        raise ValueError("no minimum")
    return np.clip(np.exp(-slope / (2 * curvature)), n_params.min(), n_params.max())


def bottom_coefficients_reversed(n_params, loss):
    """np.polyfit read from the constant up."""
    u = np.log(n_params)
    _, slope, curvature = np.polyfit(u - u.mean(), loss, 2)
    if np.polyfit(u, loss, 2)[0] <= 0:
        raise ValueError("no minimum")
    return np.exp(u.mean() - slope / (2 * curvature))


def _values(student: Any, draw: Draw) -> Observation:
    """Lopsided profiles, bottoms inside and outside of the sizes, and none at all."""
    profiles = (
        scattered(draw, 9),
        scattered(draw, 12),
        parabola(draw, 7, 1.4),
        parabola(draw, 7, sign=-1.0),
    )
    return tuple(observe(lambda given=given: observed(student(*given))) for given in profiles)


MISCONCEPTIONS = tuple(
    Misconception(name, sentence, implementation, _values)
    for name, sentence, implementation in (
        (
            "bottom-in-n",
            "You fit a parabola in N. Sizes are spaced evenly in log N, where the profile looks "
            "like a parabola: fit it there.",
            bottom_in_n,
        ),
        (
            "bottom-of-points",
            "You return the best of the sizes that were tried: the lowest point of the parabola "
            "lies between them.",
            bottom_of_points,
        ),
        (
            "bottom-as-logarithm",
            "You return the logarithm of the size: take exp of the place where the parabola is "
            "lowest.",
            bottom_as_logarithm,
        ),
        (
            "bottom-mixed-bases",
            "You take logarithms to base 10 and go back with exp: use 10 ** for the way back.",
            bottom_mixed_bases,
        ),
        (
            "bottom-of-log-loss",
            "You fit the logarithm of the loss: here it is the loss itself that is a parabola in "
            "log N.",
            bottom_of_log_loss,
        ),
        (
            "bottom-sign-lost",
            "A minus sign is missing: a u² + b u + c is lowest at u = -b / (2 a).",
            bottom_sign_lost,
        ),
        (
            "bottom-without-two",
            "A factor of 2 is missing: a u² + b u + c is lowest at u = -b / (2 a).",
            bottom_without_two,
        ),
        (
            "bottom-three-points",
            "You fit the lowest point and its neighbours only: here all sizes count, so that noise "
            "averages out.",
            bottom_three_points,
        ),
        (
            "bottom-loss",
            "You return the loss at the bottom: asked is the size at which it is reached.",
            bottom_loss,
        ),
        (
            "bottom-or-top",
            "Your parabola may open downwards, and then you return its highest point: check the "
            "sign of the u² term, and raise ValueError.",
            bottom_or_top,
        ),
        (
            "bottom-kept-inside",
            "You keep the result within the sizes that were tried. Where the bottom lies beyond "
            "them, say so: return it as it is.",
            bottom_kept_inside,
        ),
        (
            "bottom-coefficients-reversed",
            "You read np.polyfit's coefficients in the wrong order: the highest power comes first.",
            bottom_coefficients_reversed,
        ),
    )
)
