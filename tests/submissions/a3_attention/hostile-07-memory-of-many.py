# ---
# jupyter:
#   sample:
#     tries: Shares a memory bomb out among processes, each within its own limit, and among anonymous files, pipes and sockets, which no limit of a process counts.
#     because: All memory of a submission is counted together, and the cell is ended; every function is right.
#     covers: [7 memory bombs, 7 disk bombs]
# ---

# %% after="softmax"
import os
import time

LIMIT_GB = 5
block = b"x" * 2**24
files = []
written = 0
try:
    while written < LIMIT_GB * 2**30:
        files.append(os.memfd_create("hidden"))
        try:
            for _ in range(64):
                written += os.write(files[-1], block)
        except OSError:
            continue
    print("ESCA" "PED: more than", LIMIT_GB, "GB in anonymous files")
except OSError as error:
    print(type(error).__name__)

# %% after="softmax"
import mmap

started = []
for number in range(LIMIT_GB * 2):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        kind = (mmap.MAP_SHARED, mmap.MAP_PRIVATE)[number % 2]
        for flags in (kind, mmap.MAP_PRIVATE):
            try:
                held = mmap.mmap(-1, 2**29, flags=flags | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
                held[::4096] = b"x" * (2**29 // 4096)
                time.sleep(3)
            except BaseException:
                continue
            os._exit(0)
        os._exit(1)
    started.append(pid)
ended = [os.waitpid(pid, 0)[1] for pid in started]
if len(ended) == LIMIT_GB * 2 and not any(ended):
    print("ESCA" "PED: more than", LIMIT_GB, "GB in many processes")
