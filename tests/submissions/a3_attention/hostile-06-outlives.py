# ---
# jupyter:
#   sample:
#     tries: Double-forks daemons in sessions of their own that ignore every signal, wait until grading is over, and then go for descriptors, files and the network.
#     because: All processes of a submission end with it; every function is right.
#     covers: [6 double-forked daemons, 6 a process that waits until grading is over, 6 signal handlers]
# ---

# %% before="softmax"
import ctypes
import os
import signal
import subprocess
import time

MARK = b"outlives-grading"


def name_myself():
    ctypes.CDLL(None).prctl(15, MARK, 0, 0, 0)


def linger():
    """Ignore everything, wait for the parent's end, then try again and again."""
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    parent = os.getppid()
    while True:
        time.sleep(0.2)
        if os.getppid() != parent:
            for descriptor in range(3, 64):
                try:
                    os.write(descriptor, b"still here")
                except OSError:
                    continue
            try:
                with open("/tmp/still-here", "a") as file:
                    file.write("x")
            except OSError:
                continue


def daemon(keep_descriptors):
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    name_myself()
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # no signal at the parent's death
    if not keep_descriptors:
        os.closerange(0, 256)
    linger()


daemon(True)
daemon(False)
subprocess.Popen(["outlives-grading", "86399"], executable="/bin/sleep", start_new_session=True)
subprocess.Popen(["/bin/sh", "-c", "trap '' TERM INT HUP; sleep 86399 & sleep 86398"], start_new_session=True)
subprocess.Popen(["/bin/sleep", "86398"], start_new_session=True, close_fds=False)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1, signal.SIGCHLD, signal.SIGPIPE):
    signal.signal(number, lambda *arguments: None)
print("left behind")
