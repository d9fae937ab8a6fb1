"""What checks of numpy functions say of a value: its kind and shape first, its numbers last.

A value may be anything at all, and is taken by exact type; messages show no number. An entry is
near if it differs by a small share of what is expected there, so that residuals of 1e-3 and budgets
of 1e22 are judged alike. Left out: complex numbers, booleans. Proved by: tests/assignments.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from autograder import expect, margin
from autograder.expect import CheckFailed

NUMBERS = (int, float, np.float64, np.float32, np.float16, np.int64, np.int32)
"""Types of one number."""
LARGEST = 10**308
"""Of whole numbers: Python's have no end, and float64 has."""
TOLERANCE = 1e-7
"""Relative, of a formula: float64 rounds to 1e-14, and work done in float32 on the way to 1e-6."""


def array(value: object, *, what: str, shape: Sequence[int]) -> np.ndarray:
    """Return `value` as a float64 array of this shape, or fail the check; () is one number."""
    if not shape and type(value) in NUMBERS:
        if type(value) is int and abs(value) > LARGEST:
            raise CheckFailed(f"{what}: expected a number below 1e308, got a larger one")
        return np.asarray(value, dtype=np.float64)
    if type(value) is not np.ndarray or value.dtype.kind not in "iuf":
        wanted = f"an array of numbers of shape {tuple(shape)}" if shape else "one number"
        dtype = f" of {value.dtype}" if type(value) is np.ndarray else ""
        raise CheckFailed(f"{what}: expected {wanted}, got {expect.kind(value)}{dtype}")
    if value.shape != tuple(shape):
        raise CheckFailed(f"{what}: expected shape {tuple(shape)}, got {value.shape}")
    return value.astype(np.float64)


def number(value: object, *, what: str) -> float:
    """Return `value` as one float, or fail the check."""
    return float(array(value, what=what, shape=()))


def near(
    value: object,
    expected: Any,
    *,
    what: str,
    why: str = "",
    tolerance: float = TOLERANCE,
) -> None:
    """Fail unless `value` has the shape of `expected` and each entry is near."""
    want = np.asarray(expected, dtype=np.float64)
    got = array(value, what=what, shape=want.shape)
    margin.note(got, want, tolerance, 0.0)
    off = int((~np.isclose(got, want, rtol=tolerance, atol=0.0)).sum())
    if off:
        found = f"{off} of {want.size} entries are not what they should be"
        found = found if want.ndim else "the number is not what it should be"
        raise CheckFailed(f"{what}: {found}" + (f" ({why})" if why else ""))


def unchanged(now: np.ndarray, before: np.ndarray, *, what: str) -> None:
    """Fail unless the caller's array `now` still holds what it held `before` the call."""
    if not np.array_equal(now, before):
        raise CheckFailed(
            f"{what} was changed by the call: `+=`, `out=` and assignments to slices change the "
            "caller's array; work on a new one"
        )


def observed(value: object, dtype: torch.dtype = torch.float64) -> object:
    """Turn arrays and numpy's numbers within `value` into tensors, which witnesses can compare."""
    if type(value) is tuple or type(value) is list:
        return tuple(observed(item, dtype) for item in value)
    if type(value) is np.ndarray and value.dtype.kind in "biuf":
        return torch.from_numpy(value.astype(np.float64)).to(dtype)
    if type(value) in NUMBERS:
        return torch.tensor(float(value), dtype=torch.float64).to(dtype)  # type: ignore[arg-type]
    return value
