"""Wrong ways to write `mask_tokens`: chance, and where it comes from.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import torch

from assignments.a5_masked_lm.misconceptions.masked import repeats, shares
from autograder.misconception import Misconception


def mask_exactly_15_percent(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """The same number in each row."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    keys = torch.rand(input_ids.shape, generator=generator, device=at)
    count = int(rate * input_ids.shape[1])
    chosen = keys.argsort(1).argsort(1) < count
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_rows_alike(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """One pattern for all rows."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape[1], generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_row_shares_its_fate(
    input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15
):
    """One fate for each row."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(len(input_ids), 1, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_generator_ignored(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Everything from the global generator."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_generator_half_used(
    input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15
):
    """Random ids from the global generator."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_seeded_inside(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """A seed set in every call."""
    at = input_ids.device
    torch.manual_seed(0)
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_fresh_generator(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """A new generator where none is given."""
    at = input_ids.device
    if generator is None and at.type == "cpu":
        generator = torch.Generator(device=at)
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_generator_restarted(
    input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15
):
    """A copy that starts from the seed."""
    at = input_ids.device
    if generator is not None:
        seed = generator.initial_seed()
        generator = torch.Generator(device=at).manual_seed(seed)
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


def mask_labels_by_another_draw(
    input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15
):
    """Labels of other positions."""
    at = input_ids.device
    no = torch.tensor([mask_id, *special_ids], device=at)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=at)
    chosen = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    chosen = chosen & ~torch.isin(input_ids, no)
    fate = torch.rand(input_ids.shape, generator=generator, device=at)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=at)]
    corrupted = torch.where(chosen & (fate < 0.9), drawn, input_ids)
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, corrupted)
    other = torch.rand(input_ids.shape, generator=generator, device=at) < rate
    return corrupted, torch.where(other & ~torch.isin(input_ids, no), input_ids, -100)


MISCONCEPTIONS = (
    Misconception(
        "mask-exactly-15-percent",
        "You choose the same number of positions in each row. `rate` is a probability: each "
        "position decides for itself, and rows differ by chance.",
        mask_exactly_15_percent,
        repeats,
    ),
    Misconception(
        "mask-rows-alike",
        "You choose the same positions in every row: draw a random number for each position "
        "of the batch, not for each column.",
        mask_rows_alike,
        repeats,
    ),
    Misconception(
        "mask-row-shares-its-fate",
        "All chosen tokens of a row share one fate: draw it for each position.",
        mask_row_shares_its_fate,
        repeats,
    ),
    Misconception(
        "mask-generator-ignored",
        "You never use `generator`: pass it to every function that draws.",
        mask_generator_ignored,
        repeats,
    ),
    Misconception(
        "mask-generator-half-used",
        "Some of your draws ignore `generator`: pass it to every function that draws, randint too.",
        mask_generator_half_used,
        repeats,
    ),
    Misconception(
        "mask-seeded-inside",
        "You call torch.manual_seed inside, so that every call draws the same, and all other "
        "randomness of the program is reset too. Draw from `generator`, and seed nothing.",
        mask_seeded_inside,
        repeats,
    ),
    Misconception(
        "mask-fresh-generator",
        "Where no generator is given you make a new one. A new generator always starts in the "
        "same state: pass None on, which means torch's own.",
        mask_fresh_generator,
        repeats,
    ),
    Misconception(
        "mask-generator-restarted",
        "You start again from the generator's initial seed, be it with a generator of your "
        "own or Python's random, so that each call repeats the first. Draw from the generator "
        "itself: that moves it on.",
        mask_generator_restarted,
        repeats,
    ),
    Misconception(
        "mask-labels-by-another-draw",
        "Your labels come from another draw than your masks: decide once which positions are "
        "chosen, and keep that.",
        mask_labels_by_another_draw,
        shares,
    ),
)
