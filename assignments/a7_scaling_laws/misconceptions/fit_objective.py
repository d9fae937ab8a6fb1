"""Wrong objectives within `fit_joint_law`.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import numpy as np

from assignments.a7_scaling_laws.misconceptions.fit_seen import mistake


def fit_squares(n_params, n_tokens, loss):
    """Least squares of log-losses."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_loss_not_log(n_params, n_tokens, loss):
    """Huber's loss of losses, not of their logarithms."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4]) - loss

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_loss_squares(n_params, n_tokens, loss):
    """Least squares of losses, as curve_fit does."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4]) - loss

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_wide_delta(n_params, n_tokens, loss):
    """Delta 0.1."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=0.1, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_base_10(n_params, n_tokens, loss):
    """Logarithms to base 10 of predictions and losses."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log10(
            np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])
        ) - np.log10(loss)

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_mixed_bases(n_params, n_tokens, loss):
    """Predictions by natural logarithms, losses to base 10."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - np.log10(
            loss
        )

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_log_forgotten(n_params, n_tokens, loss):
    """Predicted losses compared with log-losses."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4]) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_cauchy(n_params, n_tokens, loss):
    """A Cauchy loss, which lets go of far runs."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="cauchy", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_soft_l1(n_params, n_tokens, loss):
    """scipy's soft_l1 with a scale of 1e-3."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="soft_l1", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


MISCONCEPTIONS = (
    mistake(
        "fit-squares",
        "You minimise squares, or Huber's loss with a delta so large that it is squares: a "
        "few wrong runs then decide the law. Take Huber's loss with delta 1e-3.",
        fit_squares,
    ),
    mistake(
        "fit-loss-not-log",
        "You compare losses, not their logarithms: then runs of high loss count more, and "
        "delta 1e-3 is nats, not a share of a thousandth.",
        fit_loss_not_log,
    ),
    mistake(
        "fit-loss-squares",
        "You fit losses by least squares, as curve_fit does: compare logarithms, by Huber's loss.",
        fit_loss_squares,
    ),
    mistake(
        "fit-wide-delta",
        "Your delta is far above 1e-3: residuals of good runs are all within it, so that you "
        "minimise squares, and wrong runs still pull hard.",
        fit_wide_delta,
    ),
    mistake(
        "fit-base-10",
        "You take logarithms to base 10, which shrinks residuals by 2.3 and leaves delta as "
        "it is: take natural ones, np.log.",
        fit_base_10,
    ),
    mistake(
        "fit-mixed-bases",
        "You compare natural logarithms of predictions with logarithms to base 10 of losses: "
        "take np.log of both.",
        fit_mixed_bases,
    ),
    mistake(
        "fit-log-forgotten",
        "You compare predicted losses with the logarithms of the measured ones: take the "
        "logarithm of both.",
        fit_log_forgotten,
    ),
    mistake(
        "fit-cauchy",
        "Your loss is not Huber's: it flattens out, so that all but the nearest runs hardly "
        "count. Take a straight line beyond delta.",
        fit_cauchy,
    ),
    mistake(
        "fit-soft-l1",
        "Your loss is soft_l1, a smooth relative of Huber's: loss='huber' with f_scale=1e-3 "
        "is Huber's own.",
        fit_soft_l1,
    ),
)
