# ---
# jupyter:
#   sample:
#     tries: A fit that never ends.
#     because: Each call is stopped, and after two of them the rest is skipped.
#     expect: {fit_joint_law: zero}
# ---

# %% grade_id="fit_joint_law"
def fit_joint_law(n_params, n_tokens, loss):
    while True:
        pass
