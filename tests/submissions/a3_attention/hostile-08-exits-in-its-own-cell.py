# ---
# jupyter:
#   sample:
#     tries: Ends its process in the very cell that defines a function, right after the definition.
#     because: The cell is left out, and its function with it; every other function is right.
#     expect: {causal_mask: zero}
#     covers: [8 os._exit]
# ---

# %% grade_id="causal_mask"
import os


def causal_mask(n, device=None):
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()


os._exit(0)
