"""What a call does to its arguments in place, told to the end that made the call.

Tensors, arrays and generators are compared bit for bit, containers by what they hold. The caller's
own objects are then changed likewise, so that a function that empties a list it was given empties
the caller's, as it would without a wire between. Left out: attributes of other objects.
Proved by: tests/autograder/inside/test_peer.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from .reader import checked_state
from .tensors import raw

Outline: TypeAlias = Any
_PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes))
_SEQUENCES = (list, tuple)


def bits(value: torch.Tensor | torch.Generator) -> tuple[torch.dtype, torch.Size, bytes]:
    """What it holds, bit for bit: a NaN equals itself, and a changed sign of zero shows."""
    tensor = value.get_state() if isinstance(value, torch.Generator) else value
    return tensor.dtype, tensor.shape, raw(tensor)


def state(value: torch.Tensor | torch.Generator) -> torch.Tensor:
    """What it holds, as a tensor of its own."""
    return value.get_state() if isinstance(value, torch.Generator) else value.detach().clone()


def outline(value: object, held: list[object]) -> Outline:
    """What containers hold: plain values as they are, all else by identity, kept alive in `held`.

    Two outlines are equal if nothing was put in, taken out or moved in between.
    """
    if type(value) in _PLAIN:
        return type(value).__name__, repr(value)
    if isinstance(value, dict):
        pairs = dict.items(value)
        return "dict", [(outline(key, held), outline(item, held)) for key, item in pairs]
    if isinstance(value, _SEQUENCES):
        return type(value).__name__, [outline(item, held) for item in value]
    if isinstance(value, set):
        return "set", sorted(repr(outline(item, held)) for item in value)
    held.append(value)
    return "object", id(value)


def update(old: Any, new: torch.Tensor) -> None:
    """Change a tensor, array or generator of the caller's. Raises: ValueError, RuntimeError."""
    if isinstance(old, torch.Generator):
        old.set_state(checked_state(new))
    elif isinstance(old, torch.Tensor) and old.shape == new.shape and old.dtype == new.dtype:
        old.detach().copy_(new)
    elif not isinstance(old, torch.Tensor) and old.shape == tuple(new.shape):
        np.copyto(old, new.numpy(), casting="same_kind")


def carry_over(old: Any, new: Any) -> Any:
    """Put what `new` holds into the caller's containers; what stands there afterwards."""
    if isinstance(old, list) and isinstance(new, list):
        old[:] = [*_each(old, new), *new[len(old) :]]
    elif isinstance(old, dict) and isinstance(new, dict):
        merged = {key: carry_over(old[key], v) if key in old else v for key, v in new.items()}
        old.clear()
        old.update(merged)
    elif isinstance(old, set) and isinstance(new, set):
        old.clear()
        old.update(new)
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        _each(old, new)
    elif type(old) in _PLAIN or type(new) in _PLAIN:
        return new
    return old


def _each(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    return [carry_over(a, b) for a, b in zip(old, new, strict=False)]
