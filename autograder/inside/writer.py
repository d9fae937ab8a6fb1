"""Writes values as plain JSON and raw tensors: what may cross between judge and student.

By value: None, bool, int, float, complex, str, bytes, list, tuple, set, dict, dtypes, devices,
strided CPU tensors and tensors on the meta device, numpy arrays, torch generators (by state), and
what derives from these and cannot be called. Anything else stays where it is and is *lent*: the
receiver gets a number that it can call.
Identical tensors stay identical.

Only exact base types and contiguous data are written: subclasses, strides, hooks and overridden
methods do not survive the crossing. Size, depth and count are capped; `reader` caps them again.
Proved by: tests/autograder/inside/test_values.py.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch

from . import wire
from .tensors import DTYPES, pack
from .wire import Value

DEPTH = 32
COUNT = 100_000
TEXT_CHARACTERS = 1_000_000
_SEQUENCES: tuple[tuple[Any, Literal["list", "tuple", "set"]], ...] = (
    (list, "list"), (tuple, "tuple"), (set, "set"), (frozenset, "set"),
)  # fmt: skip
_SAFE_INT = 2**53


class Unsendable(Exception):
    """A value is too large, too deep or too many to be sent."""


class Writer:
    """Turns values into `wire.Value`, gathering their tensors; `lend` numbers what stays behind.

    `tensors`: the objects behind the numbers, in order (generators and arrays too).
    """

    def __init__(self, lend: Callable[[object], Value]) -> None:
        self._lend = lend
        self._numbers: dict[int, int] = {}
        self._data: list[torch.Tensor] = []
        self._bytes = 0
        self._count = 0
        self.tensors: list[Any] = []

    def write(self, value: object, depth: int = 0) -> Value:
        """One value as a tree. Raises: Unsendable."""
        self._count += 1
        if depth > DEPTH:
            raise Unsendable(f"a value nested more than {DEPTH} deep cannot be sent")
        if self._count > COUNT:
            raise Unsendable(f"a value of more than {COUNT:,} parts cannot be sent")
        if value is None or value is True or value is False:
            return value
        exact = _EXACT.get(type(value))
        if exact is not None:
            return exact(self, value, depth)
        if callable(value):
            return self._lend(value)
        for kind, write in _WRITERS:
            if isinstance(value, kind):
                return write(self, value, depth)
        return self._lend(value)

    def blob(self) -> bytes:
        """All tensors as one safetensors blob."""
        return pack(self._data)

    def _add(self, key: object, tensor: torch.Tensor) -> int:
        size = tensor.numel() * tensor.element_size()
        self._bytes += size
        if self._bytes > wire.MESSAGE_BYTES // 2:
            raise Unsendable(
                f"tensors of more than {wire.MESSAGE_BYTES // 2:,} bytes cannot be sent"
            )
        index = self._numbers[id(key)] = len(self.tensors)
        self.tensors.append(key)
        self._data.append(tensor.contiguous())
        return index

    def _tensor(self, value: torch.Tensor, depth: int) -> Value:
        with torch._C.DisableTorchFunctionSubclass():
            plain = value.detach() if type(value) is torch.Tensor else _plain(value)
            name = str(plain.dtype).removeprefix("torch.")
            if plain.layout != torch.strided or name not in DTYPES:
                return self._lend(value)
            if plain.device.type == "meta":
                return wire.MetaRef(name, tuple(plain.shape))
            if plain.device.type != "cpu":
                return self._lend(value)
            index = self._numbers.get(id(value))
            if index is None:
                index = self._add(value, plain.resolve_conj().resolve_neg())
            return wire.TensorRef(index, bool(value.requires_grad))

    def _array(self, value: np.ndarray | np.generic, depth: int) -> Value:
        scalar = isinstance(value, np.generic)
        plain = np.asarray(value)
        if plain.dtype.kind not in "biuf" or plain.dtype.itemsize > 8:
            return self._lend(value)
        plain = plain.astype(plain.dtype.newbyteorder("="), order="C", copy=True)
        try:
            tensor = torch.from_numpy(plain)
        except TypeError:
            return self._lend(value)
        if str(tensor.dtype).removeprefix("torch.") not in DTYPES:
            return self._lend(value)
        index = self._numbers.get(id(value))
        return wire.ArrayRef(self._add(value, tensor) if index is None else index, scalar)

    def _generator(self, value: torch.Generator, depth: int) -> Value:
        index = self._numbers.get(id(value))
        return wire.GeneratorRef(self._add(value, value.get_state()) if index is None else index)

    def _int(self, value: int, depth: int) -> Value:
        plain = int.__add__(value, 0)
        if abs(plain) < _SAFE_INT:
            return plain
        if plain.bit_length() > 4096:
            raise Unsendable("an integer of more than 4096 bits cannot be sent")
        return wire.Special("int", str(plain))

    def _float(self, value: float, depth: int) -> Value:
        plain = float.__pos__(value)  # adding 0.0 would turn -0.0 into 0.0
        return plain if math.isfinite(plain) else wire.Special("float", float.hex(plain))

    def _dtype(self, value: torch.dtype, depth: int) -> Value:
        name = str(value).removeprefix("torch.")
        return wire.Special("dtype", name) if name in DTYPES else self._lend(value)

    def _complex(self, value: complex, depth: int) -> Value:
        plain = complex.__pos__(value)
        return wire.Special("complex", f"{plain.real.hex()} {plain.imag.hex()}")

    def _str(self, value: str, depth: int) -> Value:
        if str.__len__(value) > TEXT_CHARACTERS:
            raise Unsendable(f"a text of more than {TEXT_CHARACTERS:,} characters cannot be sent")
        return str.encode(value, "utf-8", "replace").decode()

    def _bytes_(self, value: bytes, depth: int) -> Value:
        if bytes.__len__(value) > TEXT_CHARACTERS:
            raise Unsendable(f"more than {TEXT_CHARACTERS:,} bytes cannot be sent")
        return wire.Special("bytes", base64.b64encode(value).decode())

    def _sequence(self, value: Any, depth: int) -> Value:
        for base, kind in _SEQUENCES:
            if isinstance(value, base):
                return wire.Sequence_(
                    kind, [self.write(v, depth + 1) for v in base.__iter__(value)]
                )
        raise AssertionError(type(value))

    def _mapping(self, value: dict[Any, Any], depth: int) -> Value:
        pairs = [
            (self.write(key, depth + 1), self.write(item, depth + 1))
            for key, item in dict.items(value)
        ]
        return wire.Mapping_([key for key, _ in pairs], [item for _, item in pairs])


def _plain(value: torch.Tensor) -> torch.Tensor:
    return torch.Tensor.detach(torch.Tensor.as_subclass(value, torch.Tensor))


_WRITERS: list[tuple[Any, Callable[[Writer, Any, int], Value]]] = [
    (torch.Tensor, Writer._tensor),
    ((np.ndarray, np.generic), Writer._array),
    (int, Writer._int),
    (float, Writer._float),
    (str, Writer._str),
    ((list, tuple, set, frozenset), Writer._sequence),
    (dict, Writer._mapping),
    (torch.Generator, Writer._generator),
    (torch.dtype, Writer._dtype),
    (torch.device, lambda _, value, depth: wire.Special("device", str(value))),
    (bytes, Writer._bytes_),
    (complex, Writer._complex),
    (type(...), lambda _, value, depth: wire.Special("ellipsis", "")),
]
_EXACT: dict[type, Callable[[Writer, Any, int], Value]] = {
    kind: write
    for kinds, write in reversed(_WRITERS)
    for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
}
