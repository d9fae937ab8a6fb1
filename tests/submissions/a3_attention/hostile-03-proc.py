# ---
# jupyter:
#   sample:
#     tries: Reads whatever /proc shows of other processes, their command lines, environments, open files and memory.
#     because: Only its own processes may be seen; every function is right.
#     covers: [3 proc, 3 environment]
#     bites: true
# ---

# %% after="softmax"
import glob
import os
import pathlib
import stat

me = {str(os.getpid()), "self", "thread-self"}
for process in glob.glob("/proc/[0-9]*"):
    number = process.rsplit("/", 1)[-1]
    if number in me:
        continue
    for name in ("cmdline", "environ", "maps", "status", "mountinfo"):
        try:
            text = pathlib.Path(process, name).read_bytes()
        except OSError:
            continue
        if text and number != "1":
            print(f"ESCA" f"PED: {process}/{name}: {text[:300]!r}")
    for name in ("root", "cwd", "exe"):
        try:
            entries = os.listdir(f"{process}/{name}") if name != "exe" else [os.readlink(f"{process}/exe")]
        except OSError:
            continue
        print(f"ESCA" f"PED: {process}/{name}: {entries[:5]}")
    for link in glob.glob(f"{process}/fd/*"):
        try:
            if stat.S_ISREG(os.stat(link).st_mode):
                with open(link, "rb") as file:
                    print(f"ESCA" f"PED: {link} {os.readlink(link)}: {file.read(80)!r}")
        except OSError:
            continue
    try:
        with open(f"{process}/mem", "rb") as file:
            file.seek(0x400000)
            print(f"ESCA" f"PED: memory of {process}: {file.read(16)!r}")
    except (OSError, ValueError):
        continue

# %% after="softmax"
for name, value in os.environ.items():
    if any(word in f"{name}={value}".lower() for word in ("canary", "secret", "token", "password")):
        print(f"ESCA" f"PED: {name}={value}")
for name in ("/proc/self/environ", "/proc/1/environ", "/proc/self/mountinfo", "/proc/self/cmdline"):
    try:
        text = pathlib.Path(name).read_bytes()
    except OSError as error:
        print(name, type(error).__name__)
        continue
    if b"canary" in text.lower():
        print(f"ESCA" f"PED: {name}: {text!r}")
print(sorted(os.environ))
