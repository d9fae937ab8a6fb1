"""Puts the warm process's memory on huge pages, so that each fork copies few page-table entries.

The C library does so by itself for what it allocates where its environment says so (sandbox.py);
this does the same for Python's own arenas. A kernel that cannot leaves them as they are, and forks
take some milliseconds more. Source: madvise(2), MADV_COLLAPSE.
Proved by: tests/autograder/inside/test_huge_pages.py.
"""

import ctypes

SIZE = 2 * 2**20
_MADV_COLLAPSE = 25
_libc = ctypes.CDLL(None, use_errno=True)
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def collapse() -> int:
    """Collapse private anonymous memory; the number of huge pages made."""
    return sum(
        _libc.madvise(address, SIZE, _MADV_COLLAPSE) == 0
        for start, end in _writable_and_anonymous()
        for address in range(-(-start // SIZE) * SIZE, end - SIZE + 1, SIZE)
    )


def _writable_and_anonymous() -> list[tuple[int, int]]:
    found = []
    with open("/proc/self/maps") as maps:
        for line in maps:
            span, rights, _, _, inode, *name = line.split()
            if rights == "rw-p" and inode == "0" and not name:
                start, end = (int(address, 16) for address in span.split("-"))
                found.append((start, end))
    return found
