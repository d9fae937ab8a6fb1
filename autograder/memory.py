"""How much memory a submission's processes hold together, as the kernel counts it.

Two counts: a quick one that counts what copies of a process share in each of them, so never too
little, and an exact one that is asked only when the quick one is past the limit.
Left out: what sockets and pipes buffer, which the limits on processes and descriptors bound; the
files of the submission, which its own small tmpfs bounds.
Source: proc(5), statm and smaps_rollup. Proved by: tests/autograder/test_student.py.
"""

import mmap
import os
import re
from pathlib import Path

import psutil

_LISTED = os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # CONFIG_PROC_CHILDREN
_PSS = re.compile(r"^Pss_(?:Anon|Shmem): +(\d+) kB$", re.MULTILINE)


def holds_more_than(limit_bytes: int, pid: int, baseline_bytes: int) -> bool:
    """Whether the descendants of a process hold more, their share of the warm process included.

    `baseline_bytes`: what the quick count gives for a process that has done nothing yet.
    """
    family = descendants(pid)
    quick = sum(max(0, own_bytes(one) - baseline_bytes) for one in family)
    if quick <= limit_bytes:
        return False
    return sum(_share_bytes(one) for one in family) > limit_bytes


def descendants(pid: int) -> list[int]:
    """All processes below one, as far as they do not come or go meanwhile.

    Where the kernel lists each process's children, other processes of the machine are not looked
    at: with many of them that takes longer than a function's call.
    """
    if not _LISTED:
        try:
            return [process.pid for process in psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
    found = [pid]
    for one in found:  # grows meanwhile
        try:
            tasks = os.listdir(f"/proc/{one}/task")
            for task in tasks:
                with open(f"/proc/{one}/task/{task}/children") as children:
                    found += map(int, children.read().split())
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            continue
    return found[1:]


def own_bytes(pid: int) -> int:
    """Memory of a process that no file backs; 0 when it has ended."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return (int(resident) - int(shared)) * mmap.PAGESIZE


def _share_bytes(pid: int) -> int:
    """A process's share of such memory: what n processes share counts 1/n in each."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except ProcessLookupError:
        return 0
    except OSError:
        return own_bytes(pid)
    return sum(int(kib) * 1024 for kib in _PSS.findall(text))
