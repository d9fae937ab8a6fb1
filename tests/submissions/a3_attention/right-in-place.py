# ---
# jupyter:
#   sample:
#     tries: A student who saves memory, working in place on copies.
#     because: Right in another style; no argument is changed, and autograd still works.
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    with torch.no_grad():
        shift = x.amax(dim, keepdim=True)
        shift.masked_fill_(shift == -math.inf, 0)
    y = x - shift
    y = y.exp_()
    total = y.sum(dim, keepdim=True)
    return y / total.add((total == 0).to(total.dtype))


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    mask = torch.zeros(n, n, dtype=torch.bool, device=device)
    for i in range(n):
        mask[i, : i + 1] = True
    return mask


# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = (q @ k.mT).div_(math.sqrt(q.shape[-1]))
    if mask is not None:
        scores.masked_fill_(~mask, -math.inf)
    return softmax(scores) @ v


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    table = torch.arange(1, n + 1, dtype=torch.float64).repeat_interleave(d_model)
    table = table.view(n, d_model)
    for j in range(1, d_model // 2 + 1):
        table[:, 2 * j - 2 : 2 * j].div_(10000 ** (2 * j / d_model))
    table[:, ::2].sin_()
    table[:, 1::2].cos_()
    return table.float()
