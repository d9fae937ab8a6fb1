"""Known mistakes in `fit_power_law`, each under a name, with what to tell a student.

Left out: mistakes that need several points to agree. Proved by: `autograder validate
a7_scaling_laws`.
"""

from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks.fit_power_law import points
from assignments.a7_scaling_laws.checks.numbers import observed
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def line_swapped(x, y):
    """(exponent, coefficient)."""
    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    return exponent, np.exp(constant)


def line_mixed_bases(x, y):
    """Base 10 there, e back."""
    exponent, constant = np.polyfit(np.log10(x), np.log10(y), 1)
    return np.exp(constant), exponent


def line_log_coefficient(x, y):
    """log c."""
    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    return constant, exponent


def line_sign_turned(x, y):
    """As in y = c / x^e."""
    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    return np.exp(constant), -exponent


def line_of_y(x, y):
    """log x, but y as it is."""
    exponent, constant = np.polyfit(np.log(x), y, 1)
    return constant, exponent


def line_of_x(x, y):
    """log y, but x as it is: an exponential law."""
    rate, constant = np.polyfit(x, np.log(y), 1)
    return np.exp(constant), rate


def line_without_logarithms(x, y):
    """A straight line."""
    slope, constant = np.polyfit(x, y, 1)
    return constant, slope


def line_through_the_ends(x, y):
    """The first and the last point."""
    exponent = np.log(y[-1] / y[0]) / np.log(x[-1] / x[0])
    return y[0] / x[0] ** exponent, exponent


def line_upside_down(x, y):
    """log x as a function of log y, turned round."""
    slope, constant = np.polyfit(np.log(y), np.log(x), 1)
    return np.exp(-constant / slope), 1 / slope


def line_through_the_origin(x, y):
    """A coefficient of 1."""
    u, v = np.log(x), np.log(y)
    return 1.0, np.sum(u * v) / np.sum(u**2)


def line_mean_slope(x, y):
    """The mean of the slopes between neighbours."""
    u, v = np.log(x), np.log(y)
    exponent = np.mean(np.diff(v) / np.diff(u))
    return np.exp(v.mean() - exponent * u.mean()), exponent


def line_linear_loss(x, y):
    """Least squares of y itself, started from the line in logarithms."""
    from scipy.optimize import least_squares

    u = np.log(x) - np.log(x).mean()
    exponent, constant = np.polyfit(u, np.log(y), 1)
    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    scale = np.exp(constant)
    found = least_squares(
        lambda p: np.exp(p[0] + p[1] * u) - y / scale, [0.0, exponent], method="lm", **tight
    ).x
    return scale * np.exp(found[0] - found[1] * np.log(x).mean()), found[1]


def line_order_assumed(x, y):
    """The caller's arrays sorted, each for itself."""
    x.sort()
    y.sort()
    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    return np.exp(constant), exponent


def _values(student: Any, draw: Draw) -> Observation:
    """Points that scatter, two of them on end, and such in mixed order."""
    x, y = points(draw, 12, noise=0.3)
    order = draw.order(12)
    return tuple(
        observe(lambda x=x, y=y: observed(tuple(student(x, y))))
        for x, y in ((x.copy(), y.copy()), (x[order], y[order]))
    )


MISCONCEPTIONS = tuple(
    Misconception(name, sentence, implementation, _values)
    for name, sentence, implementation in (
        (
            "line-swapped",
            "You return (exponent, coefficient): the coefficient comes first. np.polyfit gives the "
            "highest power first, so the slope.",
            line_swapped,
        ),
        (
            "line-mixed-bases",
            "You take logarithms to base 10 and go back with exp: use 10 ** for the way back, or "
            "the natural logarithm for the way there.",
            line_mixed_bases,
        ),
        (
            "line-log-coefficient",
            "Your coefficient is still a logarithm: the line's constant is log c, so c is its exp.",
            line_log_coefficient,
        ),
        (
            "line-sign-turned",
            "Your exponent has the wrong sign: y = c · x^e, so e is negative where y falls with x.",
            line_sign_turned,
        ),
        (
            "line-of-y",
            "You take the logarithm of x alone. A power law is a line between log x and log y.",
            line_of_y,
        ),
        (
            "line-of-x",
            "You take the logarithm of y alone: that is an exponential law. A power law is a line "
            "between log x and log y.",
            line_of_x,
        ),
        (
            "line-without-logarithms",
            "You fit a straight line to x and y themselves: take the logarithms of both first.",
            line_without_logarithms,
        ),
        (
            "line-through-the-ends",
            "You use the first and the last point only: all points count, by least squares.",
            line_through_the_ends,
        ),
        (
            "line-upside-down",
            "You fit log x as a function of log y and turn it round. Where points scatter, that is "
            "another line: squares of log y are to be least, not of log x.",
            line_upside_down,
        ),
        (
            "line-through-the-origin",
            "Your line has no constant, as if the coefficient were 1: fit both.",
            line_through_the_origin,
        ),
        (
            "line-mean-slope",
            "You average the slopes between neighbouring points: all but the first and the last "
            "nearly cancel. Use least squares over all points.",
            line_mean_slope,
        ),
        (
            "line-linear-loss",
            "You minimise the squares of y itself, so the largest y decide alone. On logarithms "
            "every point counts by its relative error.",
            line_linear_loss,
        ),
        (
            "line-order-assumed",
            "You sort x and y each for itself, which pairs them anew where y falls with x, and "
            "changes the caller's arrays. No sorting is needed.",
            line_order_assumed,
        ),
    )
)
