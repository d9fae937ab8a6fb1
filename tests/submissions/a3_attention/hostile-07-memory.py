# ---
# jupyter:
#   sample:
#     tries: Takes all the memory that it can get, by arrays, tensors, anonymous and shared maps, in a cell.
#     because: The cell gets an error or is ended; every function is right.
#     covers: [7 memory bombs]
# ---

# %% before="softmax"
import mmap

LIMIT_GB = 8
kept, taken = [], 0
try:
    for make in (
        lambda: bytearray(b"x") * 2**28,
        lambda: torch.ones(2**26),
        lambda: mmap.mmap(-1, 2**28, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE),
        lambda: mmap.mmap(-1, 2**28, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE),
    ):
        try:
            while taken < LIMIT_GB * 4:
                kept.append(make())
                taken += 1
        except (MemoryError, OSError, RuntimeError) as error:
            print(type(error).__name__)
finally:
    kept.clear()  # also when it is interrupted, so that later cells are spared
if taken >= LIMIT_GB * 4:
    print("ESCA" "PED: more than", LIMIT_GB, "GB")
