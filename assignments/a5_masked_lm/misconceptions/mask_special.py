"""Wrong ways to write `mask_tokens`: which ids are special, which may be drawn.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import torch

from assignments.a5_masked_lm.misconceptions.masked import small, special
from autograder.misconception import Misconception


def mask_special_chosen(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Special tokens like any other."""
    at = input_ids.device
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_padding_only(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Of the special tokens only the last kept out."""
    at = input_ids.device
    no = torch.tensor([mask_id, special_ids[-1]], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_mask_unlisted(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """mask_id special only where listed."""
    at = input_ids.device
    no = torch.tensor(special_ids, device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {*special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_random_may_be_special(
    input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15
):
    """Random ids from the whole vocabulary."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = torch.randint(vocab_size, input_ids.shape, generator=generator, device=at)
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_special_ids_first(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Special ids taken to be the first ones."""
    at = input_ids.device
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & (input_ids >= len(special_ids))
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = torch.randint(
        len(special_ids), vocab_size, input_ids.shape, generator=generator, device=at
    )
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_last_id_missing(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """One id never drawn."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words) - 1, input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


MISCONCEPTIONS = (
    Misconception(
        "mask-special-chosen",
        "You choose special tokens too, [CLS], [SEP] and padding among them: there is nothing "
        "to learn from predicting these.",
        mask_special_chosen,
        special,
    ),
    Misconception(
        "mask-padding-only",
        "You keep one of the special tokens from being chosen, but not the others: all of "
        "special_ids count.",
        mask_padding_only,
        special,
    ),
    Misconception(
        "mask-mask-unlisted",
        "You take mask_id for an ordinary token where special_ids does not list it: it is "
        "special in any case, and a random token is never [MASK].",
        mask_mask_unlisted,
        small,
    ),
    Misconception(
        "mask-random-may-be-special",
        "Your random tokens may be special ones: draw from the ids that are not special.",
        mask_random_may_be_special,
        special,
    ),
    Misconception(
        "mask-special-ids-first",
        "You take the special ids to be the first of the vocabulary. They may stand anywhere: "
        "look them up in special_ids.",
        mask_special_ids_first,
        special,
    ),
    Misconception(
        "mask-last-id-missing",
        "One ordinary id is never drawn: torch.randint(high, …) already stops before `high`, "
        "so don't subtract 1.",
        mask_last_id_missing,
        special,
    ),
)
