"""Values as plain JSON and raw tensors, and back: what may cross between judge and student.

By value: None, bool, int, float, complex, str, bytes, list, tuple, set, dict, dtypes, devices,
strided CPU tensors and tensors on the meta device, numpy arrays, torch generators (by state).
Anything else stays where it is and is *lent*: the receiver gets a number that it can call.
Identical tensors stay identical.

Every value is rebuilt from exact base types and contiguous data: subclasses, strides, hooks and
overridden methods do not survive the crossing. Size, depth and count are capped on both ends.
Proved by: tests/autograder/inside/test_codec.py.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import safetensors.torch
import torch

from . import wire
from .wire import Value

DEPTH = 32
COUNT = 100_000
TEXT_CHARACTERS = 1_000_000
DIMENSIONS = 64  # torch's own limit for most operations
COLLISIONS = 100  # keys of one hash; each is compared with all before it
BLOB_HEADER_BYTES = 8 * 2**20  # room for COUNT tensors
_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64,
    )
}  # fmt: skip
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
        self._data: dict[str, torch.Tensor] = {}
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
        for kind, write in _WRITERS:
            if isinstance(value, kind):
                return write(self, value, depth)
        return self._lend(value)

    def blob(self) -> bytes:
        """All tensors as one safetensors blob."""
        return safetensors.torch.save(self._data) if self._data else b""

    def _add(self, key: object, tensor: torch.Tensor) -> int:
        size = tensor.numel() * tensor.element_size()
        self._bytes += size
        if self._bytes > wire.MESSAGE_BYTES // 2:
            raise Unsendable(
                f"tensors of more than {wire.MESSAGE_BYTES // 2:,} bytes cannot be sent"
            )
        index = self._numbers[id(key)] = len(self.tensors)
        self.tensors.append(key)
        self._data[str(index)] = tensor.contiguous().clone()
        return index

    def _tensor(self, value: torch.Tensor, depth: int) -> Value:
        with torch._C.DisableTorchFunctionSubclass():
            plain = value.detach() if type(value) is torch.Tensor else _plain(value)
            name = str(plain.dtype).removeprefix("torch.")
            if plain.layout != torch.strided or name not in _DTYPES:
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
        if str(tensor.dtype).removeprefix("torch.") not in _DTYPES:
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
        return wire.Special("dtype", name) if name in _DTYPES else self._lend(value)

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
            self.tensors = _tensors(blob) if blob else {}
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
                return torch.empty(value.shape, dtype=_DTYPES[value.dtype], device="meta")
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


def _tensors(blob: bytes) -> dict[int, torch.Tensor]:
    if int.from_bytes(blob[:8], "little") > BLOB_HEADER_BYTES:
        raise ValueError("too many tensors")
    loaded = {int(name): tensor for name, tensor in safetensors.torch.load(blob).items()}
    for tensor in loaded.values():
        if tensor.dtype not in _DTYPES.values() or tensor.dim() > DIMENSIONS:
            raise ValueError("a tensor of a kind that is not sent")
    return loaded


def _keys(keys: list[Any]) -> Sequence[Any]:
    """Keys of a dict or members of a set, if they are different and not made to collide."""
    hashes = Counter(map(hash, keys))
    if max(hashes.values(), default=0) > COLLISIONS or len(set(keys)) < len(keys):
        raise ValueError("keys that are equal or collide")
    return keys


def _special(value: wire.Special) -> object:
    match value.kind:
        case "int":
            if len(value.text) > 1300:
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
            return _DTYPES[value.text]
        case "device":
            return torch.device(value.text)
        case "ellipsis":
            return ...
