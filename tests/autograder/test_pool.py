"""Processes of a pool: whose interrupts they heed, and when they end."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from autograder.pool import forked

PARENT = """
import os, time
from autograder.pool import forked
with forked(2) as pool:
    at_work = [pool.submit(os.getpid) for _ in range(2)]
    print(*pool._processes, flush=True)
    [one.result() for one in at_work]
    print("idle", flush=True)
    pool.submit(time.sleep, 60).result()
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_processes_end_with_their_parent_however_it_ends(how):
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        assert parent.stdout.readline() == b"idle\n"
        assert all(worker.is_running() for worker in workers)
        parent.send_signal(how)
    _, left = psutil.wait_procs(workers, timeout=10)
    for worker in left:
        worker.kill()
    assert not left


def test_an_interrupt_is_left_to_the_parent():
    with forked(1) as pool:
        pid = pool.submit(os.getpid).result()
        os.kill(pid, signal.SIGINT)
        time.sleep(0.1)
        assert pool.submit(os.getpid).result() == pid


INTERRUPTED = """
import time
from autograder.pool import forked
try:
    with forked(2) as pool:
        naps = [pool.submit(time.sleep, 30) for _ in range(8)]
        processes = list(pool._processes.values())
        print(*pool._processes, flush=True)
        naps[0].result()
except KeyboardInterrupt:
    print("interrupted", all(not process.is_alive() for process in processes), flush=True)
"""


def test_an_interrupted_parent_does_not_wait_for_what_is_under_way():
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        time.sleep(0.5)
        parent.send_signal(signal.SIGINT)
        out, _ = parent.communicate(timeout=15)
    assert out == "interrupted True\n"
    assert parent.returncode == 0
    assert not any(worker.is_running() for worker in workers)
