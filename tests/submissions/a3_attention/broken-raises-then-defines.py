# ---
# jupyter:
#   sample:
#     tries: A student whose cell tries its function on a wrong shape right after defining it, and fails there.
#     because: The function stands by then, and is right.
# ---

# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return softmax(scores) @ v


scaled_dot_product_attention(torch.randn(2, 3), torch.randn(2, 5), torch.randn(2, 3))
