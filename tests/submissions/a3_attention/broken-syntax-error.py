# ---
# jupyter:
#   sample:
#     tries: A student who left a bracket open in one cell.
#     because: That cell defines nothing; every other function is right.
#     expect: {causal_mask: zero}
# ---

# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return torch.ones((n, n, dtype=torch.bool, device=device).tril()
