# ---
# jupyter:
#   sample:
#     tries: A student who stopped after the curves, with the rest as it was released.
#     because: The five functions that are there are right.
#     start: release
#     expect: {huber: zero, joint_loss: zero, fit_joint_law: zero, optimal_exponents: zero, optimal_allocation: zero}
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
