"""Right ways to write `fit_joint_law(n_params, n_tokens, loss)`.

Here, those that go downhill by gradients; the others are in `fit_searches`. Each function stands
alone, so that it can be pasted into a notebook: hence the length. They differ in how they write the
objective, in where they start and in how they move; each goes on until it stands still.
"""

import numpy as np

from assignments.a7_scaling_laws.checks.fit_joint_law import least
from assignments.a7_scaling_laws.right import fit_searches
from autograder.misconception import RightImplementation


def fit_reference(n_params, n_tokens, loss):
    """The reference, its law as a dict, kept for the checks, which ask for it too."""
    return dict(least((n_params, n_tokens, loss)))


def fit_l_bfgs_b(n_params, n_tokens, loss):
    """L-BFGS-B with gradients, from a grid of exponents; the sum, scaled up, tight tolerances."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    one, zero = np.ones_like(x), np.zeros_like(x)
    maps = np.array([[one, -x, zero, zero, zero], [zero, zero, one, -y, zero], [zero] * 4 + [one]])

    def value_and_gradient(theta):
        terms = np.einsum("kpi,p->ki", maps, theta)
        top = logsumexp(terms, axis=0)
        r = top - t
        inner = np.clip(r, -1e-3, 1e-3)
        gradient = np.einsum("i,ki,kpi->p", inner, np.exp(terms - top), maps)
        return 1e6 * np.sum(inner * r - inner**2 / 2), 1e6 * gradient

    third, fits = np.log(np.mean(loss) / 3), []
    for alpha in (0.25, 0.6):
        for beta in (0.25, 0.6):
            start = [third + alpha * x.mean(), alpha, third + beta * y.mean(), beta, third]
            options = {"maxiter": 3000, "maxcor": 20, "ftol": 1e-12, "gtol": 1e-8}
            how = {"jac": True, "method": "L-BFGS-B", "options": options}
            fits.append(minimize(value_and_gradient, start, **how))
    a, alpha, b, beta, e = min(fits, key=lambda fit: fit.fun).x
    found = [np.exp(e), np.exp(a), np.exp(b), alpha, beta]
    return dict(zip(("E", "A", "B", "alpha", "beta"), map(float, found), strict=True))


def fit_recipe(n_params, n_tokens, loss):
    """L-BFGS-B as it comes, of 1e5 times the mean: with 1e3 it stops early now and then."""
    from scipy.optimize import minimize
    from scipy.special import huber

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)

    def value_and_gradient(p):
        terms = np.exp([p[0] - p[3] * x, p[1] - p[4] * y, np.full_like(x, p[2])])
        r = np.log(terms.sum(axis=0)) - t
        by_n, by_d, constant = np.clip(r, -1e-3, 1e-3) * terms / terms.sum(axis=0)
        gradient = [by_n, by_d, constant, -by_n * x, -by_d * y]
        return 1e5 * huber(1e-3, r).mean(), 1e5 * np.mean(gradient, axis=1)

    starts = [[scale, scale, 0.5, g, g] for scale in (2, 6) for g in (0.3, 0.5)]
    fits = [minimize(value_and_gradient, s, jac=True, method="L-BFGS-B") for s in starts]
    a, b, e, alpha, beta = min(fits, key=lambda fit: fit.fun).x
    return dict(E=np.exp(e), A=np.exp(a), B=np.exp(b), alpha=alpha, beta=beta)


def fit_bfgs_centred(n_params, n_tokens, loss):
    """BFGS by finite differences of a mean scaled up; centred logarithms, two starts."""
    from scipy.optimize import minimize
    from scipy.special import huber, logsumexp

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def objective(theta):
        a, alpha, b, beta, e = theta
        terms = np.stack([a - alpha * u, b - beta * v, np.full_like(u, e)])
        return 1e7 * huber(1e-3, logsumexp(terms, axis=0) - t).mean()

    third, fits = t.mean() - np.log(3), []
    for exponent in (0.3, 0.7):
        theta = np.array([third, exponent, third, exponent, third])
        for _ in range(3):  # afresh from where it stopped, with a new Hessian
            result = minimize(objective, theta, method="BFGS", options={"gtol": 1e-5})
            theta = result.x
        fits.append(result)
    a, alpha, b, beta, e = min(fits, key=lambda fit: fit.fun).x
    e, a, b = np.exp([e, a + alpha * x.mean(), b + beta * y.mean()]).tolist()
    return dict(E=e, A=a, B=b, alpha=float(alpha), beta=float(beta))


def fit_least_squares(n_params, n_tokens, loss):
    """scipy's least_squares with Huber's loss: ½ C² ρ((r / C)²) is Huber's own."""
    from scipy.optimize import least_squares

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def terms(theta):
        a, alpha, b, beta, e = theta
        return np.exp(a - alpha * u), np.exp(b - beta * v), np.full_like(u, np.exp(e))

    def residuals(theta):
        return np.log(sum(terms(theta))) - t

    def jacobian(theta):
        by_n, by_d, constant = (term / sum(terms(theta)) for term in terms(theta))
        return np.stack([by_n, -by_n * u, by_d, -by_d * v, constant], axis=1)

    third = t.mean() - np.log(3)
    fits = [
        least_squares(
            residuals,
            [third, alpha, third, beta, third],
            jacobian,
            loss="huber",
            f_scale=1e-3,
            x_scale="jac",
            xtol=1e-13,
            ftol=1e-13,
            gtol=1e-13,
            max_nfev=300,
        )
        for alpha, beta in ((0.3, 0.3), (0.3, 0.7), (0.7, 0.3))
    ]
    a, alpha, b, beta, e = min(fits, key=lambda fit: fit.cost).x.tolist()
    e, a, b = np.exp([e, a + alpha * x.mean(), b + beta * y.mean()]).tolist()
    return dict(E=e, A=a, B=b, alpha=alpha, beta=beta)


def fit_torch_lbfgs(n_params, n_tokens, loss):
    """torch's LBFGS in float64 with a strong Wolfe search, from two starts."""
    import torch

    x, y, t = (torch.tensor(np.log(c), dtype=torch.float64) for c in (n_params, n_tokens, loss))
    u, v = x - x.mean(), y - y.mean()
    third = float(t.mean()) - float(np.log(3))
    fits = []
    for exponent in (0.3, 0.6):
        theta = torch.tensor([third, exponent] * 2 + [third], dtype=torch.float64)
        theta.requires_grad_()
        optimiser = torch.optim.LBFGS(
            [theta],
            max_iter=600,
            tolerance_grad=1e-9,
            tolerance_change=1e-15,
            history_size=30,
            line_search_fn="strong_wolfe",
        )

        def objective(theta=theta):
            a, alpha, b, beta, e = theta
            terms = torch.stack([a - alpha * u, b - beta * v, e.expand_as(u)])
            predicted = torch.logsumexp(terms, dim=0)
            return 1e6 * torch.nn.functional.huber_loss(predicted, t, reduction="sum", delta=1e-3)

        def closure(optimiser=optimiser, objective=objective):
            optimiser.zero_grad()
            found = objective()
            found.backward()
            return found

        optimiser.step(closure)
        fits.append((objective().item(), theta.tolist()))
    a, alpha, b, beta, e = min(fits)[1]
    e, a, b = np.exp([e, a + alpha * float(x.mean()), b + beta * float(y.mean())]).tolist()
    return dict(E=e, A=a, B=b, alpha=alpha, beta=beta)


def fit_gauss_newton(n_params, n_tokens, loss):
    """Least squares weighted anew at each step (Huber's weights), damped; numpy alone."""
    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def parts(theta):
        a, alpha, b, beta, e = theta
        terms = np.stack([np.exp(a - alpha * u), np.exp(b - beta * v), np.full_like(u, np.exp(e))])
        return terms / terms.sum(axis=0), np.log(terms.sum(axis=0)) - t

    def cost(r):
        inner = np.minimum(np.abs(r), 1e-3)
        return np.sum(inner * (np.abs(r) - inner / 2))

    fits = []
    third = t.mean() - np.log(3)
    for alpha, beta in ((0.3, 0.3), (0.6, 0.3), (0.3, 0.6)):
        theta, damping = np.array([third, alpha, third, beta, third]), 1.0
        (by_n, by_d, constant), r = parts(theta)
        for _ in range(2000):
            jacobian = np.stack([by_n, -by_n * u, by_d, -by_d * v, constant], axis=1)
            weights = 1e-3 / np.maximum(np.abs(r), 1e-3)
            matrix = jacobian.T @ (weights[:, None] * jacobian)
            matrix += damping * np.diag(np.diag(matrix) + 1e-12)
            step = np.linalg.solve(matrix, -jacobian.T @ (weights * r))
            shares, new = parts(theta + step)
            if cost(new) < cost(r):
                gained = cost(r) - cost(new)
                theta, (by_n, by_d, constant), r = theta + step, shares, new
                damping = max(damping / 3, 1e-9)
                if gained < 1e-12 * cost(r):
                    break
            else:
                damping *= 4
                if damping > 1e9:
                    break
        fits.append((cost(r), theta.tolist()))
    a, alpha, b, beta, e = min(fits)[1]
    e, a, b = np.exp([e, a + alpha * x.mean(), b + beta * y.mean()]).tolist()
    return dict(E=e, A=a, B=b, alpha=alpha, beta=beta)


def fit_graduated(n_params, n_tokens, loss):
    """Huber's loss with a delta that starts wide and shrinks to 1e-3."""
    from scipy.optimize import minimize
    from scipy.special import huber

    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def value_and_gradient(theta, delta):
        a, alpha, b, beta, e = theta
        by_n, by_d = np.exp(a - alpha * u), np.exp(b - beta * v)
        total = by_n + by_d + np.exp(e)
        r = np.log(total) - t
        s = np.clip(r, -delta, delta) / total
        gradient = [s @ by_n, -s @ (by_n * u), s @ by_d, -s @ (by_d * v), s.sum() * np.exp(e)]
        return 1e3 * huber(delta, r).sum() / delta, 1e3 * np.array(gradient) / delta

    theta = np.array([t.mean() - np.log(3), 0.4] * 2 + [t.mean() - np.log(3)])
    options = {"ftol": 1e-14, "gtol": 1e-7, "maxcor": 20, "maxiter": 2000}
    for delta in (*np.geomspace(0.02, 1e-3, 5), 1e-3, 1e-3):
        how = {"jac": True, "method": "L-BFGS-B", "options": options}
        theta = minimize(value_and_gradient, theta, (delta,), **how).x
    a, alpha, b, beta, e = theta.tolist()
    e, a, b = np.exp([e, a + alpha * x.mean(), b + beta * y.mean()]).tolist()
    return dict(E=e, A=a, B=b, alpha=alpha, beta=beta)


RIGHT = (
    RightImplementation("reference", "the reference", fit_reference),
    RightImplementation("l-bfgs-b", "L-BFGS-B from a grid, gradients by hand", fit_l_bfgs_b),
    RightImplementation("recipe", "L-BFGS-B as it comes, scaled by 1e5", fit_recipe),
    RightImplementation("bfgs", "BFGS, centred, by finite differences", fit_bfgs_centred),
    RightImplementation("least-squares", "scipy's least_squares", fit_least_squares),
    RightImplementation("torch-lbfgs", "torch's LBFGS in float64", fit_torch_lbfgs),
    RightImplementation("gauss-newton", "reweighted Gauss–Newton, numpy alone", fit_gauss_newton),
    RightImplementation("graduated", "a delta that shrinks", fit_graduated),
    *fit_searches.RIGHT,
)
