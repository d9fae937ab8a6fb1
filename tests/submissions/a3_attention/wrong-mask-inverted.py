# ---
# jupyter:
#   sample:
#     tries: An honest student who read True as "is hidden", as nn.MultiheadAttention does.
#     because: Every check with a mask fails, those without pass.
#     expect: {scaled_dot_product_attention: less}
#     mistakes: {scaled_dot_product_attention: attention-mask-inverted}
# ---

# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf)
    return softmax(scores) @ v
