"""Where computing happens, where its random numbers start, and when it gives the same bits again.

A model trained on one device gives nearly the same numbers on another, never the same bits: each
adds in an order of its own. On one device the bits come again if the random numbers start at the
same place (`seeded`) and no kernel adds in the order in which its threads happen to finish
(`deterministic`). Random numbers that decide what a model sees are drawn on the CPU, whatever the
device, so that a seed means the same batches everywhere; only dropout's come from the device.

>>> choose_device("cpu")
device(type='cpu')
>>> with seeded(0):
...     first = torch.rand(2)
>>> with seeded(0):
...     print(torch.equal(torch.rand(2), first))
True

Sources: PyTorch's note on reproducibility; cuBLAS' documentation, §2.1.4 (its workspace).
Left out: Apple's and Intel's devices, which nobody here could try; several devices at once (see
`data_parallel`).
Proved by: what is chosen where there is, or seems to be, a GPU; the callers' random numbers and
settings as they were, after errors too; on a GPU, bits that come again. Every module on the CPU, on
meta and on a GPU: tests/reference/test_on_devices.py.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

WORKSPACE = ":4096:8"  # eight buffers of 4 MiB: with one of the two documented sizes cuBLAS repeats


def choose_device(name: str = "") -> torch.device:
    """Choose the device of that name, such as "cpu" or "cuda:1"; without one, the best there is.

    Raises ValueError if torch does not know it, or sees no such GPU.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError as error:
        raise ValueError(f"expected a device, cpu or cuda: got {name!r}; pass cpu") from error
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            seen = f"{count} GPUs" if count > 1 else "one GPU, cuda:0" if count else "no GPU"
            raise ValueError(f"torch sees {seen} here: got {name!r}; pass cpu")
    return device


def describe(device: torch.device) -> str:
    """Say in words what a device is: of a GPU its name, memory, and whether it has bfloat16."""
    if device.type != "cuda":
        return f"{device.type}, {torch.get_num_threads()} threads"
    properties = torch.cuda.get_device_properties(device)
    major, _ = torch.cuda.get_device_capability(device)
    bfloat16 = "bfloat16" if major >= 8 else "no bfloat16 of its own"
    return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, {bfloat16}"


def dropout_generator(device: torch.device) -> torch.Generator:
    """Return the generator that layers on this device draw from."""
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        return torch.cuda.default_generators[index]
    return torch.default_generator


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Start torch's own random numbers, on every device, from a seed; then let the caller's go on.

    Layers draw their first weights from them, and dropout its masks.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


@contextmanager
def deterministic() -> Iterator[None]:
    """Inside, the same computation gives the same bits on the same device, or raises RuntimeError.

    What raises is an operation for which torch has no kernel of fixed order. Enter before the first
    use of a GPU: cuBLAS reads its setting but once. Costs time, most where many rows add into few.
    """
    was = torch.are_deterministic_algorithms_enabled()
    warned_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmarked = torch.backends.cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", WORKSPACE)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False  # else the fastest kernel is chosen, which may change
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was, warn_only=warned_only)
        torch.backends.cudnn.benchmark = benchmarked
