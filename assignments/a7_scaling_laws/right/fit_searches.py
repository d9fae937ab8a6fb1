"""Right ways to write `fit_joint_law` that search widely: simplices, grids, chance.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import numpy as np

from autograder.misconception import RightImplementation


def fit_nelder_mead(n_params, n_tokens, loss):
    """Nelder–Mead, restarted from its best until that no longer helps."""
    from scipy.optimize import minimize

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    x_mean, y_mean = x.mean(), y.mean()
    u, v = x - x_mean, y - y_mean

    def objective(theta):
        a, alpha, b, beta, e = theta
        r = np.abs(np.log(np.exp(a - alpha * u) + np.exp(b - beta * v) + np.exp(e)) - t)
        return 1e6 * np.where(r <= 1e-3, r**2 / 2, 1e-3 * (r - 5e-4)).sum()

    fits = []
    for alpha, beta in ((0.3, 0.3), (0.6, 0.6)):
        third = t.mean() - np.log(3)
        theta, last = np.array([third, alpha, third, beta, third]), np.inf
        for _ in range(30):
            options = {"xatol": 1e-9, "fatol": 1e-9, "maxiter": 2000, "adaptive": True}
            result = minimize(objective, theta, method="Nelder-Mead", options=options)
            theta = result.x
            if last - result.fun <= 1e-6 * result.fun:
                break
            last = result.fun
        fits.append((result.fun, theta.tolist()))
    a, alpha, b, beta, e = min(fits)[1]
    e, a, b = np.exp([e, a + alpha * x_mean, b + beta * y_mean])
    return dict(E=e, A=a, B=b, alpha=alpha, beta=beta)


def fit_projection(n_params, n_tokens, loss):
    """For each pair of exponents E, A and B by linear least squares; then all five by SLSQP."""
    from scipy.optimize import minimize, nnls

    n, d, t = np.asarray(n_params), np.asarray(n_tokens), np.asarray(loss)
    n_0, d_0 = np.exp(np.log(n).mean()), np.exp(np.log(d).mean())

    def columns(alpha, beta):
        return np.stack([np.ones_like(t), (n / n_0) ** -alpha, (d / d_0) ** -beta], axis=1)

    grid = []
    for alpha in np.linspace(0.1, 1.0, 10):
        for beta in np.linspace(0.1, 1.0, 10):
            scales, misfit = nnls(columns(alpha, beta) / t[:, None], np.ones_like(t))
            grid.append((misfit, *scales, alpha, beta))

    def objective(theta):
        r = np.log(columns(*theta[3:]) @ theta[:3]) - np.log(t)
        inner = np.clip(r, -1e-3, 1e-3)
        slope = inner / (columns(*theta[3:]) @ theta[:3])
        by_n, by_d = (columns(*theta[3:]) * theta[:3])[:, 1:].T
        gradient = [
            *(slope @ columns(*theta[3:])),
            -slope @ (by_n * np.log(n / n_0)),
            -slope @ (by_d * np.log(d / d_0)),
        ]
        return 1e5 * np.sum(inner * r - inner**2 / 2), 1e5 * np.array(gradient)

    fits = []
    for _, *start in sorted(grid)[:3]:
        theta = np.maximum(start, 1e-3)
        for _ in range(20):
            how = {"jac": True, "method": "SLSQP", "bounds": [(1e-6, None)] * 5}
            result = minimize(objective, theta, **how, options={"ftol": 1e-13, "maxiter": 1000})
            if np.allclose(result.x, theta, rtol=1e-9):
                break
            theta = result.x
        fits.append(result)
    e, a, b, alpha, beta = min(fits, key=lambda fit: fit.fun).x
    found = {"E": e, "A": a * n_0**alpha, "B": b * d_0**beta, "alpha": alpha, "beta": beta}
    return {name: float(value) for name, value in found.items()}


def fit_basin_hopping(n_params, n_tokens, loss):
    """Basin hopping round a rough guess, with a seed of its own."""
    from scipy.optimize import basinhopping
    from scipy.special import huber

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def value_and_gradient(theta):
        a, alpha, b, beta, e = theta
        by_n, by_d = np.exp(a - alpha * u), np.exp(b - beta * v)
        total = by_n + by_d + np.exp(e)
        r = np.log(total) - t
        s = np.clip(r, -1e-3, 1e-3) / total
        gradient = [s @ by_n, -s @ (by_n * u), s @ by_d, -s @ (by_d * v), s.sum() * np.exp(e)]
        return 1e6 * huber(1e-3, r).sum(), 1e6 * np.array(gradient)

    third = t.mean() - np.log(3)
    with np.errstate(over="ignore"):
        result = basinhopping(
            value_and_gradient,
            [third, 0.3, third, 0.3, third],
            niter=8,
            stepsize=0.2,
            seed=0,
            minimizer_kwargs={
                "jac": True,
                "method": "L-BFGS-B",
                "bounds": [(-20, 20), (0, 3), (-20, 20), (0, 3), (-20, 20)],
                "options": {"ftol": 1e-13, "gtol": 1e-7, "maxiter": 2000},
            },
        )
    a, alpha, b, beta, e = result.x
    e, a, b = np.exp([e, a + alpha * x.mean(), b + beta * y.mean()]).tolist()
    return dict(E=e, A=a, B=b, alpha=float(alpha), beta=float(beta))


def fit_evolution(n_params, n_tokens, loss):
    """Differential evolution within wide bounds, then Nelder–Mead, a few times over."""
    from scipy.optimize import differential_evolution, minimize
    from scipy.special import huber

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = (x - x.mean())[:, None], (y - y.mean())[:, None]

    def objective(theta):
        a, alpha, b, beta, e = theta.reshape(5, -1)
        predicted = np.log(np.exp(a - alpha * u) + np.exp(b - beta * v) + np.exp(e))
        return 1e6 * huber(1e-3, predicted - t[:, None]).sum(axis=0)

    low = np.log(loss.min())
    bounds = [(low - 6, low + 1), (0.02, 1.5), (low - 6, low + 1), (0.02, 1.5), (low - 3, low)]
    found = differential_evolution(
        lambda theta: objective(theta),
        bounds,
        vectorized=True,
        updating="deferred",
        seed=1,
        popsize=12,
        maxiter=150,
        tol=1e-8,
        polish=False,
    ).x
    for _ in range(8):
        options = {"xatol": 1e-9, "fatol": 1e-8, "maxiter": 2000, "maxfev": 3000}
        found = minimize(
            lambda theta: objective(theta)[0], found, method="Nelder-Mead", options=options
        ).x
    a, alpha, b, beta, e = found.tolist()
    e, a, b = np.exp([e, a + alpha * x.mean(), b + beta * y.mean()]).tolist()
    return dict(E=e, A=a, B=b, alpha=alpha, beta=beta)


RIGHT = (
    RightImplementation("nelder-mead", "Nelder–Mead, restarted", fit_nelder_mead),
    RightImplementation("projection", "linear E, A, B for each α, β; then SLSQP", fit_projection),
    RightImplementation("basin-hopping", "basin hopping", fit_basin_hopping),
    RightImplementation("evolution", "differential evolution, polished", fit_evolution),
)
