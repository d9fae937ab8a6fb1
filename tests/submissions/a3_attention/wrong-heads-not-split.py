# ---
# jupyter:
#   sample:
#     tries: An honest student who cut the heads with view alone, mixing positions with features.
#     because: Multi-head attention is wrong for more than one head.
#     expect: {MultiHeadAttention: less}
#     mistakes: {MultiHeadAttention: heads-scrambled}
# ---

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
        return x.reshape(*batch, self.n_heads, n, d_model // self.n_heads)

    def forward(self, x, memory=None, mask=None):
        if memory is None:
            memory = x
        q, k, v = (
            self.split(self.query(x)),
            self.split(self.key(memory)),
            self.split(self.value(memory)),
        )
        if mask is not None:
            mask = mask.unsqueeze(-3)
        heads = scaled_dot_product_attention(q, k, v, mask)
        return self.output(heads.reshape(x.shape))
