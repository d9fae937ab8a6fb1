"""How much memory a submission's processes hold together, as the kernel counts it.

Two counts: a quick one that counts what copies of a process share in each of them, so never too
little, and an exact one that is asked only when the quick one is past the limit.
Left out: what sockets and pipes buffer, which the limits on processes and descriptors bound; the
files of the submission, which its own small tmpfs bounds.
Source: proc(5), smaps_rollup. Proved by: tests/autograder/test_student.py.
"""

import re
from pathlib import Path

import psutil

_PSS = re.compile(r"^Pss_(?:Anon|Shmem): +(\d+) kB$", re.MULTILINE)


def holds_more_than(limit_bytes: int, pid: int, baseline_bytes: int) -> bool:
    """Whether the descendants of a process hold more, their share of the warm process included.

    `baseline_bytes`: what the quick count gives for a process that has done nothing yet.
    """
    try:
        family = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return False
    quick = sum(max(0, own_bytes(process.pid) - baseline_bytes) for process in family)
    if quick <= limit_bytes:
        return False
    return sum(_share_bytes(process.pid) for process in family) > limit_bytes


def own_bytes(pid: int) -> int:
    """Memory of a process that no file backs; 0 when it has ended."""
    try:
        memory = psutil.Process(pid).memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - memory.shared)


def _share_bytes(pid: int) -> int:
    """A process's share of such memory: what n processes share counts 1/n in each."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except ProcessLookupError:
        return 0
    except OSError:
        return own_bytes(pid)
    return sum(int(kib) * 1024 for kib in _PSS.findall(text))
