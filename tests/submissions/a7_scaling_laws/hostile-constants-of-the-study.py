# ---
# jupyter:
#   sample:
#     tries: Returns the coefficients of the study's own table, and the minima read off its figures.
#     because: Right for one table, and the hidden ones are drawn.
#     expect: {fit_joint_law: zero, isoflop_minimum: zero, minimum_over_curves: zero}
# ---

# %% grade_id="fit_joint_law"
def fit_joint_law(n_params, n_tokens, loss):
    return {"E": 2.3, "A": 18.0, "B": 150.0, "alpha": 0.4, "beta": 0.38}

# %% grade_id="isoflop_minimum"
def isoflop_minimum(n_params, loss):
    known = {16: 4300.0, 8: 15000.0}
    return known.get(len(n_params), 10000.0)

# %% grade_id="minimum_over_curves"
def minimum_over_curves(curves):
    return 0.5, 0.5
