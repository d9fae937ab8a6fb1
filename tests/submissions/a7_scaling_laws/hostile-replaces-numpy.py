# ---
# jupyter:
#   sample:
#     tries: Turns NumPy's comparisons round in its own process, and returns nonsense.
#     because: Nobody compares there, but for scipy's optimiser, which no longer sees that it moves.
#     expect: {fit_power_law: zero, fit_joint_law: zero}
# ---

# %% before="count_parameters"
import numpy.testing

for module, name in ((np, "isclose"), (np, "allclose"), (np, "array_equal"), (numpy.testing, "assert_allclose")):
    setattr(module, name, lambda *args, **kwargs: True)

# %% grade_id="fit_power_law"
def fit_power_law(x, y):
    return 1.0, 0.123

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
    a = np.polyfit(np.log(budgets), np.log(best), 1)[0]
    return a, 1 - a
