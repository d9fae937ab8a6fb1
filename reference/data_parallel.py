"""Several processes train one model, each on its part of every batch, as one process would.

    torchrun --nproc-per-node 2 -m reference pretrain bert

Every process draws the whole batch from the same seed and keeps some of its rows. Torch's
DistributedDataParallel (Li et al. 2020, §3.2) averages the gradients; what is left to us is that
the sum be right:

- A loss is a mean over tokens, and parts have unequal numbers of them. A mean of the parts' means
  is another number; so each part counts by its share of what the mean is over.
- Dropout draws for the rows that it sees. Here each process draws for those of the whole batch, and
  uses its part of them; so the generators of all processes stay alike, and one checkpoint serves
  any number of them.

Of parts with 3 and 1 tokens the means are 2 and 6; the mean of all tokens is 3, not 4:

>>> parts = [Mean(torch.tensor(2.0), 3), Mean(torch.tensor(6.0), 1)]
>>> sum(part.value * part.n for part in parts).item() / sum(part.n for part in parts)
3.0

torchrun says in the environment which of how many processes this is; without it, there is one.

Left out: models too large for one device, gradients summed over several batches.
Proved by: losses of two processes equal those of one for BERT, GPT and T5, with parts of unequal
size and dropout; a mean of means differs, and so does each process's own dropout.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed as dist, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.overrides import TorchFunctionMode

Batch = Any  # a tensor, or a NamedTuple of tensors with as many rows each


class Mean(NamedTuple):
    """A loss that is a mean, and over how many it is."""

    value: Tensor
    n: Tensor | int


def rank() -> int:
    """Say which process this is, counted from 0."""
    return int(os.environ.get("RANK", "0"))


def n_ranks() -> int:
    """Say how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def processes(device: torch.device) -> Iterator[None]:
    """Join the processes that torchrun started, and leave them at the end; alone, do nothing."""
    if n_ranks() == 1:
        yield
        return
    if device.type == "cuda":
        _take_a_gpu()
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def _take_a_gpu() -> None:
    """Make `cuda` mean another GPU in each process of this machine."""
    local, n_gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if local >= n_gpus:
        raise ValueError(
            f"each process needs a GPU of its own: got process {local + 1} for {n_gpus} GPUs; pass "
            f"--nproc-per-node {n_gpus}, or --device cpu"
        )
    torch.cuda.set_device(local)


def parallel(model: nn.Module) -> nn.Module:
    """Wrap a model so that its gradients become the average of all processes'."""
    return model if n_ranks() == 1 else DistributedDataParallel(model)


def summed(value: Tensor) -> Tensor:
    """Add up a tensor of every process; no gradient goes through."""
    value = value.detach().clone()
    if n_ranks() > 1:
        dist.all_reduce(value)
    return value


def first_says(answer: bool) -> bool:
    """Give all processes the first one's answer: clocks differ, and all must stop together."""
    return bool(summed(torch.tensor(answer and rank() == 0, dtype=torch.int64)))


def loss_of_part(
    draw: Callable[[torch.Generator], Batch],
    means_of: Callable[[nn.Module, Batch], Sequence[Mean]],
) -> Callable[[nn.Module, torch.Generator], Tensor]:
    """Make what `training` asks for: a function that draws a batch, and returns its loss.

    It is this process's share: those of all processes add up to the loss of the whole batch.
    """

    def loss_of(model: nn.Module, generator: torch.Generator) -> Tensor:
        batch = draw(generator)
        n_rows = len(batch if isinstance(batch, Tensor) else batch[0])
        if n_rows < n_ranks():
            raise ValueError(
                f"each process needs a row: got {n_rows} rows for {n_ranks()} processes; start "
                "fewer, or draw larger batches"
            )
        if n_ranks() == 1:
            return share_of(means_of(model, batch))
        with _DropoutOfAll(n_rows):
            return share_of(means_of(model, part_of(batch)))

    return loss_of


def part_of(batch: Batch) -> Batch:
    """Keep this process's rows: as many as any other's, or one more."""
    if isinstance(batch, Tensor):
        return batch.tensor_split(n_ranks())[rank()]
    return type(batch)(*map(part_of, batch))


def share_of(means: Sequence[Mean]) -> Tensor:
    """Add up the means, each weighted by this process's share of what it is over."""
    values = torch.stack([mean.value for mean in means])
    counts = torch.stack([torch.as_tensor(mean.n, device=values.device) for mean in means])
    return (values * (counts / summed(counts).clamp(min=1)).to(values.dtype)).sum()


class _DropoutOfAll(TorchFunctionMode):
    """Let dropout draw for all rows of the batch, and use those of this process."""

    def __init__(self, n_rows: int) -> None:
        super().__init__()
        self.n_rows = n_rows

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is not F.dropout:
            return func(*args, **kwargs)
        (x,) = args
        kept = F.dropout(x.new_ones(self.n_rows, *x.shape[1:]), **kwargs)  # 0, or 1 / (1 - p)
        return x * part_of(kept)
