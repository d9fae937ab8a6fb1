# ---
# jupyter:
#   sample:
#     tries: An honest student whose softmax forgets to normalise; everything built on it is right.
#     because: Only softmax loses points; the others are judged against the reference built on this softmax.
#     expect: {softmax: zero}
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    top = x.amax(dim, keepdim=True)
    top = torch.where(top == -math.inf, torch.zeros_like(top), top)
    return torch.exp(x - top)
