# ---
# jupyter:
#   sample:
#     tries: Has a cell that loops for ever and swallows every interrupt.
#     because: The cell is ended and left out; every function is right.
#     covers: [7 endless loops in a cell]
# ---

# %% after="attend"
import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
