"""Wrong ways to write `mask_tokens`: what is chosen, and what the labels hold.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import torch

from assignments.a5_masked_lm.misconceptions.masked import changed, rates, shares
from autograder.misconception import Misconception


def mask_labels_first(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """(labels, corrupted)."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return torch.where(chosen, input_ids, -100), corrupted


def mask_labels_everywhere(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Every id as its own label."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, input_ids.clone()


def mask_labels_zero(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """0 where nothing is predicted."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, 0)


def mask_labels_corrupted(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """The corrupted ids as labels."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, corrupted, -100)


def mask_labels_only_masked(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Labels at [MASK] alone."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen & (fate < 0.8), input_ids, -100)


def mask_labels_only_changed(
    input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15
):
    """Labels where the id has changed."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(corrupted != input_ids, input_ids, -100)


def mask_chosen_inverted(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """The comparison the wrong way round."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) > rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_rate_ignored(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """15%, whatever the rate."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < 0.15
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_unchosen_corrupted(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """80% of everything."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(~torch.isin(input_ids, no) & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_input_changed(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """The caller's tensor written to."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    labels = torch.where(chosen, input_ids, -100)
    corrupted = input_ids
    corrupted[chosen & (fate < 0.9)] = drawn[chosen & (fate < 0.9)]
    corrupted[chosen & (fate < 0.8)] = mask_id
    return corrupted, labels


MISCONCEPTIONS = (
    Misconception(
        "mask-labels-first",
        "You return (labels, corrupted): the corrupted ids come first.",
        mask_labels_first,
        shares,
    ),
    Misconception(
        "mask-labels-everywhere",
        "Your labels hold the original id at every position. Only the chosen ones are to be "
        "predicted: write -100 at all others.",
        mask_labels_everywhere,
        shares,
    ),
    Misconception(
        "mask-labels-zero",
        "Your labels hold 0 where nothing is to be predicted, but 0 is the id of a token: "
        "write -100, which no token has.",
        mask_labels_zero,
        shares,
    ),
    Misconception(
        "mask-labels-corrupted",
        "Your labels hold the ids after corruption, so the model would learn to predict "
        "[MASK]: keep the ids that stood there before.",
        mask_labels_corrupted,
        shares,
    ),
    Misconception(
        "mask-labels-only-masked",
        "Only your [MASK] positions have labels. Those that got a random token, and those "
        "that stayed, are predicted too: all chosen ones have a label.",
        mask_labels_only_masked,
        shares,
    ),
    Misconception(
        "mask-labels-only-changed",
        "You label the positions whose id has changed. A tenth of the chosen stay as they "
        "are, and are predicted all the same.",
        mask_labels_only_changed,
        shares,
    ),
    Misconception(
        "mask-chosen-inverted",
        "You choose the positions whose random number lies above `rate`: these are 85%. A "
        "number below 0.15 comes up 15% of the time.",
        mask_chosen_inverted,
        shares,
    ),
    Misconception(
        "mask-rate-ignored",
        "You choose 15% whatever the caller says: use the argument `rate`.",
        mask_rate_ignored,
        rates,
    ),
    Misconception(
        "mask-unchosen-corrupted",
        "You replace 80% of all tokens by [MASK], not 80% of the chosen ones: combine the "
        "condition with your mask of chosen positions.",
        mask_unchosen_corrupted,
        shares,
    ),
    Misconception(
        "mask-input-changed",
        "You write into the caller's input_ids: `corrupted = input_ids` is a second name, not "
        "a copy. Start with input_ids.clone().",
        mask_input_changed,
        changed,
    ),
)
