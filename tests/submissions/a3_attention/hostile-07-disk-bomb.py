# ---
# jupyter:
#   sample:
#     tries: Fills every folder that it may write with data, then with a hundred thousand empty files and the deepest path that there can be.
#     because: What it may write is small and its own; every function is right.
#     covers: [7 disk bombs]
# ---

# %% before="softmax"
import os

LIMIT_GB = 1
block = b"\0" * 2**22
total = 0
for place in (os.path.expanduser("~"), "/tmp", "/dev/shm", "/var/tmp", "/run", "."):
    for number in range(1000):
        try:
            with open(os.path.join(place, f"bomb-{number}"), "wb", buffering=0) as file:
                while total < LIMIT_GB * 2**30:
                    total += file.write(block)
        except OSError as error:
            print(place, number, error.strerror)
            break
        if total >= LIMIT_GB * 2**30:
            print("ESCA" "PED: more than", LIMIT_GB, "GB on disk")
            break

# %% before="softmax"
made = 0
for place in (os.path.expanduser("~"), "/tmp", "/dev/shm"):
    for number in range(100_000):
        try:
            os.close(os.open(os.path.join(place, f"inode-{number}"), os.O_CREAT | os.O_WRONLY))
            made += 1
        except OSError:
            break
if made >= 100_000:
    print("ESCA" "PED:", made, "files")
depth = 0
try:
    for depth in range(20_000):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
except OSError:
    print("depth", depth < 20_000)
