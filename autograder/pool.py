"""A pool of processes forked from this one, with all that it has loaded.

An interrupt at the keyboard is for the parent, which then ends the pool; with the parent's end,
whatever its cause, the kernel ends them. Proved by: tests/autograder/test_pool.py.
"""

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor

from autograder.inside.jail import end_with_parent


def forked(jobs: int) -> ProcessPoolExecutor:
    """A pool of that many processes; to be used as a context manager, in the main thread."""
    return ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_belong_to,
        initargs=(os.getpid(),),
    )


def _belong_to(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if os.getppid() != parent:  # it ended before the kernel was told
        os._exit(1)
