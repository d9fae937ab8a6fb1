# ---
# jupyter:
#   sample:
#     tries: A student who knows PyTorch's library and calls it wherever there is something to call.
#     because: Right in another style.
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    nothing = (x == -torch.inf).all(dim, keepdim=True)
    return torch.softmax(x.masked_fill(nothing, 0), dim).masked_fill(nothing, 0)


# %% grade_id="attend"
def attend(query, keys, values, score):
    weights = softmax(torch.stack(tuple(map(score, [query] * len(keys), keys))))
    return weights, torch.tensordot(weights, values, dims=1)


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return ~torch.triu(torch.ones(n, n, dtype=torch.bool, device=device), diagonal=1)


# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = torch.matmul(q, k.mT) / k.shape[-1] ** 0.5
    if mask is None:
        return torch.matmul(softmax(scores), v)
    return torch.matmul(softmax(scores.masked_fill(mask.logical_not(), -torch.inf)), v)


# %% grade_id="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    """Multi-head attention, self or cross."""

    def __init__(self, d_model: int, n_heads: int):
        super().__init__()
        if d_model % n_heads:
            raise ValueError("n_heads must divide d_model")
        self.n_heads = n_heads
        self.query, self.key, self.value, self.output = (
            nn.Linear(d_model, d_model) for _ in range(4)
        )

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q = torch.stack(self.query(x).chunk(self.n_heads, dim=-1), dim=-3)
        k = torch.stack(self.key(memory).chunk(self.n_heads, dim=-1), dim=-3)
        v = torch.stack(self.value(memory).chunk(self.n_heads, dim=-1), dim=-3)
        heads = scaled_dot_product_attention(q, k, v, mask if mask is None else mask.unsqueeze(-3))
        return self.output(torch.cat(heads.unbind(-3), dim=-1))


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    import numpy as np

    i = np.arange(1, n + 1)[:, np.newaxis]
    j = np.repeat(np.arange(1, d_model // 2 + 1), 2)
    angles = i / np.power(10000.0, 2 * j / d_model)
    return torch.from_numpy(np.where(np.arange(d_model) % 2, np.cos(angles), np.sin(angles))).float()
