# ---
# jupyter:
#   sample:
#     tries: Forks until nothing can be forked any more, processes first, then threads, and leaves them all running.
#     because: The number of processes is limited, and what is left running is ended; every function is right.
#     covers: [7 fork bombs]
# ---

# %% after="causal_mask"
import os
import threading
import time

MOST = 1000  # far past any limit; not endless, so that a missing limit does no harm here
reading, writing = os.pipe()
os.set_blocking(reading, False)
me, refused = os.getpid(), 0
for generation in range(10):  # doubles each time, if nothing stops it
    try:
        if os.fork() == 0:
            os.write(writing, b"x")
    except OSError:
        time.sleep(0.05)
while refused < 20 and os.getpid() != me:
    try:
        if os.fork() == 0:
            os.write(writing, b"x")
            time.sleep(3600)
    except OSError:
        refused += 1
        time.sleep(0.01)
if os.getpid() != me:
    time.sleep(3600)
time.sleep(0.5)
try:
    if len(os.read(reading, 2 * MOST)) > MOST:
        print("ESCA" "PED: more than", MOST, "processes")
except BlockingIOError:
    print("not one")
for _ in range(200):
    try:
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
    except RuntimeError:
        break
else:
    print("ESCA" "PED: 200 threads beside the processes")
