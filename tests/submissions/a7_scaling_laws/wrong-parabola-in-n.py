# ---
# jupyter:
#   sample:
#     tries: Fits the parabola to sizes, not to their logarithms.
#     because: One mistake in one function.
#     expect: {isoflop_minimum: zero}
#     mistakes: {isoflop_minimum: bottom-in-n}
# ---

# %% grade_id="isoflop_minimum"
def isoflop_minimum(n_params, loss):
    top = n_params.max()
    p, q, _ = np.polyfit(n_params / top, loss, 2)
    if p <= 0:
        raise ValueError("no minimum")
    return -q / (2 * p) * top
