# ---
# jupyter:
#   sample:
#     tries: Closes stdin, stdout and stderr, by object and by descriptor, then every other descriptor, or puts others in their place.
#     because: The cell that cuts the conversation is left out; every function is right.
#     covers: [8 closed stdin and stdout]
# ---

# %% before="softmax"
import os
import sys

sys.stdin.close() if sys.stdin else None
sys.stdout.close()
sys.stderr.close()
sys.__stdout__.close() if sys.__stdout__ else None

# %% before="softmax"
sys.stdin = sys.stdout = sys.stderr = sys.__stdin__ = sys.__stdout__ = sys.__stderr__ = None
for descriptor in (0, 1, 2):
    try:
        os.close(descriptor)
    except OSError:
        continue

# %% after="softmax"
os.closerange(3, 65536)

# %% after="attend"
null = os.open("/dev/null", os.O_RDWR)
for descriptor in range(3, 64):
    if descriptor != null:
        try:
            os.fstat(descriptor)
            os.dup2(null, descriptor)
        except OSError:
            continue
