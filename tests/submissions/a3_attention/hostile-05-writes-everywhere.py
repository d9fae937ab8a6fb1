# ---
# jupyter:
#   sample:
#     tries: Creates, overwrites, deletes, renames, links and re-modes files in every folder that it can see outside its home, site-packages and the interpreter first.
#     because: All of it is read-only or absent; every function is right.
#     covers: [5 site-packages]
#     bites: true
# ---

# %% before="softmax"
import os
import site
import sys
import time

HOME = os.path.realpath(os.path.expanduser("~"))
OWN = (os.path.dirname(HOME), "/tmp", "/dev/shm", "/proc", "/sys")


def is_own(path):
    return os.path.realpath(path).startswith(OWN)


def attack(folder):
    target = os.path.join(folder, "planted-by-a-student.pth")
    for attempt in (
        lambda: os.close(os.open(target, os.O_CREAT | os.O_WRONLY)),
        lambda: os.mkdir(target + ".d"),
        lambda: os.symlink("/etc/passwd", target + ".link"),
        lambda: os.mkfifo(target + ".fifo"),
        lambda: os.link(os.path.join(HOME, ".attack"), target + ".hard"),
        lambda: os.rename(os.path.join(HOME, ".attack"), target),
        lambda: os.chmod(folder, 0o777),
        lambda: os.utime(folder),
        lambda: os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY)),
    ):
        try:
            attempt()
        except OSError:
            continue
        print("ESCA" "PED: wrote in", folder)
        for path in (target, target + ".link", target + ".fifo", target + ".hard"):
            try:
                os.unlink(path)
            except OSError:
                continue
        try:
            os.rmdir(target + ".d")
        except OSError:
            pass


open(os.path.join(HOME, ".attack"), "w").close()
for folder in [*site.getsitepackages(), sys.prefix, os.path.dirname(torch.__file__), os.path.dirname(os.__file__)]:
    attack(folder)
for path in (torch.__file__, os.__file__, sys.executable, "/usr/bin/env", "/etc/passwd", "/bin/sh"):
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        try:
            os.close(os.open(path, flags if not flags & os.O_TRUNC else os.O_WRONLY))
            print("ESCA" "PED: may overwrite", path)
        except OSError:
            continue
    try:
        os.chmod(path, 0o777)
        print("ESCA" "PED: changed the mode of", path)
    except OSError:
        continue
end, count = time.monotonic() + 4, 0
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if not is_own(os.path.join(folder, name))]
    if not is_own(folder):
        attack(folder)
        count += 1
    if time.monotonic() > end:
        break
print("tried folders:", count > 10)
