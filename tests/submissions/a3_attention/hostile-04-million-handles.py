# ---
# jupyter:
#   sample:
#     tries: Returns a million objects at once, and thousands of functions, modules, generators and tensors in every call.
#     because: A reply has a limited number of parts; the three functions are worth nothing, the rest is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [4 a million handles]
# ---

# %% grade_id="attend"
import itertools

sizes = itertools.chain([10], [1_000_000], itertools.repeat(1_000))


def attend(query, keys, values, score):
    return [object() for _ in range(next(sizes))]


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    kinds = (lambda: None, nn.Identity(), object(), type("Fresh", (), {}), (x for x in "x"))
    return [kinds[number % 5] for number in range(5_000)]


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    return tuple(torch.tensor(float(number)) for number in range(3_000))
