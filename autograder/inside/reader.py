"""Reads values that the other end wrote (`writer`): nothing it says is trusted.

Every value is rebuilt from base types; size, depth, count and colliding keys are refused. Nothing
is evaluated, imported or unpickled. Proved by: tests/autograder/inside/test_values.py.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch

from . import wire
from .tensors import DIMENSIONS, DTYPES, unpack
from .wire import Value
from .writer import COUNT, DEPTH

COLLISIONS = 100  # keys of one hash; each is compared with all before it
INTEGER_DIGITS = 1300  # of 4096 bits, with room


class Reader:
    """Turns `wire.Value` back into values, with the message's blob.

    `borrow` makes what stands for an object that the sender lent, `own` finds one lent to the
    sender. `tensors`: the tensors by number, so that results of autograd can be put in their place.
    """

    def __init__(
        self, blob: bytes, borrow: Callable[[wire.Lent], object], own: Callable[[int], object]
    ) -> None:
        self._borrow, self._own = borrow, own
        self._count = 0
        self._made: dict[tuple[str, int], object] = {}
        try:
            self.tensors = unpack(blob)
        except Exception as error:  # safetensors raises several kinds on malformed bytes
            raise wire.WireError(f"not tensors: {type(error).__name__}") from None

    def read(self, value: Value, depth: int = 0) -> Any:
        """One value. Raises: WireError when it is malformed, too deep or has too many parts."""
        self._count += 1
        if depth > DEPTH or self._count > COUNT:
            raise wire.WireError("a value is nested too deep or has too many parts")
        if value is None or isinstance(value, bool | int | float | str):
            return value
        try:
            return self._read(value, depth)
        except (ValueError, KeyError, TypeError, RuntimeError, OverflowError) as error:
            raise wire.WireError(
                f"malformed {type(value).__name__}: {type(error).__name__}"
            ) from None

    def _read(self, value: Any, depth: int) -> Any:
        match value:
            case wire.TensorRef():
                return self.tensors[value.index]
            case wire.Special():
                return _special(value)
            case wire.Sequence_():
                items = [self.read(item, depth + 1) for item in value.items]
                if value.kind == "set":
                    return set(_keys(items))
                return items if value.kind == "list" else tuple(items)
            case wire.Mapping_():
                keys = _keys([self.read(key, depth + 1) for key in value.keys])
                return dict(zip(keys, (self.read(v, depth + 1) for v in value.values), strict=True))
            case wire.MetaRef():
                if len(value.shape) > DIMENSIONS:
                    raise ValueError("too many dimensions")
                return torch.empty(value.shape, dtype=DTYPES[value.dtype], device="meta")
            case wire.ArrayRef():
                array = self._once("array", value.index, lambda: self.tensors[value.index].numpy())
                return array[()] if value.scalar else array
            case wire.GeneratorRef():
                return self._once("generator", value.index, lambda: self._generator(value.index))
            case wire.Lent():
                return self._borrow(value)
            case wire.Yours():
                return self._own(value.number)
        raise ValueError(type(value).__name__)

    def generators(self) -> dict[int, torch.Generator]:
        """The generators read so far, by the number of their state."""
        return {
            number: made
            for (_, number), made in self._made.items()
            if isinstance(made, torch.Generator)
        }

    def _once(self, kind: str, index: int, make: Callable[[], object]) -> Any:
        if (kind, index) not in self._made:
            self._made[kind, index] = make()
        return self._made[kind, index]

    def _generator(self, index: int) -> torch.Generator:
        generator = torch.Generator()
        generator.set_state(checked_state(self.tensors[index]))
        return generator


def checked_state(state: torch.Tensor) -> torch.Tensor:
    """A CPU generator's state, if it points to a word of its own (torch does not look).

    Raises: ValueError.
    """
    data = bytes(state[:24].tolist())
    left, place = (int.from_bytes(word, "little") for word in (data[8:12], data[16:24]))
    if (left, place) != (1, 0) and not (0 < left <= 624 and left + place == 625):
        raise ValueError("a generator's state that points outside itself")
    return state


def _keys(keys: list[Any]) -> Sequence[Any]:
    """Keys of a dict or members of a set, if they are different and not made to collide."""
    if len(keys) > COLLISIONS and max(Counter(map(hash, keys)).values()) > COLLISIONS:
        raise ValueError("keys that collide")
    if len(set(keys)) < len(keys):
        raise ValueError("keys that are equal")
    return keys


def _special(value: wire.Special) -> object:
    match value.kind:
        case "int":
            if len(value.text) > INTEGER_DIGITS:
                raise ValueError("an integer that long")
            return int(value.text)
        case "float":
            return float.fromhex(value.text)
        case "complex":
            real, imaginary = value.text.split()
            return complex(float.fromhex(real), float.fromhex(imaginary))
        case "bytes":
            return base64.b64decode(value.text, validate=True)
        case "dtype":
            return DTYPES[value.text]
        case "device":
            return torch.device(value.text)
        case "ellipsis":
            return ...
