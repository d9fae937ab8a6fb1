"""A pool of processes forked from this one, with all that it has loaded.

An interrupt at the keyboard is for the parent, which then ends the pool at once, whatever is under
way; with the parent's end, whatever its cause, the kernel ends them.
Proved by: tests/autograder/test_pool.py.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from autograder.inside.jail import end_with_parent


@contextmanager
def forked(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of that many processes, for the main thread; an exception in the block ends them."""
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_belong_to,
        initargs=(os.getpid(),),
    )
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        _end(pool)
        raise


def _end(pool: ProcessPoolExecutor) -> None:
    """Drop what waits and kill what runs; `kill_workers` does, from Python 3.14 on."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()


def _belong_to(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if os.getppid() != parent:  # it ended before the kernel was told
        os._exit(1)
