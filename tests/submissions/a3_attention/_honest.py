# ---
# jupyter:
#   sample:
#     tries: What every sample is made of where it brings no cell of its own.
#     because: Right, in plain style.
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    """Softmax along dim; zeros where there is nothing to choose from."""
    top = x.amax(dim, keepdim=True)
    top = torch.where(top == -math.inf, torch.zeros_like(top), top)
    numerator = torch.exp(x - top)
    total = numerator.sum(dim, keepdim=True)
    return numerator / torch.where(total == 0, torch.ones_like(total), total)


# %% grade_id="attend"
def attend(query, keys, values, score):
    """One query against every key."""
    scores = torch.stack([score(query, key) for key in keys])
    weights = softmax(scores)
    return weights, weights @ values


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    """True on and below the diagonal."""
    position = torch.arange(n, device=device)
    return position[:, None] >= position[None, :]


# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    """softmax(q k^T / sqrt(d_k)) v."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return softmax(scores) @ v


# %% grade_id="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        if d_model % n_heads != 0:
            raise ValueError("d_model must be a multiple of n_heads")
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, d_model)

    def split(self, x):
        *batch, n, d_model = x.shape
        return x.reshape(*batch, n, self.n_heads, d_model // self.n_heads).transpose(-3, -2)

    def forward(self, x, memory=None, mask=None):
        if memory is None:
            memory = x
        q = self.split(self.query(x))
        k = self.split(self.key(memory))
        v = self.split(self.value(memory))
        if mask is not None:
            mask = mask.unsqueeze(-3)
        heads = scaled_dot_product_attention(q, k, v, mask)
        return self.output(heads.transpose(-3, -2).reshape(x.shape))


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    """Row i - 1 holds p_i: sines and cosines in turn."""
    i = torch.arange(1, n + 1, dtype=torch.float64)[:, None]
    j = torch.arange(1, d_model // 2 + 1, dtype=torch.float64)
    angle = i / 10000 ** (2 * j / d_model)
    table = torch.empty(n, d_model, dtype=torch.float32)
    table[:, 0::2] = torch.sin(angle)
    table[:, 1::2] = torch.cos(angle)
    return table


# %% [markdown] grade_id="question-why-scale"
# The dot product of two random vectors of length $d_k$ has variance $d_k$. Without the division the
# scores grow with $d_k$, softmax puts nearly all weight on one key, and its gradient vanishes.
