# ---
# jupyter:
#   sample:
#     tries: Forks in a cell and lets both processes go on, so that two of them wait for the judge's next request.
#     because: Only the process that was asked answers; every function is right.
#     covers: [6 double-forked daemons]
# ---

# %% before="softmax"
import os

os.fork()
os.fork()

# %% before="scaled_dot_product_attention"
os.fork()

# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    if not hasattr(causal_mask, "forked"):
        causal_mask.forked = os.fork()
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()
