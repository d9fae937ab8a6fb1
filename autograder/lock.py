"""One run at a time: whoever comes second waits until the first has ended, however it ends.

Two that graded the same class side by side could record what a student has replaced meanwhile. The
kernel lets go of the lock with its holder's last process. Source: flock(2). Left out: course
folders on file systems without locks. Proved by: tests/autograder/test_grading.py.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import CourseError


@contextmanager
def alone(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock of a file; `waiting` is called where another holds it.

    Raises: CourseError where the file cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CourseError(
            f"{path} must be writable, so that one run waits for another: {error}"
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # forked processes hold the descriptor too
        os.close(descriptor)
