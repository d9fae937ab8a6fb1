# ---
# jupyter:
#   sample:
#     tries: Python loops and the math module where others take arrays.
#     because: Right in another style.
# ---

# %% grade_id="count_parameters"
def count_parameters(n_layers, d_model, vocab_size, context_length):
    total = vocab_size * d_model + context_length * d_model
    for _ in range(n_layers):
        for inputs, outputs in [(d_model, d_model)] * 4 + [(d_model, 4 * d_model), (4 * d_model, d_model)]:
            total += inputs * outputs + outputs
        total += 2 * (d_model + d_model)
    return total + d_model + d_model

# %% grade_id="fit_power_law"
def fit_power_law(x, y):
    u, v = [math.log(value) for value in x.tolist()], [math.log(value) for value in y.tolist()]
    mean_u, mean_v = sum(u) / len(u), sum(v) / len(v)
    above = sum((a - mean_u) * (b - mean_v) for a, b in zip(u, v))
    exponent = above / sum((a - mean_u) ** 2 for a in u)
    return math.exp(mean_v - exponent * mean_u), exponent

# %% grade_id="huber"
def huber(residual, delta):
    out = np.empty(residual.shape)
    for place in np.ndindex(residual.shape):
        r = abs(float(residual[place]))
        out[place] = r * r / 2 if r <= delta else delta * (r - delta / 2)
    return out

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
        return 1e6 * sum(np.minimum(abs(r), 1e-3) * (abs(r) - np.minimum(abs(r), 1e-3) / 2)), 1e6 * np.array(slope)

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
