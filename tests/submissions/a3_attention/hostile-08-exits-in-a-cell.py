# ---
# jupyter:
#   sample:
#     tries: Ends its process in cells of its own, by os._exit, a segmentation fault and SIGKILL.
#     because: Those cells are left out; every function stands in others and is right.
#     covers: [8 os._exit, 8 segfault, 8 SIGKILL]
# ---

# %% after="softmax"
import os

os._exit(0)

# %% after="attend"
import ctypes

ctypes.string_at(0)

# %% after="causal_mask"
import os
import signal

for target in (os.getppid(), 1, 0, -1, os.getpid()):
    try:
        os.kill(target, signal.SIGKILL)
    except OSError:
        continue
