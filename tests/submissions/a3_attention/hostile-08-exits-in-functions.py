# ---
# jupyter:
#   sample:
#     tries: Ends its process inside calls, by os._exit, a segmentation fault and SIGKILL.
#     because: The three functions are worth nothing; every other one is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [8 os._exit, 8 segfault, 8 SIGKILL]
# ---

# %% grade_id="attend"
import ctypes
import os
import signal


def attend(query, keys, values, score):
    os._exit(0)


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    ctypes.memset(0, 255, 2**20)


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    os.kill(0, signal.SIGKILL)
