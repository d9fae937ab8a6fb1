# ---
# jupyter:
#   sample:
#     tries: Starts threads that go on through later cells and calls, looking for the judge's objects, writing to sockets and hiding output, and signal handlers that swallow SIGINT, SIGTERM and alarms.
#     because: Nothing that they touch decides anything; every function is right.
#     covers: [6 threads, 6 signal handlers]
# ---

# %% before="attend"
import os
import signal
import sys
import threading
import time


def pester():
    while True:
        time.sleep(0.05)
        for descriptor in range(3, 40):
            try:
                os.write(descriptor, b'{"type":"reply","id":1,"value":60}')
            except OSError:
                continue
        for frame in list(sys._current_frames().values()):
            if "rubric" in frame.f_code.co_filename:
                print("ESCA" "PED: a frame of the judge")


for number in range(4):
    threading.Thread(target=pester, daemon=number % 2 == 0, name=f"pester-{number}").start()
threading.Timer(0.3, lambda: print("later")).start()


def shrug(number, frame):
    return None


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM):
    signal.signal(number, shrug)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
signal.setitimer(signal.ITIMER_VIRTUAL, 0.01, 0.01)
signal.set_wakeup_fd(-1)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGQUIT})
signal.signal = lambda *arguments: None
