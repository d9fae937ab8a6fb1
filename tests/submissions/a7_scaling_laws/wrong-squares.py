# ---
# jupyter:
#   sample:
#     tries: Least squares of log-losses, so that a few wrong runs decide.
#     because: Right without noise only.
#     expect: {fit_joint_law: less}
#     mistakes: {fit_joint_law: fit-squares}
# ---

# %% grade_id="fit_joint_law"
from scipy.optimize import minimize


def fit_joint_law(n_params, n_tokens, loss):
    """Logarithms from their middle, three starts, an objective that is scaled up."""
    x, y, t = np.log(n_params), np.log(n_tokens), np.log(loss)
    u, v = x - x.mean(), y - y.mean()

    def objective(theta):
        a, p, b, q, e = theta
        terms = np.exp([a - p * u, b - q * v, e + 0 * u])
        total = terms.sum(axis=0)
        r = np.log(total) - t
        pull = r * terms / total
        slope = [pull[0].sum(), -(pull[0] @ u), pull[1].sum(), -(pull[1] @ v), pull[2].sum()]
        return 1e6 * (r**2).sum() / 2, 1e6 * np.array(slope)

    third = t.mean() - np.log(3)
    options = {"maxiter": 3000, "maxcor": 20, "ftol": 1e-12, "gtol": 1e-6}
    found = [
        minimize(objective, [third, p, third, q, third], jac=True, method="L-BFGS-B", options=options)
        for p, q in ((0.3, 0.3), (0.3, 0.7), (0.7, 0.3))
    ]
    a, p, b, q, e = min(found, key=lambda one: one.fun).x
    return {
        "E": float(np.exp(e)),
        "A": float(np.exp(a + p * x.mean())),
        "B": float(np.exp(b + q * y.mean())),
        "alpha": float(p),
        "beta": float(q),
    }
