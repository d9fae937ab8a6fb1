"""Whose memory is counted: all that descends from a process, and nothing else."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from autograder import memory
from autograder.memory import descendants, own_bytes

FAMILY = """
import os, threading, time

def stay():
    print(flush=True)
    time.sleep(60)

if os.fork() == 0:
    os.fork()
    stay()
threading.Thread(target=lambda: (os.fork(), stay())).start()
stay()
"""


@pytest.fixture
def family():
    """A process with a child, a grandchild, and a child that another of its threads forked."""
    top = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE)
    assert top.stdout
    for _ in range(5):
        top.stdout.readline()
    yield top.pid
    for process in psutil.Process(top.pid).children(recursive=True):
        process.send_signal(signal.SIGKILL)
    top.kill()
    top.wait()
    top.stdout.close()


@pytest.mark.parametrize("listed", [True, False])
def test_all_descendants_are_found(family, monkeypatch, listed):
    if not memory._LISTED:
        pytest.skip("this kernel does not list a process's children")
    monkeypatch.setattr(memory, "_LISTED", listed)
    known = {process.pid for process in psutil.Process(family).children(recursive=True)}
    assert len(known) == 3
    assert set(descendants(family)) == known
    assert os.getpid() not in descendants(family)


@pytest.mark.parametrize("listed", [True, False])
def test_an_ended_process_has_none_and_holds_nothing(monkeypatch, listed):
    monkeypatch.setattr(memory, "_LISTED", listed and memory._LISTED)
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert descendants(ended.pid) == []
    assert own_bytes(ended.pid) == 0


def test_own_memory_is_what_psutil_counts():
    child = subprocess.Popen([sys.executable, "-c", "x = b'x' * 2**26; print(flush=True); input()"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    with child:
        assert child.stdout
        child.stdout.readline()
        told = psutil.Process(child.pid).memory_info()
        assert own_bytes(child.pid) == told.rss - told.shared
        assert own_bytes(child.pid) > 2**26
        child.kill()
