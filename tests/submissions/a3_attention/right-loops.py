# ---
# jupyter:
#   sample:
#     tries: A student who thinks in rows, and writes a loop for each.
#     because: Slow and right; nothing asks for speed.
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    slices = x.unbind(dim)
    top = slices[0]
    for s in slices[1:]:
        top = torch.maximum(top, s)
    top = top.masked_fill(top == float("-inf"), 0.0)
    exps = [torch.exp(s - top) for s in slices]
    total = exps[0]
    for e in exps[1:]:
        total = total + e
    total = total.masked_fill(total == 0, 1.0)
    return torch.stack([e / total for e in exps], dim=dim)


# %% grade_id="attend"
def attend(query, keys, values, score):
    scores = []
    for i in range(keys.shape[0]):
        scores.append(score(query, keys[i]))
    weights = softmax(torch.stack(scores), dim=0)
    output = torch.zeros_like(values[0])
    for i in range(keys.shape[0]):
        output = output + weights[i] * values[i]
    return weights, output


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    rows = []
    for i in range(n):
        rows.append([j <= i for j in range(n)])
    return torch.tensor(rows, dtype=torch.bool, device=device).reshape(n, n)


# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    scale = 1 / math.sqrt(q.size(-1))
    if mask is not None and mask.dim() == 1:
        mask = mask.unsqueeze(0)
    rows = []
    for i in range(q.size(-2)):
        scores = (q[..., i : i + 1, :] * k).sum(-1) * scale  # (..., m)
        if mask is not None:
            row = mask[..., 0 if mask.size(-2) == 1 else i, :]
            scores = scores.masked_fill(row.logical_not(), float("-inf"))
        weights = softmax(scores)
        rows.append((weights.unsqueeze(-1) * v).sum(-2))
    return torch.stack(rows, dim=-2)


# %% grade_id="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        if d_model % n_heads:
            raise ValueError(f"{n_heads} heads do not divide {d_model}")
        self.d_head = d_model // n_heads
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        if memory is None:
            memory = x
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        heads = []
        for h in range(self.n_heads):
            part = slice(h * self.d_head, (h + 1) * self.d_head)
            heads.append(
                scaled_dot_product_attention(q[..., part], k[..., part], v[..., part], mask)
            )
        return self.output(torch.cat(heads, dim=-1))


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    table = torch.zeros(n, d_model, dtype=torch.float32)
    for i in range(1, n + 1):
        for j in range(1, d_model // 2 + 1):
            angle = i / 10000 ** (2 * j / d_model)
            table[i - 1, 2 * j - 2] = math.sin(angle)
            table[i - 1, 2 * j - 1] = math.cos(angle)
    return table
