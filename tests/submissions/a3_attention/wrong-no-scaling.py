# ---
# jupyter:
#   sample:
#     tries: An honest student who forgot to divide by the root of d_k.
#     because: Attention is wrong wherever d_k is not 1; multi-head attention built on it loses nothing more.
#     expect: {scaled_dot_product_attention: less}
#     mistakes: {scaled_dot_product_attention: attention-unscaled}
# ---

# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return softmax(scores) @ v
