"""The bytes of a file that a student handed in, if they may be read at all.

A submitted folder can hold links to other students' work, pipes that never end and files of any
size. So each step of the path is opened without following links, and the size is known before the
first byte is read. Left out: what the bytes mean (`autograder.notebook_file`).
Proved by: links at every level, pipes, folders in a file's place, a sparse file of 200 MB.
"""

import errno
import os
import stat
from pathlib import Path

from autograder.errors import UnreadableSubmission

MAX_BYTES = 20 * 2**20
"""Size of a file: an honest notebook with many figures has one or two MB."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


def too_big(what: str, size: int) -> str:
    """The reason why a file of `size` bytes is not read."""
    return f"{what} has {size / 2**20:,.1f} MB; at most {MAX_BYTES // 2**20} MB are read"


def read_bytes(path: Path, inside: Path | None = None) -> bytes:
    """The bytes of a submitted file, if it is a regular file of acceptable size.

    No part of the path below `inside` (default: the file's own folder) may be a symbolic link: it
    could show another student's work, or the instructor's.
    """
    inside = path.parent if inside is None else inside
    *folders, name = path.relative_to(inside).parts
    try:
        descriptor = os.open(inside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableSubmission(f"cannot open the folder {inside}: {error.strerror}") from None
    for folder in folders:
        descriptor = _step(descriptor, folder, _READ | os.O_DIRECTORY)
    try:
        # Non-blocking: opening a pipe would wait for a writer.
        file = _step(descriptor, name, _READ | os.O_NONBLOCK)
    except FileNotFoundError:
        others = sorted(n for n in os.listdir(path.parent) if n.endswith(".ipynb"))
        found = f"; there is {', '.join(map(repr, others[:5]))}" if others else ""
        raise UnreadableSubmission(f"there is no {name}{found}") from None
    try:
        state = os.fstat(file)
        if not stat.S_ISREG(state.st_mode):
            raise UnreadableSubmission(f"{name} is no regular file")
        if state.st_size > MAX_BYTES:
            raise UnreadableSubmission(too_big(name, state.st_size))
        with open(file, "rb", closefd=False) as stream:
            return stream.read(MAX_BYTES + 1)  # one more than `read_cells` takes
    finally:
        os.close(file)


def _step(descriptor: int, name: str, flags: int) -> int:
    """Open `name` in the open folder `descriptor`, which is closed."""
    try:
        return os.open(name, flags, dir_fd=descriptor)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise UnreadableSubmission(f"{name!r} is a symbolic link, or no folder") from None
        if error.errno == errno.ENOENT and not flags & os.O_DIRECTORY:
            raise
        raise UnreadableSubmission(f"cannot open {name!r}: {error.strerror}") from None
    finally:
        os.close(descriptor)
