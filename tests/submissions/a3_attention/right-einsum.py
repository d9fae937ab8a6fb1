# ---
# jupyter:
#   sample:
#     tries: Einstein sums throughout, and no helper twice.
#     because: Right in another style.
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    m = x.detach().max(dim=dim, keepdim=True).values.nan_to_num(neginf=0.0)
    e = (x - m).exp()
    return e / e.sum(dim=dim, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)


# %% grade_id="attend"
def attend(query, keys, values, score):
    scores = torch.stack([score(query, k) for k in keys.unbind(0)])
    weights = softmax(scores, dim=0)
    return weights, torch.einsum("n,nd->d", weights, values)


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return torch.ones((n, n), dtype=torch.bool, device=device).tril()


# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = torch.einsum("...nd,...md->...nm", q, k) * k.shape[-1] ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, -torch.inf)
    return torch.einsum("...nm,...md->...nd", softmax(scores, dim=-1), v)


# %% grade_id="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        assert d_model % n_heads == 0
        self.h, self.d = n_heads, d_model // n_heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(d_model, d_model))

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = (
            linear(t).unflatten(-1, (self.h, self.d)).movedim(-2, -3)
            for linear, t in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        heads = scaled_dot_product_attention(q, k, v, None if mask is None else mask[..., None, :, :])
        weight = self.output.weight.unflatten(-1, (self.h, self.d))
        return torch.einsum("...hnd,ohd->...no", heads, weight) + self.output.bias


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    i = torch.arange(1, n + 1, dtype=torch.float64)
    w = 10000.0 ** -(torch.arange(2, d_model + 2, 2, dtype=torch.float64) / d_model)
    angles = torch.einsum("i,j->ij", i, w)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(-2).float()
