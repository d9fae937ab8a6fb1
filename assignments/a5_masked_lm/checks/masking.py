"""Vocabularies and texts to mask, and what a student's `mask_tokens` made of them.

Special ids lie anywhere but at the ends of a vocabulary, so that a function that takes them to be
the first ones, or misses an end by one, shows. Each call gets a fresh generator with a drawn seed,
never the draw's own: that one would tell the hidden inputs to come. Left out: what is expected
(`mask_tokens`). Proved by: `autograder validate a5_masked_lm`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed

IGNORED = -100
PAIR = "mask_tokens, which returns (corrupted, labels)"


@dataclass(frozen=True)
class Vocabulary:
    """Ids below `size`; `special` are the special ones, that of [MASK] among them, in any order."""

    size: int
    special: tuple[int, ...]
    mask_id: int

    @cached_property
    def ordinary(self) -> Tensor:
        """All ids that are not special."""
        kept = torch.ones(self.size, dtype=torch.bool, device="cpu")
        kept[list(self.special)] = False
        return kept.nonzero().flatten()

    def text(self, draw: Draw, b: int, n: int) -> Tensor:
        """Ordinary ids (b, n)."""
        return self.ordinary[draw.integers(0, len(self.ordinary), b, n)]

    def padded(self, draw: Draw, b: int, n: int) -> Tensor:
        """Rows (b, n) in which each special id occurs: some within, one at the end as padding."""
        text = self.text(draw, b, n)
        special = torch.tensor(self.special, device="cpu")[
            draw.integers(0, len(self.special), b, n)
        ]
        text = torch.where(draw.booleans(b, n, chance=0.2), special, text)
        lengths = draw.integers(n // 2, n + 1, b, 1)
        return text.masked_fill(torch.arange(n, device="cpu") >= lengths, self.special[-1])


def vocabulary(draw: Draw, ordinary: int, special: int) -> Vocabulary:
    """A vocabulary with so many ordinary (two or more) and special ids."""
    size = ordinary + special
    chosen = [1 + i for i in draw.order(size - 2)[:special]]
    return Vocabulary(size, tuple(chosen), chosen[0])


def generator(draw: Draw) -> torch.Generator:
    """A fresh generator with a drawn seed."""
    return torch.Generator(device="cpu").manual_seed(draw.integer(0, 2**31))


@dataclass(frozen=True)
class Masked:
    """A text and what became of it; `chosen`, `masked`, … are booleans, one for each position."""

    vocabulary: Vocabulary
    ids: Tensor
    corrupted: Tensor
    labels: Tensor

    @cached_property
    def chosen(self) -> Tensor:
        """Where something is to be predicted.

        A function that writes another number than -100 elsewhere is asked about that number in
        one check alone: in the others the commonest label stands for it.
        """
        ignored = self.labels == IGNORED
        if not bool(ignored.any()):
            ignored = self.labels == self.labels.mode().values.mode().values
        return ~ignored

    @cached_property
    def masked(self) -> Tensor:
        """Chosen, and now [MASK]."""
        return self.chosen & (self.corrupted == self.vocabulary.mask_id)

    @cached_property
    def other(self) -> Tensor:
        """Chosen, and now another id that is not [MASK]."""
        return self.chosen & ~self.masked & (self.corrupted != self.ids)


def result(value: object, shape: tuple[int, ...], dtype: torch.dtype | None) -> list[Tensor]:
    """(corrupted, labels) of this shape, if it is such a pair; None leaves the dtype open."""
    pair = expect.items(value, 2, what=PAIR)
    found = []
    for name, tensor in zip(("corrupted", "labels"), pair, strict=True):
        got = expect.tensor(tensor, what=name, shape=shape, dtype=dtype)
        if got.is_complex():
            raise CheckFailed(f"{name}: expected dtype int64, got {expect.name(got.dtype)}")
        found.append(got.detach())
    return found


def mask(student: Any, draw: Draw, words: Vocabulary, ids: Tensor, **given: Any) -> Masked:
    """What the student's function makes of the text, with a fresh generator unless one is given."""
    given = {"generator": generator(draw)} | given
    special = list(given.pop("special_ids", words.special))
    value = student(ids.clone(), words.mask_id, words.size, special, **given)
    corrupted, labels = result(value, tuple(ids.shape), None)
    return Masked(words, ids, corrupted.to(torch.int64), labels.to(torch.int64))
