# ---
# jupyter:
#   sample:
#     tries: An honest student whose softmax always works along the last dimension and whose later functions all call it.
#     because: Softmax loses its points for dim; attend and attention only use the last dimension and lose nothing.
#     expect: {softmax: less}
#     mistakes: {softmax: softmax-last-axis-always}
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    top = x.amax(-1, keepdim=True)
    top = torch.where(top == -math.inf, torch.zeros_like(top), top)
    e = torch.exp(x - top)
    total = e.sum(-1, keepdim=True)
    return e / torch.where(total == 0, torch.ones_like(total), total)
