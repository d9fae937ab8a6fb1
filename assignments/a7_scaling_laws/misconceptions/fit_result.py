"""Right searches, wrong columns or wrong results of `fit_joint_law`.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import numpy as np

from assignments.a7_scaling_laws.misconceptions.fit_seen import mistake


def fit_columns_swapped(n_params, n_tokens, loss):
    """Tokens for parameters."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_tokens), np.log(n_params), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_exponents_swapped(n_params, n_tokens, loss):
    """Alpha and beta swapped in the result."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[3], beta=p[1])


def fit_scales_swapped(n_params, n_tokens, loss):
    """A and B swapped in the result."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=b, B=a, alpha=p[1], beta=p[3])


def fit_exponents_negative(n_params, n_tokens, loss):
    """Slopes returned: minus alpha and minus beta."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=-p[1], beta=-p[3])


def fit_logarithms_returned(n_params, n_tokens, loss):
    """log E, log A and log B returned."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_floor_as_logarithm(n_params, n_tokens, loss):
    """log E returned."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=p[4], A=a, B=b, alpha=p[1], beta=p[3])


def fit_scales_at_the_mean(n_params, n_tokens, loss):
    """Centred logarithms, and A and B not moved back."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0], p[2]])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_flops_for_tokens(n_params, n_tokens, loss):
    """6 N D where D belongs."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(6 * n_params * n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_rounded(n_params, n_tokens, loss):
    """Two digits of each."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    found = dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])
    return {name: float(f"{value:.2g}") for name, value in found.items()}


def fit_published(n_params, n_tokens, loss):
    """The coefficients that Hoffmann et al. 2022 print, whatever the runs."""
    return {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}


def fit_tuple(n_params, n_tokens, loss):
    """A tuple."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return e, a, b, p[1], p[3]


def fit_arrays(n_params, n_tokens, loss):
    """Each coefficient an array of one."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    found = dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])
    return {name: np.atleast_1d(value) for name, value in found.items()}


def fit_columns_changed(n_params, n_tokens, loss):
    """Logarithms written into the caller's columns."""
    from scipy.optimize import least_squares

    for column in (n_params, n_tokens, loss):
        np.log(column, out=column)
    x, y, t = n_params, n_tokens, loss
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


MISCONCEPTIONS = (
    mistake(
        "fit-columns-swapped",
        "Your A and α belong to the tokens, B and β to the parameters: n_params comes first.",
        fit_columns_swapped,
    ),
    mistake(
        "fit-exponents-swapped",
        "α and β are swapped in your result: α goes with A and the parameters.",
        fit_exponents_swapped,
    ),
    mistake(
        "fit-scales-swapped",
        "A and B are swapped in your result: A goes with α and the parameters.",
        fit_scales_swapped,
    ),
    mistake(
        "fit-exponents-negative",
        "Your exponents are negative: the law divides by N^α and D^β, so that both are positive.",
        fit_exponents_negative,
    ),
    mistake(
        "fit-logarithms-returned",
        "You return the logarithms of E, A and B, which the search works with: exponentiate them.",
        fit_logarithms_returned,
    ),
    mistake(
        "fit-floor-as-logarithm",
        "You return log E for E: exponentiate it, as you do A and B.",
        fit_floor_as_logarithm,
    ),
    mistake(
        "fit-scales-at-the-mean",
        "You centred the logarithms, and return A and B as they are at the mean size and "
        "data: move them back, log A + α · mean log N.",
        fit_scales_at_the_mean,
    ),
    mistake(
        "fit-flops-for-tokens",
        "You fitted the law to the cost 6ND in the place of the tokens D.",
        fit_flops_for_tokens,
    ),
    mistake(
        "fit-rounded",
        "You round the result to two digits: exponents and scales trade against each other, "
        "and rounding each alone spoils the law, as it did that of the published paper.",
        fit_rounded,
    ),
    mistake(
        "fit-published",
        "You return the published coefficients: fit the runs that are given.",
        fit_published,
    ),
    mistake(
        "fit-tuple",
        "You return a tuple: return a dict with the keys E, A, B, alpha and beta.",
        fit_tuple,
    ),
    mistake(
        "fit-arrays",
        "Your coefficients are arrays or tensors of one number: make them plain numbers with "
        "float(…).",
        fit_arrays,
    ),
    mistake(
        "fit-columns-changed",
        "You write into the caller's columns: `out=`, `*=` and assignments to slices change "
        "them. Make new arrays.",
        fit_columns_changed,
    ),
)
