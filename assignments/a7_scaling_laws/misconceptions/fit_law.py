"""Wrong laws that `fit_joint_law` may fit.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import numpy as np

from assignments.a7_scaling_laws.misconceptions.fit_seen import mistake


def fit_no_floor(n_params, n_tokens, loss):
    """No E: two powers alone."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v)) - t

    s = t.mean() - np.log(2)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.1, s, 0.1], loss="huber", f_scale=1e-3, **tight).x
    a, b = np.exp([p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=0.0, A=a, B=b, alpha=p[1], beta=p[3])


def fit_floor_of_the_lowest(n_params, n_tokens, loss):
    """E taken for the lowest loss seen."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + 0.99 * loss.min()) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4], loss="huber", f_scale=1e-3, **tight).x
    a, b = np.exp([p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=0.99 * loss.min(), A=a, B=b, alpha=p[1], beta=p[3])


def fit_one_exponent(n_params, n_tokens, loss):
    """One exponent for size and data."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[1] * v) + np.exp(p[3])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[3], p[0] + p[1] * x.mean(), p[2] + p[1] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[1])


def fit_data_ignored(n_params, n_tokens, loss):
    """E + A / N^alpha alone."""
    from scipy.optimize import least_squares

    x, t = np.log(n_params), np.log(loss)
    u = x - x.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a = np.exp([p[2], p[0] + p[1] * x.mean()])
    return dict(E=e, A=a, B=0.0, alpha=p[1], beta=1.0)


def fit_size_ignored(n_params, n_tokens, loss):
    """E + B / D^beta alone."""
    from scipy.optimize import least_squares

    y, t = np.log(n_tokens), np.log(loss)
    v = y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * v) + np.exp(p[2])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, b = np.exp([p[2], p[0] + p[1] * y.mean()])
    return dict(E=e, A=0.0, B=b, alpha=1.0, beta=p[1])


def fit_product_of_powers(n_params, n_tokens, loss):
    """A plane in logarithms, its slopes taken for the exponents."""
    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    columns = np.stack([np.ones_like(x), -x, -y], axis=1)
    scale, alpha, beta = np.linalg.lstsq(columns, t, rcond=None)[0].tolist()
    half = float(np.exp(scale)) / 2
    return {"E": 0.0, "A": half, "B": half, "alpha": alpha, "beta": beta}


def fit_one_after_the_other(n_params, n_tokens, loss):
    """Size first, as if data did not matter; then data, on what is left."""
    from scipy.optimize import curve_fit

    n, d = n_params / np.mean(n_params), n_tokens / np.mean(n_tokens)

    def power(x, floor, scale, exponent):
        return floor + scale * x**-exponent

    bounds = ([-5, 0, 0.01], [20, 20, 3])
    (floor, a, alpha), _ = curve_fit(power, n, loss, [2, 0.3, 0.4], bounds=bounds)
    rest = loss - a * n**-alpha
    (e, b, beta), _ = curve_fit(power, d, rest, [2, 0.3, 0.4], bounds=bounds)
    a, b = a * np.mean(n_params) ** alpha, b * np.mean(n_tokens) ** beta
    found = {"E": e, "A": a, "B": b, "alpha": alpha, "beta": beta}
    return {name: float(value) for name, value in found.items()}


MISCONCEPTIONS = (
    mistake(
        "fit-no-floor",
        "E is 0 in your law, as if loss could fall to nothing: exponents come out too small, "
        "and large models look too good. Fit E with the rest.",
        fit_no_floor,
    ),
    mistake(
        "fit-floor-of-the-lowest",
        "You take E from the lowest loss in the table: no run has reached E, so it must be "
        "fitted with the rest.",
        fit_floor_of_the_lowest,
    ),
    mistake(
        "fit-one-exponent",
        "α and β are always equal in your law: size and data help at rates of their own.",
        fit_one_exponent,
    ),
    mistake(
        "fit-data-ignored",
        "Your law leaves out data: at one size, runs on more tokens have lower losses, B / D^β.",
        fit_data_ignored,
    ),
    mistake(
        "fit-size-ignored",
        "Your law leaves out size: on the same data, larger models have lower losses, A / N^α.",
        fit_size_ignored,
    ),
    mistake(
        "fit-product-of-powers",
        "You fit a plane in log N and log D, which is a product of powers: the law is a sum, "
        "and has no closed solution.",
        fit_product_of_powers,
    ),
    mistake(
        "fit-one-after-the-other",
        "You fit size first and data afterwards: large models of one budget read less, so "
        "that one hides the other. Fit all five numbers at once.",
        fit_one_after_the_other,
    ),
)
