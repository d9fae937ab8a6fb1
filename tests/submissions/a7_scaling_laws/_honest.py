# ---
# jupyter:
#   sample:
#     tries: What every sample is made of where it brings no cell of its own.
#     because: Right, in plain style.
# ---

# %% grade_id="count_parameters"
def count_parameters(n_layers, d_model, vocab_size, context_length):
    """Embeddings, blocks, and the last norm."""
    attention = 4 * d_model * d_model + 4 * d_model
    mlp = 8 * d_model * d_model + 5 * d_model
    block = attention + mlp + 4 * d_model
    return (vocab_size + context_length) * d_model + n_layers * block + 2 * d_model

# %% grade_id="training_flops"
def training_flops(n_params, n_tokens):
    return 6.0 * n_params * n_tokens

# %% grade_id="fit_power_law"
def fit_power_law(x, y):
    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    return np.exp(constant), exponent

# %% grade_id="isoflop_minimum"
def isoflop_minimum(n_params, loss):
    u = np.log(n_params)
    p, q, _ = np.polyfit(u, loss, 2)
    if p <= 0:
        raise ValueError("no minimum")
    return np.exp(-q / (2 * p))

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
    _, a = fit_power_law(np.array(budgets), np.array(best))
    return a, 1 - a

# %% grade_id="huber"
def huber(residual, delta):
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / 2, delta * (size - delta / 2))

# %% grade_id="joint_loss"
def joint_loss(n, d, E, A, B, alpha, beta):
    return E + A / n**alpha + B / d**beta

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

# %% grade_id="optimal_exponents"
def optimal_exponents(alpha, beta):
    a = beta / (alpha + beta)
    return a, 1 - a

# %% grade_id="optimal_allocation"
def optimal_allocation(flops, E, A, B, alpha, beta):
    a, b = optimal_exponents(alpha, beta)
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    return g * (flops / 6) ** a, (flops / 6) ** b / g
