# ---
# jupyter:
#   sample:
#     tries: An honest student whose positions may not attend to themselves.
#     because: The causal mask alone is wrong; nothing else uses it.
#     expect: {causal_mask: less}
#     mistakes: {causal_mask: causal-mask-without-itself}
# ---

# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    position = torch.arange(n, device=device)
    return position[:, None] > position[None, :]
