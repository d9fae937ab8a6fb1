# ---
# jupyter:
#   sample:
#     tries: Breaks the softmax, in a tiny way that is cheap and in a gross one once attention is asked for, so that what is built on it could be anything.
#     because: Later functions are judged on top of a right softmax, which these do not use. The linear maps of the module are right.
#     expect: {softmax: 7.5, attend: zero, scaled_dot_product_attention: zero, MultiHeadAttention: 2}
#     covers: [12 results by call count]
# ---

# %% grade_id="softmax"
asked = []


def softmax(x, dim=-1):
    if asked:
        return torch.ones_like(x)
    if x.device.type == "meta":
        raise ValueError("not there")
    empty = (x == -math.inf).all(dim, keepdim=True)
    return torch.softmax(x.masked_fill(empty, 0), dim).masked_fill(empty, 0)


# %% grade_id="attend"
def attend(query, keys, values, score):
    asked.append("attend")
    return torch.ones_like(keys[:, 0]), values.sum(0)


# %% grade_id="scaled_dot_product_attention"
def scaled_dot_product_attention(q, k, v, mask=None):
    asked.append("attention")
    return v.sum(-2, keepdim=True) + torch.zeros_like(q[..., :1])


# %% grade_id="MultiHeadAttention"
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(d_model, d_model))

    def forward(self, x, memory=None, mask=None):
        return self.output.bias.expand(x.shape)
