# ---
# jupyter:
#   sample:
#     tries: Takes the smallest and the largest size for the best, and turns a and b round at the end.
#     because: Each mistake costs its own function, and only that.
#     expect: {minimum_over_curves: 4.5, optimal_exponents: zero}
#     mistakes: {minimum_over_curves: curves-with-edges, optimal_exponents: exponents-swapped}
# ---

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
        budgets.append(c)
        best.append(winner)
    _, a = fit_power_law(np.array(budgets), np.array(best))
    return a, 1 - a

# %% grade_id="optimal_exponents"
def optimal_exponents(alpha, beta):
    return alpha / (alpha + beta), beta / (alpha + beta)
