# ---
# jupyter:
#   sample:
#     tries: An honest student who wrote the formula down without subtracting the maximum.
#     because: Softmax overflows on large scores; attention built on it is right apart from that and loses nothing more.
#     expect: {softmax: less}
#     mistakes: {softmax: softmax-without-maximum}
# ---

# %% grade_id="softmax"
def softmax(x, dim=-1):
    e = torch.exp(x)
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1)
