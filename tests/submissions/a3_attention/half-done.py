# ---
# jupyter:
#   sample:
#     tries: A student who stopped halfway, with the rest as it was released.
#     because: The three functions that are there are right.
#     expect: {scaled_dot_product_attention: zero, MultiHeadAttention: zero, sinusoidal_positions: zero}
#     start: release
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    nothing = (x == -math.inf).all(dim, keepdim=True)
    return torch.softmax(x.masked_fill(nothing, 0), dim).masked_fill(nothing, 0)


# %% grade_id="attend"
def attend(query, keys, values, score):
    weights = softmax(torch.stack([score(query, key) for key in keys]))
    return weights, weights @ values


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()
