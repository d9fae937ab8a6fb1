"""Wrong ways to write `mask_tokens`: what becomes of the chosen ones.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import torch

from assignments.a5_masked_lm.misconceptions.masked import shares, small, special
from autograder.misconception import Misconception


def mask_all_masked(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """[MASK] for all."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    corrupted = torch.where(chosen, mask_id, input_ids)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_none_kept(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """80-20-0."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen, drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_none_random(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """80-0-20."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, input_ids)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_tenth_of_the_rest(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """10% of the remaining 20%."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    again = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (again < 0.1), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_masks_overwritten(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Random tokens written over masks."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    again = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, input_ids)
    corrupted = torch.where(chosen & (again < 0.1), drawn, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_chosen_twice(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """15% chosen again for each fate."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    again = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    again = again & ~torch.isin(input_ids, no)
    corrupted = torch.where(again & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_thirds(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """A third for each fate."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 2 / 3), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 1 / 3), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_one_random_id(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """One random id for all."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), (1,), generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_never_the_original(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Random ids that differ from the original."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    while at.type == "cpu" and bool((drawn == input_ids).any()):
        again = torch.randint(len(words), input_ids.shape, generator=generator, device=at)
        drawn = torch.where(drawn == input_ids, words[again], drawn)
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


MISCONCEPTIONS = (
    Misconception(
        "mask-all-masked",
        "You turn every chosen token into [MASK]: a tenth of them should become random "
        "tokens, and a tenth should stay.",
        mask_all_masked,
        shares,
    ),
    Misconception(
        "mask-none-kept",
        "All of the chosen that are not masked become random tokens: only half of them "
        "should, the other half stay as they are.",
        mask_none_kept,
        shares,
    ),
    Misconception(
        "mask-none-random",
        "You mask 80% of the chosen and leave the others as they are: half of these should "
        "become random tokens.",
        mask_none_random,
        shares,
    ),
    Misconception(
        "mask-tenth-of-the-rest",
        "You replace a tenth of the tokens that are left after masking, 2% of the chosen. 10% "
        "of all chosen are half of what is left.",
        mask_tenth_of_the_rest,
        shares,
    ),
    Misconception(
        "mask-masks-overwritten",
        "Your 10% of random tokens are drawn without regard to the masks and overwrite some: "
        "only 72% stay [MASK]. Each chosen token has one fate.",
        mask_masks_overwritten,
        shares,
    ),
    Misconception(
        "mask-chosen-twice",
        "You draw the chosen positions a second time for the masks: draw them once, and let "
        "labels and ids use the same.",
        mask_chosen_twice,
        shares,
    ),
    Misconception(
        "mask-thirds",
        "You give the three fates a third each: they are 80%, 10% and 10%.",
        mask_thirds,
        shares,
    ),
    Misconception(
        "mask-one-random-id",
        "You draw one random token and put it everywhere: draw one for each position.",
        mask_one_random_id,
        special,
    ),
    Misconception(
        "mask-never-the-original",
        "Your random token is never the original one. Every ordinary id is equally likely, "
        "the original too: the model must not learn that a wrong-looking token is wrong for "
        "sure.",
        mask_never_the_original,
        small,
    ),
)
