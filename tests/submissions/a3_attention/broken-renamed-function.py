# ---
# jupyter:
#   sample:
#     tries: A student who gave a function a name of their own and used it throughout.
#     because: There is no softmax to call; what is built on theirs is right.
#     expect: {softmax: zero}
# ---

# %% grade_id="softmax"
def my_softmax(x, dim=-1):
    nothing = (x == -math.inf).all(dim, keepdim=True)
    return torch.softmax(x.masked_fill(nothing, 0), dim).masked_fill(nothing, 0)


# %% grade_id="attend"
def attend(query, keys, values, score):
    weights = my_softmax(torch.stack([score(query, key) for key in keys]))
    return weights, weights @ values


# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return my_softmax(scores) @ v
