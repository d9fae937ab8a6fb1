"""Right ways to write `fit_power_law` and `isoflop_minimum`."""

import numpy as np

from assignments.a7_scaling_laws.checks.fit_power_law import least_squares
from autograder.misconception import RightImplementation


def line_polyfit(x, y):
    """np.polyfit of degree 1."""
    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    return float(np.exp(constant)), float(exponent)


def line_base_ten(x, y):
    """Base 10 there and back."""
    exponent, constant = np.polyfit(np.log10(x), np.log10(y), 1)
    return 10**constant, exponent


def line_covariance(x, y):
    """Covariance over variance."""
    u, v = np.log(x), np.log(y)
    exponent = np.cov(u, v)[0, 1] / np.var(u, ddof=1)
    return np.exp(v.mean() - exponent * u.mean()), exponent


def line_lstsq(x, y):
    """A matrix with a column of ones."""
    matrix = np.stack([np.ones(len(x)), np.log(x)], axis=1)
    (constant, exponent), *_ = np.linalg.lstsq(matrix, np.log(y), rcond=None)
    return np.exp(constant), exponent


def line_scipy(x, y):
    """scipy.stats.linregress."""
    from scipy.stats import linregress

    found = linregress(np.log(x), np.log(y))
    return np.exp(found.intercept), found.slope


def line_optimiser(x, y):
    """An optimiser, on centred logarithms."""
    from scipy.optimize import least_squares

    u, v = np.log(x), np.log(y)
    middle = u.mean()
    constant, exponent = least_squares(lambda p: p[0] + p[1] * (u - middle) - v, [0.0, 0.0]).x
    return np.exp(constant - exponent * middle), exponent


def line_torch(x, y):
    """torch.linalg.lstsq, the result as a list."""
    import torch

    u, v = torch.tensor(x).double().log(), torch.tensor(y).double().log()
    found = torch.linalg.lstsq(torch.stack([torch.ones_like(u), u], 1), v[:, None]).solution
    return [found[0].exp().item(), found[1].item()]


def line_loops(x, y):
    """Sums in a Python loop."""
    import math

    points = [(math.log(a), math.log(b)) for a, b in zip(x, y, strict=True)]
    mean_u = sum(u for u, _ in points) / len(points)
    mean_v = sum(v for _, v in points) / len(points)
    above = sum((u - mean_u) * (v - mean_v) for u, v in points)
    exponent = above / sum((u - mean_u) ** 2 for u, _ in points)
    return math.exp(mean_v - exponent * mean_u), exponent


RIGHT_POWER_LAW = (
    RightImplementation("reference", "the reference", least_squares),
    RightImplementation("polyfit", "np.polyfit", line_polyfit),
    RightImplementation("base-ten", "logarithms to base 10", line_base_ten),
    RightImplementation("covariance", "covariance over variance", line_covariance),
    RightImplementation("lstsq", "np.linalg.lstsq", line_lstsq),
    RightImplementation("linregress", "scipy.stats.linregress", line_scipy),
    RightImplementation("optimiser", "scipy.optimize.least_squares", line_optimiser),
    RightImplementation("torch", "torch.linalg.lstsq", line_torch),
    RightImplementation("loops", "Python loops", line_loops),
)


def parabola_polyfit(n_params, loss):
    """np.polyfit of degree 2, and its vertex."""
    curvature, slope, _ = np.polyfit(np.log(n_params), loss, 2)
    if curvature <= 0:
        raise ValueError(f"expected a parabola that opens upwards: got curvature {curvature}")
    return np.exp(-slope / (2 * curvature))


def parabola_base_ten(n_params, loss):
    """The same to base 10, as a Python float."""
    fit = np.poly1d(np.polyfit(np.log10(n_params), loss, deg=2))
    if not fit.coefficients[0] > 0:
        raise ValueError("no minimum")
    return float(10 ** fit.deriv().roots[0])


def parabola_library(n_params, loss):
    """Polynomial.fit, which scales x by itself."""
    from numpy.polynomial import Polynomial

    fit = Polynomial.fit(np.log(n_params), loss, 2)
    if fit.deriv(2)(0.0) <= 0:
        raise ValueError("the parabola has no lowest point")
    return np.exp(fit.deriv().roots()[0])


def parabola_lstsq(n_params, loss):
    """Least squares with centred logarithms."""
    u = np.log(n_params)
    middle = u.mean()
    v = u - middle
    (_, slope, curvature), *_ = np.linalg.lstsq(
        np.stack([np.ones_like(v), v, v**2], axis=1), loss, rcond=None
    )
    if curvature <= 0:
        raise ValueError("opens downwards")
    return float(np.exp(middle - slope / curvature / 2))


def parabola_optimiser(n_params, loss):
    """A search for the vertex itself."""
    from scipy.optimize import least_squares

    u = np.log(np.asarray(n_params, dtype=float))

    def residuals(p):
        return p[0] * (u - p[1]) ** 2 + p[2] - loss

    start = [0.1, u.mean(), loss.min()]
    found = least_squares(residuals, start, x_scale=[0.1, 1, 1], xtol=1e-12, ftol=1e-12, gtol=1e-12)
    if found.x[0] <= 0:
        raise ValueError("no minimum")
    return np.exp(found.x[1])


def parabola_solved(n_params, loss):
    """Normal equations of centred logarithms, solved."""
    import torch

    u = torch.tensor(np.log(n_params))
    v = u - u.mean()
    powers = torch.stack([v**2, v, torch.ones_like(v)])
    found = torch.linalg.solve(powers @ powers.T, powers @ torch.tensor(loss))
    if found[0].item() <= 0:
        raise ValueError("no minimum")
    return (u.mean() - found[1] / (2 * found[0])).exp().item()


RIGHT_ISOFLOP = (
    RightImplementation("reference", "the reference: np.polyfit", parabola_polyfit),
    RightImplementation("base-ten", "logarithms to base 10", parabola_base_ten),
    RightImplementation("polynomial", "numpy's Polynomial", parabola_library),
    RightImplementation("lstsq", "np.linalg.lstsq", parabola_lstsq),
    RightImplementation("vertex", "scipy.optimize.least_squares", parabola_optimiser),
    RightImplementation("solved", "normal equations in torch", parabola_solved),
)
