# ---
# jupyter:
#   sample:
#     tries: Right results, and columns that are zero afterwards.
#     because: Only the checks that look at the columns see it.
#     expect: {fit_power_law: 4.5, fit_joint_law: 11}
# ---

# %% grade_id="fit_power_law"
def fit_power_law(x, y):
    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    x[:] = 0
    y[:] = 0
    return np.exp(constant), exponent

# %% grade_id="minimum_over_curves"
def minimum_over_curves(curves):
    low = min(flops[0] for _, flops, _ in curves)
    high = max(flops[-1] for _, flops, _ in curves)
    budgets, best = [], []
    for c in np.geomspace(low, high, 200):
        there = {}
        for n, flops, loss in curves:
            if flops[0] <= c <= flops[-1]:
                value = np.interp(np.log(c), np.log(flops), loss)
                there[n] = min(value, there.get(n, value))
        if not there:
            continue
        winner = min(there, key=there.get)
        if min(there) < winner < max(there):
            budgets.append(c)
            best.append(winner)
    _, a = (0, np.polyfit(np.log(budgets), np.log(best), 1)[0])
    return a, 1 - a

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
        pull = np.clip(r, -1e-3, 1e-3) * terms / total
        slope = [pull[0].sum(), -(pull[0] @ u), pull[1].sum(), -(pull[1] @ v), pull[2].sum()]
        return 1e6 * huber(r, 1e-3).sum(), 1e6 * np.array(slope)

    loss[:] = 1.0
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
