# ---
# jupyter:
#   sample:
#     tries: Returns a million objects at once, and ten thousand functions, modules and generators in every call.
#     because: A reply has a limited number of parts; the three functions are worth nothing, the rest is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [4 a million handles]
# ---

# %% grade_id="attend"
def attend(query, keys, values, score):
    return [object() for _ in range(1_000_000)]


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    kinds = (lambda: None, nn.Identity(), object(), type("Fresh", (), {}), (x for x in "x"))
    return [kinds[number % 5] for number in range(10_000)]


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    return tuple(torch.tensor(float(number)) for number in range(3_000))
