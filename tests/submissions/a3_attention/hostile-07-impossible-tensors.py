# ---
# jupyter:
#   sample:
#     tries: Makes, returns and multiplies tensors of impossible size.
#     because: A tensor of another size than asked is wrong; the two functions are worth nothing, the rest is right.
#     expect: {causal_mask: zero, sinusoidal_positions: zero}
#     covers: [7 tensors of impossible size]
# ---

# %% before="causal_mask"
import sys

for size in (10**15, 2**62, 10**11):
    try:
        torch.empty(size).fill_(1)
        print("ESCA" "PED: a tensor of", size)
    except (RuntimeError, MemoryError) as error:
        print(type(error).__name__)


def in_a_cell():
    """Whether a cell, not a check, is calling."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "run_code":
        frame = frame.f_back
    return frame is not None


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    if in_a_cell():
        return torch.ones(n, n, dtype=torch.bool).tril()
    return torch.ones(1, 1, dtype=torch.bool).expand(10**6 + n, 10**6)


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    if in_a_cell():
        return torch.ones(n, d_model)
    huge = torch.empty(1).expand(10**12)
    return huge if n % 2 else torch.empty(n, 10**13, device="meta")
