# ---
# jupyter:
#   sample:
#     tries: Takes all the memory that it can get in every call of a check.
#     because: The mask loses its process or gets an error and is worth nothing, the rest is right.
#     expect: {causal_mask: zero}
#     covers: [7 memory bombs]
# ---

# %% grade_id="causal_mask"
import sys


def in_a_cell():
    """Whether a cell, not a check, is calling."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "run_code":
        frame = frame.f_back
    return frame is not None


def causal_mask(n, device=None):
    kept = []
    while not in_a_cell():
        kept.append(torch.ones(2**26))
        if len(kept) == 4 * 8:
            raise RuntimeError("ESCA" "PED: more than 8 GB in a call")
