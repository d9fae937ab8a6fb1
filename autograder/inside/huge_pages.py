"""Puts what the warm process loads on huge pages, so that each fork copies few page-table entries.

The C library does so by itself for what it allocates where its environment says so (sandbox.py).
Python maps its arenas past the C library; from `begin` to `end` they are taken from it instead, and
are huge from the first byte on. (The kernel could also collapse small pages into huge ones later:
5 ms for each, 0.2 s for all that is loaded.) What is freed in between is not reused: arenas hardly
ever are, and chunks of the frame stack add up to some 20 MB. Afterwards all is as before: an arena
is freed by unmapping it, which the C library, that never touches what it gave away, does not mind.

Where the C library has no such setting, forks take longer, no more.
Source: PyObject_SetArenaAllocator, `glibc.malloc.hugetlb` of GNU libc.
Proved by: tests/autograder/inside/test_huge_pages.py.
"""

import ctypes
import mmap

_libc = ctypes.CDLL(None)


class _Allocator(ctypes.Structure):
    """PyObjectArenaAllocator: alloc(context, size) and free(context, address, size)."""

    _fields_ = [(name, ctypes.c_void_p) for name in ("context", "alloc", "free")]


_before = _Allocator()
ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(_before))


def begin() -> None:
    """Take arenas from the C library. To be called before much is loaded."""
    aligned = ctypes.cast(_libc.aligned_alloc, ctypes.c_void_p).value  # (alignment, size)
    nothing = ctypes.cast(_libc.getpid, ctypes.c_void_p).value
    _set(_Allocator(mmap.PAGESIZE, aligned, nothing))


def end() -> None:
    """Take them from the kernel again."""
    _set(_before)


def _set(allocator: _Allocator) -> None:
    ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(allocator))
