# ---
# jupyter:
#   sample:
#     tries: Returns (exponent, coefficient), and unpacks its own result that way in the next part.
#     because: The mistake costs in the fit, and not again in the curves.
#     expect: {fit_power_law: zero}
#     mistakes: {fit_power_law: line-swapped}
# ---

# %% grade_id="fit_power_law"
def fit_power_law(x, y):
    exponent, constant = np.polyfit(np.log(x), np.log(y), 1)
    return exponent, np.exp(constant)

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
    a, _ = fit_power_law(np.array(budgets), np.array(best))
    return a, 1 - a
