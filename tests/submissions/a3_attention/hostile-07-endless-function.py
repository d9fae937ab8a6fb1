# ---
# jupyter:
#   sample:
#     tries: Has a function that loops for ever and swallows every interrupt.
#     because: That function never answers a check and is worth nothing, every other one is right.
#     expect: {sinusoidal_positions: zero}
#     covers: [7 endless loops in one function]
# ---

# %% grade_id="sinusoidal_positions"
import sys


def in_a_cell():
    """Whether a cell, not a check, is calling."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "run_code":
        frame = frame.f_back
    return frame is not None


def sinusoidal_positions(n, d_model):
    while not in_a_cell():
        try:
            while True:
                pass
        except BaseException:
            continue
