# ---
# jupyter:
#   sample:
#     tries: Prints ten gigabytes through print, sys.stdout, descriptor 1, a subprocess and a million displays, and draws a picture of a thousand million points.
#     because: Outputs are cut; every function is right.
#     covers: [7 ten gigabytes of output]
# ---

# %% after="softmax"
text = "x" * 10_000_000
for _ in range(300):
    print(text)

# %% after="softmax"
import os

block = b"y" * 2**20
for _ in range(9_000):
    try:
        os.write(1, block)
        os.write(2, block)
    except OSError:
        break

# %% after="softmax"
import subprocess

try:
    subprocess.run("head -c 1000000000 /dev/zero | tr '\\0' z; head -c 1000000000 /dev/zero >&2", shell=True)
except BaseException as error:
    print(type(error).__name__)

# %% after="softmax"
from IPython.display import Image, display

for number in range(20_000):
    display({"text/plain": "w" * 1000}, raw=True)
display(Image(data=b"\x89PNG\r\n\x1a\n" + b"p" * 50_000_000, format="png"))

# %% after="softmax"
["v" * 1_000_000] * 100
