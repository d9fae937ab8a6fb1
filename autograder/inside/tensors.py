"""Tensors as one blob in the safetensors format, and back.

Only kinds in `DTYPES` cross, strided and on the CPU, as contiguous data of their own. What comes is
checked by the library for size and layout, and here for kind and number of dimensions.
Proved by: tests/autograder/inside/test_values.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import safetensors
import torch

DIMENSIONS = 64  # torch's own limit for most operations
HEADER_BYTES = 8 * 2**20  # of a blob: room for some 100,000 tensors
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64,
    )
}  # fmt: skip
_deserialize: Callable[[bytes], list[tuple[str, dict[str, Any]]]] = safetensors.deserialize
_SHORT = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32,
    "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32,
    "F64": torch.float64, "C64": torch.complex64,
}  # fmt: skip


def pack(tensors: Sequence[torch.Tensor]) -> bytes:
    """The tensors, contiguous and of kinds in DTYPES, as one blob; none gives none."""
    if not tensors:
        return b""
    specs = {
        str(number): safetensors.TensorSpec(
            dtype=str(tensor.dtype).removeprefix("torch."),
            shape=tensor.shape,
            data_ptr=tensor.data_ptr(),
            data_len=tensor.nbytes,
        )
        for number, tensor in enumerate(tensors)
    }
    return bytes(safetensors.serialize(specs))


def unpack(blob: bytes) -> dict[int, torch.Tensor]:
    """The tensors of a blob by number. Raises: ValueError and safetensors' errors."""
    if not blob:
        return {}
    if int.from_bytes(blob[:8], "little") > HEADER_BYTES:
        raise ValueError("too many tensors")
    return {int(name): _tensor(**view) for name, view in _deserialize(blob)}


def raw(tensor: torch.Tensor) -> bytes:
    """A tensor's numbers, bit for bit."""
    plain = tensor.detach().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy().tobytes()


def _tensor(dtype: str, shape: list[int], data: bytearray) -> torch.Tensor:
    kind = _SHORT.get(dtype)
    if kind is None or len(shape) > DIMENSIONS:
        raise ValueError("a tensor of a kind that is not sent")
    if not data:
        return torch.empty(shape, dtype=kind)
    return torch.frombuffer(data, dtype=kind).reshape(shape)
