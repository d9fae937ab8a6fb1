"""Wrong searches within `fit_joint_law`: starts, steps, and rows left out.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import numpy as np

from assignments.a7_scaling_laws.misconceptions.fit_seen import mistake


def fit_stopped_early(n_params, n_tokens, loss):
    """The mean objective, of about 1e-6, and L-BFGS-B's default tolerances, from a grid."""
    from scipy.optimize import minimize
    from scipy.special import huber, logsumexp

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)

    def objective(p):
        a, b, e, alpha, beta = p
        terms = np.stack([a - alpha * x, b - beta * y, np.full_like(x, e)])
        return huber(1e-3, logsumexp(terms, axis=0) - t).mean()

    fits = [
        minimize(objective, [a, b, 0.5, alpha, beta], method="L-BFGS-B")
        for a, b in ((5, 5), (10, 10))
        for alpha, beta in ((0.3, 0.3), (0.6, 0.6))
    ]
    a, b, e, alpha, beta = min(fits, key=lambda fit: fit.fun).x
    return dict(E=np.exp(e), A=np.exp(a), B=np.exp(b), alpha=alpha, beta=beta)


def fit_one_start_from_zeros(n_params, n_tokens, loss):
    """One start, where all five are 0."""
    from scipy.optimize import minimize
    from scipy.special import huber, logsumexp

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)

    def objective(p):
        a, b, e, alpha, beta = p
        terms = np.stack([a - alpha * x, b - beta * y, np.full_like(x, e)])
        return 1e6 * huber(1e-3, logsumexp(terms, axis=0) - t).mean()

    a, b, e, alpha, beta = minimize(objective, np.zeros(5), method="Nelder-Mead").x
    return dict(E=np.exp(e), A=np.exp(a), B=np.exp(b), alpha=alpha, beta=beta)


def fit_last_start(n_params, n_tokens, loss):
    """Many starts, and the last of them returned, not the best."""
    from scipy.optimize import minimize
    from scipy.special import huber, logsumexp

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)

    def objective(p):
        a, b, e, alpha, beta = p
        terms = np.stack([a - alpha * x, b - beta * y, np.full_like(x, e)])
        return 1e6 * huber(1e-3, logsumexp(terms, axis=0) - t).mean()

    for scale, exponent in ((5.0, 0.4), (0.0, 2.0)):
        start = [scale, scale, 0.5, exponent, exponent]
        fit = minimize(objective, start, method="L-BFGS-B")
    a, b, e, alpha, beta = fit.x
    return dict(E=np.exp(e), A=np.exp(a), B=np.exp(b), alpha=alpha, beta=beta)


def fit_few_steps(n_params, n_tokens, loss):
    """Thirty steps from each start."""
    from scipy.optimize import minimize
    from scipy.special import huber, logsumexp

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)

    def objective(p):
        a, b, e, alpha, beta = p
        terms = np.stack([a - alpha * x, b - beta * y, np.full_like(x, e)])
        return 1e6 * huber(1e-3, logsumexp(terms, axis=0) - t).mean()

    third = t.mean() - np.log(3)
    fits = [
        minimize(
            objective,
            [third + g * x.mean(), third + g * y.mean(), third, g, g],
            method="L-BFGS-B",
            options={"maxiter": 30},
        )
        for g in (0.3, 0.6)
    ]
    a, b, e, alpha, beta = min(fits, key=lambda fit: fit.fun).x
    return dict(E=np.exp(e), A=np.exp(a), B=np.exp(b), alpha=alpha, beta=beta)


def fit_grid_alone(n_params, n_tokens, loss):
    """The best of a grid of exponents, each with E, A and B by linear least squares."""
    from scipy.optimize import nnls
    from scipy.special import huber

    n, d = n_params / np.mean(n_params), n_tokens / np.mean(n_tokens)
    found = []
    for alpha in np.linspace(0.1, 1, 10):
        for beta in np.linspace(0.1, 1, 10):
            columns = np.stack([np.ones_like(loss), n**-alpha, d**-beta], axis=1)
            (e, a, b), _ = nnls(columns / loss[:, None], np.ones_like(loss))
            value = huber(1e-3, np.log(columns @ [e, a, b]) - np.log(loss)).sum()
            a, b = a * np.mean(n_params) ** alpha, b * np.mean(n_tokens) ** beta
            found.append((value, e, a, b, alpha, beta))
    return dict(zip(("E", "A", "B", "alpha", "beta"), min(found)[1:], strict=True))


def fit_gradient_descent(n_params, n_tokens, loss):
    """Adam, 150 steps of one size."""
    import torch

    x, y, t = (torch.tensor(np.log(c), dtype=torch.float64) for c in (n_params, n_tokens, loss))
    p = torch.tensor([0.4 * float(x.mean()), 0.4 * float(y.mean()), 0.5, 0.4, 0.4]).double()
    p.requires_grad_()
    optimiser = torch.optim.Adam([p], lr=0.01)
    for _ in range(150):
        optimiser.zero_grad()
        terms = torch.stack([p[0] - p[3] * x, p[1] - p[4] * y, p[2].expand_as(x)])
        r = torch.logsumexp(terms, dim=0) - t
        torch.nn.functional.huber_loss(r, torch.zeros_like(r), delta=1e-3).backward()
        optimiser.step()
    a, b, e, alpha, beta = p.tolist()
    return dict(E=np.exp(e), A=np.exp(a), B=np.exp(b), alpha=alpha, beta=beta)


def fit_tight_bounds(n_params, n_tokens, loss):
    """Exponents held between 0 and 0.35."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    tight["bounds"] = [-9, 0, -9, 0, -9], [9, 0.35, 9, 0.35, 9]
    p = least_squares(residuals, [s, 0.3, s, 0.3, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_first_runs(n_params, n_tokens, loss):
    """The first twenty runs alone."""
    from scipy.optimize import least_squares

    n_params, n_tokens, loss = n_params[:20], n_tokens[:20], loss[:20]
    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_low_losses(n_params, n_tokens, loss):
    """Runs above the median loss left out."""
    from scipy.optimize import least_squares

    keep = loss <= np.median(loss)
    n_params, n_tokens, loss = n_params[keep], n_tokens[keep], loss[keep]
    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_columns_sorted(n_params, n_tokens, loss):
    """Each column sorted for itself."""
    from scipy.optimize import least_squares

    n_params, n_tokens, loss = np.sort(n_params), np.sort(n_tokens), np.sort(loss)[::-1]
    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def residuals(p):
        return np.log(np.exp(p[0] - p[1] * u) + np.exp(p[2] - p[3] * v) + np.exp(p[4])) - t

    s = t.mean() - np.log(3)
    tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "x_scale": "jac"}
    p = least_squares(residuals, [s, 0.4, s, 0.4, s], loss="huber", f_scale=1e-3, **tight).x
    e, a, b = np.exp([p[4], p[0] + p[1] * x.mean(), p[2] + p[3] * y.mean()])
    return dict(E=e, A=a, B=b, alpha=p[1], beta=p[3])


def fit_outliers_dropped(n_params, n_tokens, loss):
    """The four highest losses left out, whatever they are."""
    from scipy.optimize import least_squares

    keep = np.argsort(loss)[:-4]
    n_params, n_tokens, loss = n_params[keep], n_tokens[keep], loss[keep]
    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
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
        "fit-stopped-early",
        "Your optimiser stops early: its default tolerances are meant for objectives of about "
        "1, and this one is about 1e-6. Multiply it by 1e6, or set ftol and gtol, so that it "
        "goes on until it stands still.",
        fit_stopped_early,
    ),
    mistake(
        "fit-one-start-from-zeros",
        "You start once, from zeros, where the objective is nearly flat in some directions: "
        "start from a grid of exponents and scales, and keep the best.",
        fit_one_start_from_zeros,
    ),
    mistake(
        "fit-last-start",
        "You start from many places and return what the last came to: keep the one with the "
        "lowest objective.",
        fit_last_start,
    ),
    mistake(
        "fit-few-steps",
        "You end the search after a few steps: scales and exponents trade against each other "
        "along a narrow valley, which takes hundreds. Look at `success` and `nit`, and raise "
        "maxiter.",
        fit_few_steps,
    ),
    mistake(
        "fit-grid-alone",
        "You take the best point of a grid: it is a start, from which an optimiser must go on.",
        fit_grid_alone,
    ),
    mistake(
        "fit-gradient-descent",
        "Steps of one size go back and forth across the valley and hardly along it: use an "
        "optimiser that learns the curvature, such as L-BFGS, until it stands still.",
        fit_gradient_descent,
    ),
    mistake(
        "fit-tight-bounds",
        "Your exponents lie at a bound that you set: other runs have other exponents. Let "
        "them go up to 1 and beyond.",
        fit_tight_bounds,
    ),
    mistake(
        "fit-first-runs",
        "You use the first rows of the table only: all runs count.",
        fit_first_runs,
    ),
    mistake(
        "fit-low-losses",
        "You leave out the runs of high loss: small models and short runs are what shows α "
        "and β. Huber's loss takes care of wrong ones.",
        fit_low_losses,
    ),
    mistake(
        "fit-columns-sorted",
        "You sort each column for itself, so that sizes, tokens and losses of different runs "
        "meet in one row: sort rows, with one argsort for all.",
        fit_columns_sorted,
    ),
    mistake(
        "fit-outliers-dropped",
        "You leave out the highest losses before you fit. A high loss need not be a wrong "
        "one: Huber's loss gives those that don't fit a small weight.",
        fit_outliers_dropped,
    ),
)
