"""How near right results come to the tolerances that they must keep.

A right implementation that uses up most of a tolerance under twenty seeds is over it under some
other: errors have long tails wherever a check divides by what may be small. So `autograder
validate` measures the errors themselves, and not only whether they were let through.
Left out: comparisons that are exact. Proved by: tests/autograder/test_validate.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Margin:
    """The largest share of a tolerance that an error has used up; None before any is compared."""

    worst: float | None = None

    def add(self, share: float) -> None:
        """Take one more error into account."""
        self.worst = max(self.worst or 0.0, share)


_measured: ContextVar[Margin | None] = ContextVar("margin", default=None)


@contextmanager
def measured() -> Iterator[Margin]:
    """Measure all that is compared meanwhile."""
    margin = Margin()
    token = _measured.set(margin)
    try:
        yield margin
    finally:
        _measured.reset(token)


def note(got: Any, want: Any, relative: float, absolute: float) -> None:
    """Measure entries that may differ by relative × |want| + absolute, if anybody asks for it."""
    margin = _measured.get()
    if margin is None:
        return
    got, want = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.abs(got - want) / (relative * np.abs(want) + absolute)
    margin.add(float(shares[np.isfinite(shares)].max(initial=0.0)))


def within(error: float, limit: float) -> bool:
    """Whether an error is at most the limit (one that is no number is not); it is measured too."""
    margin = _measured.get()
    if margin is not None and np.isfinite(error):
        margin.add(float(error / limit))
    return bool(error <= limit)
