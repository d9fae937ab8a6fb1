# ---
# jupyter:
#   sample:
#     tries: Limits and stops the processes of all other functions in the checks of one, kills them in those of another.
#     because: The two functions give nothing in a check and are worth nothing; the rest is right.
#     expect: {attend: zero, causal_mask: zero}
#     covers: [8 SIGKILL]
# ---

# %% grade_id="attend"
import os
import resource
import signal
import sys


def in_a_cell():
    """Whether a cell, not a check, is calling."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "run_code":
        frame = frame.f_back
    return frame is not None


def attend(query, keys, values, score):
    if in_a_cell():
        return
    for pid in {*range(2, 100)} - {os.getpid()}:
        try:
            resource.prlimit(pid, resource.RLIMIT_AS, (2**20, 2**20))
        except OSError:
            continue
    os.kill(-1, signal.SIGSTOP)


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    if not in_a_cell():
        os.kill(-1, signal.SIGKILL)
