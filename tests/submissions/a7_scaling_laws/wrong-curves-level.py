# ---
# jupyter:
#   sample:
#     tries: Lets np.interp go on level where a curve has no points.
#     because: Right where all curves reach over all budgets.
#     expect: {minimum_over_curves: 4.5}
#     mistakes: {minimum_over_curves: curves-held-constant}
# ---

# %% grade_id="minimum_over_curves"
def minimum_over_curves(curves):
    low = min(flops[0] for _, flops, _ in curves)
    high = max(flops[-1] for _, flops, _ in curves)
    budgets, best = [], []
    for c in np.geomspace(low, high, 200):
        there = {}
        for n, flops, loss in curves:
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
