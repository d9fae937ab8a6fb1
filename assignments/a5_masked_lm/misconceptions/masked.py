"""Witnesses of mistakes in `mask_tokens`: facts that large samples settle, whatever is drawn.

Shares are told as the nearest of a few that mistakes lead to; the nearest two differ by ten
standard deviations or more of the sample. Generators are fresh, with drawn seeds.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from assignments.a5_masked_lm.checks.masking import (
    IGNORED,
    Masked,
    generator,
    mask,
    vocabulary,
)
from autograder.draw import Draw
from autograder.misconception import Observation, observe

OF_ALL = (0.0, 0.03, 0.075, 0.12, 0.135, 0.15, 0.19, 0.3, 0.5, 0.85, 1.0)
OF_CHOSEN = (0.0, 0.02, 0.1, 0.2, 0.33, 0.5, 0.64, 0.72, 0.8, 0.89, 1.0)


def nearest(share: float, candidates: Sequence[float]) -> str:
    """The candidate that the share is nearest to; "none" of nothing."""
    if share != share:
        return "none"
    return str(min(candidates, key=lambda candidate: abs(candidate - share)))


def _share(part: Tensor, whole: Tensor) -> float:
    count = int(whole.sum())
    return int((part & whole).sum()) / count if count else float("nan")


def _shares_of(found: Masked) -> Observation:
    everything = torch.ones_like(found.chosen)
    changed = found.corrupted != found.ids
    return (
        nearest(_share(found.chosen, everything), OF_ALL),
        nearest(_share(found.masked, found.chosen), OF_CHOSEN),
        nearest(_share(found.other, found.chosen), OF_CHOSEN),
        nearest(_share(changed, ~found.chosen), OF_CHOSEN),
        nearest(_share(found.labels == found.ids, found.chosen), OF_CHOSEN),
        int(found.labels.mode().values.mode().values) if bool((~found.chosen).any()) else "all",
    )


def shares(mask_tokens: Any, draw: Draw) -> Observation:
    """How many are chosen, masked, changed, changed without a label; the labels there, and else."""

    def found() -> object:
        words = vocabulary(draw, 1000, 5)
        return _shares_of(mask(mask_tokens, draw, words, words.text(draw, 128, 512)))

    return observe(found)


def rates(mask_tokens: Any, draw: Draw) -> Observation:
    """The same at another rate."""

    def found() -> object:
        words = vocabulary(draw, 1000, 5)
        text = words.text(draw, 128, 512)
        return _shares_of(mask(mask_tokens, draw, words, text, rate=0.5))

    return shares(mask_tokens, draw), observe(found)


def special(mask_tokens: Any, draw: Draw) -> Observation:
    """Whether special ids are chosen or put in; which share of the random ones may be the old."""

    def found() -> object:
        words = vocabulary(draw, 40, 5)
        result = mask(mask_tokens, draw, words, words.padded(draw, 128, 256), rate=0.5)
        is_special = torch.isin(result.ids, torch.tensor(words.special, device="cpu"))
        padding = result.ids == words.special[-1]
        new = result.corrupted[result.other]
        there = set(new.tolist())
        return (
            bool((result.labels == IGNORED).any()),
            bool(result.chosen[padding].any()),
            bool(result.chosen[is_special & ~padding].any()),
            bool((there & set(words.special)) != set()),
            min(len(there), 2),
            len(there - set(words.special)) == len(words.ordinary),
        )

    return observe(found)


def small(mask_tokens: Any, draw: Draw) -> Observation:
    """With three ordinary ids: the share of [MASK], and of the changed among the others."""

    def found() -> object:
        words = vocabulary(draw, 3, 3)
        others = [i for i in words.special if i != words.mask_id]
        facts = []
        for listed in (words.special, others):
            text = words.text(draw, 128, 512)
            text = text.masked_fill(draw.booleans(128, 512, chance=0.2), words.mask_id)
            result = mask(mask_tokens, draw, words, text, rate=0.8, special_ids=listed)
            facts += [
                bool(result.chosen[text == words.mask_id].any()),
                nearest(_share(result.masked, result.chosen), (0.5, 0.8, 0.825, 0.85, 1.0)),
                nearest(
                    _share(result.other, result.chosen & ~result.masked), (0.0, 0.33, 0.5, 0.67)
                ),
            ]
        return tuple(facts)

    return observe(found)


def repeats(mask_tokens: Any, draw: Draw) -> Observation:
    """What equals what: calls in the same and other states, rows, their counts."""

    def found() -> object:
        words = vocabulary(draw, 1000, 5)
        text = words.text(draw, 64, 256)
        seed = draw.integer(0, 2**31)
        one = torch.Generator(device="cpu").manual_seed(seed)
        two = torch.Generator(device="cpu").manual_seed(seed)
        runs = [
            mask(mask_tokens, draw, words, text, generator=g)
            for g in (one, two, one, generator(draw), None, None)
        ]
        first, again, second, other, free, anew = runs
        counts = first.chosen.sum(1)
        whole = (first.masked | ~first.chosen).all(1)
        none = ~first.masked.any(1)
        return (
            bool(torch.equal(first.chosen, again.chosen)),
            bool(torch.equal(first.corrupted, again.corrupted)),
            bool(torch.equal(first.corrupted, second.corrupted)),
            bool(torch.equal(first.corrupted, other.corrupted)),
            bool(torch.equal(free.corrupted, anew.corrupted)),
            bool((first.chosen == first.chosen[0]).all()),
            bool((counts == counts[0]).all()),
            bool((whole | none).all() and whole.any() and none.any()),
        )

    return observe(found)


def changed(mask_tokens: Any, draw: Draw) -> Observation:
    """Whether the text that was passed has changed."""

    def found() -> object:
        words = vocabulary(draw, 1000, 5)
        text = words.text(draw, 32, 64)
        before = text.clone()
        state = generator(draw)
        mask_tokens(text, words.mask_id, words.size, list(words.special), generator=state)
        return bool(torch.equal(text, before))

    return shares(mask_tokens, draw), observe(found)
