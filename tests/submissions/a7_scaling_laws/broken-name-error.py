# ---
# jupyter:
#   sample:
#     tries: A fit that uses a name which is nowhere defined.
#     because: That function raises wherever it is called; all else is right.
#     expect: {fit_joint_law: zero}
# ---

# %% grade_id="fit_joint_law"
def fit_joint_law(n_params, n_tokens, loss):
    return minimise_everything(n_params, n_tokens, loss)
