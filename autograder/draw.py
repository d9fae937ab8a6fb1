"""Inputs for checks, drawn from a seed and the check's own name.

Each check has its own stream: SHA-256 of the seed and of the names (assignment, rubric, check)
seeds it. So a check's inputs depend neither on the order of the checks nor on how much others drew,
a regrade with the same seed agrees bit for bit, and nobody who lacks the seed can know them. Left
out: distributions that no check needs. Proved by: repeated streams are equal, streams under other
names differ, masks keep what they promise.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


class Draw:
    """A stream of random inputs, the same for the same seed and names."""

    def __init__(self, seed: int, *names: str) -> None:
        """Start the stream that belongs to `seed` and `names`."""
        digest = hashlib.sha256("\x1f".join([str(seed), *names]).encode()).digest()
        self.generator = torch.Generator(device="cpu")
        self.generator.manual_seed(int.from_bytes(digest[:8], "big") >> 1)  # torch takes 63 bits

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> Tensor:
        """Normal numbers with deviation `scale`: the same ones, rounded, for each dtype."""
        numbers = torch.randn(shape, generator=self.generator, dtype=torch.float64, device="cpu")
        return (numbers * scale).to(dtype)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Numbers spread evenly from `low` up to `high`, as float64."""
        numbers = torch.rand(shape, generator=self.generator, dtype=torch.float64, device="cpu")
        return low + (high - low) * numbers

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Whole numbers from `low` up to and without `high`, as int64."""
        return torch.randint(
            low, high, shape, generator=self.generator, dtype=torch.int64, device="cpu"
        )

    def integer(self, low: int, high: int) -> int:
        """One whole number from `low` up to and without `high`."""
        return int(self.integers(low, high, 1).item())

    def booleans(self, *shape: int, chance: float = 0.5) -> Tensor:
        """Booleans, each True with probability `chance`."""
        numbers = torch.rand(shape, generator=self.generator, dtype=torch.float64, device="cpu")
        return numbers < chance

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.integer(0, len(options))]

    def order(self, n: int) -> list[int]:
        """The numbers 0 … n-1 in random order."""
        permutation = torch.randperm(n, generator=self.generator, device="cpu")
        return [int(i) for i in permutation]

    def mask(self, *shape: int, empty_rows: int = 0) -> Tensor:
        """A mask of shape (…, m), True = may attend.

        Each row forbids something and, where m lets it, allows two keys or more, so that scores
        count; then `empty_rows` of all rows, chosen at random, are made wholly False.
        """
        m = shape[-1]
        allowed = self.booleans(*shape).reshape(-1, m)
        rows = len(allowed)
        if not 0 <= empty_rows <= rows:
            raise ValueError(f"empty_rows must lie in 0 … {rows}: got {empty_rows}")
        order = torch.rand(rows, m, generator=self.generator, device="cpu").argsort(dim=-1)
        allowed.scatter_(1, order[:, :1], m == 1)
        allowed.scatter_(1, order[:, 1:3], True)
        allowed[self.order(rows)[:empty_rows]] = False
        return allowed.reshape(shape)
