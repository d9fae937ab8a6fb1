# ---
# jupyter:
#   sample:
#     tries: Forks until nothing can be forked any more, processes first, then threads, and leaves them all running.
#     because: The number of processes is limited, and their cell is left out where it stops the rest; every function is right.
#     covers: [7 fork bombs]
# ---

# %% after="causal_mask"
import mmap
import os
import threading
import time

MOST = 1000  # far past any limit; not endless, so that a missing limit does no harm here
counter = mmap.mmap(-1, 4)


def count():
    number = int.from_bytes(counter[:4], "little") + 1
    counter[:4] = number.to_bytes(4, "little")
    return number


me, refused = os.getpid(), 0
while refused < 50:
    try:
        if os.fork() == 0:
            refused = 0
            if count() > MOST:
                break
    except OSError:
        refused += 1
        time.sleep(0.01)
if os.getpid() != me:
    time.sleep(3600)
if int.from_bytes(counter[:4], "little") > MOST:
    print("ESCA" "PED: more than", MOST, "processes")
for _ in range(200):
    try:
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
    except RuntimeError:
        break
else:
    print("ESCA" "PED: 200 threads beside the processes")
