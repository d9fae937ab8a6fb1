# ---
# jupyter:
#   sample:
#     tries: Stops its own process with SIGSTOP inside a call, so that it neither answers nor ends.
#     because: The mask never comes, save to the visible tests, and is worth nothing; every other function is right.
#     expect: {causal_mask: zero}
#     covers: [8 SIGKILL]
# ---

# %% grade_id="causal_mask"
import os
import signal
import sys


def in_a_cell():
    """Whether a cell, not a check, is calling."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "run_code":
        frame = frame.f_back
    return frame is not None


def causal_mask(n, device=None):
    if not in_a_cell():
        os.kill(os.getpid(), signal.SIGSTOP)
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()
