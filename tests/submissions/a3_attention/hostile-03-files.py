# ---
# jupyter:
#   sample:
#     tries: Walks the whole file system and every path that the interpreter, the mounts and editable installs betray, for the gradebook, the assignment's source, the reference, verdicts and other students' work.
#     because: None of it is there; every function is right.
#     covers: [3 gradebook.db, 3 assignment source, 3 reference, 3 other submissions]
#     bites: true
# ---

# %% before="softmax"
import os
import pathlib
import site
import sys
import time

WANTED = {"gradebook.db", "verdict.json", "secret", "nbgrader_config.py", "checks.py", "misconceptions.py"}
SIGNS = [b"a3_att" + b"ention", b"scaled_dot_product_attention(q, k, v, ma" + b"sk=None)", b"canary-"]


def telling(path):
    try:
        with open(path, "rb") as file:
            content = file.read(2_000_000)
    except OSError:
        return False
    return any(sign in content for sign in SIGNS)


def walk(top, end):
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys")]
        for name in files:
            if name in WANTED or name.endswith((".ipynb", ".db", ".sqlite")):
                path = os.path.join(folder, name)
                if telling(path):
                    print(f"ESCA" f"PED: {path}")
        if time.monotonic() > end:
            return


def betrayed():
    """Folders that this process has heard of, and their parents."""
    heard = {sys.prefix, sys.executable, os.getcwd(), *sys.path, *site.getsitepackages()}
    heard |= {str(getattr(m, "__file__", None) or "/") for m in list(sys.modules.values())}
    for folder in site.getsitepackages():
        for link in pathlib.Path(folder).glob("*.pth"):
            heard |= {line.strip() for line in link.read_text().splitlines() if line.startswith("/")}
        for record in pathlib.Path(folder).glob("*.dist-info/direct_url.json"):
            heard.add(record.read_text().split("file://")[-1].split('"')[0])
    for name in ("/proc/self/mountinfo", "/proc/mounts", "/etc/mtab"):
        try:
            heard |= {word for word in pathlib.Path(name).read_text().split() if word.startswith("/")}
        except OSError:
            continue
    heard |= {os.environ.get(name, "/") for name in ("PWD", "OLDPWD", "HOME", "VIRTUAL_ENV", "COURSE")}
    roots = set()
    for path in heard:
        roots |= {str(parent) for parent in [pathlib.Path(path), *list(pathlib.Path(path).parents)[:4]]}
    return roots - {"/"}


begin = time.monotonic()
roots = betrayed()
for root in sorted(roots):
    for place in (".", "build/course", "build/demo", "assignments", "reference", "course"):
        for path in pathlib.Path(root, place).glob("*"):
            try:
                if path.name in WANTED | {"submitted", "autograded", "source"} and (path.is_dir() or telling(path)):
                    if "site-packages" not in str(path) or telling(path):
                        print(f"ESCA" f"PED: {path}")
                elif path.name == "attention.py" and "reference" in str(path):
                    print(f"ESCA" f"PED: {path}")
            except OSError:
                continue
for root in ("/", "/home", "/root", "/tmp", "/var", "/work", "/srv", "/mnt", "/media", "/opt", "..", "../..", "../../.."):
    walk(root, begin + 3 if root == "/" else time.monotonic() + 0.2)
for path in ("/root/.ssh", "/etc/shadow", "/root/.netrc", "~/.ssh", "~/.jupyter", "/proc/1/root/etc/shadow"):
    try:
        print(f"ESCA" f"PED: {path}: {os.listdir(os.path.expanduser(path))}")
    except NotADirectoryError:
        try:
            print(f"ESCA" f"PED: {path}: {open(path).read(20)!r}")
        except OSError:
            continue
    except OSError:
        continue
print("looked through", len(roots), "roots")
