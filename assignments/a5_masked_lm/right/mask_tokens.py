"""Right ways to write `mask_tokens`.

Python's own `random` is not among them as such: seeded once from `generator.initial_seed()`, it
repeats itself at the second call (see `misconceptions`). Seeded by a number *drawn* from the
generator it is right, since that advances the generator.
"""

import torch

import reference.masked_lm
from autograder.misconception import RightImplementation


def mask_as_libraries_do(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Three Bernoulli draws: chosen; 80% of these; half of the rest."""
    device = input_ids.device
    corrupted, labels = input_ids.clone(), input_ids.clone()
    special = torch.zeros_like(input_ids, dtype=torch.bool)
    for i in {mask_id, *special_ids}:
        special |= input_ids == i
    chance = torch.full(input_ids.shape, rate, device=device).masked_fill(special, 0.0)
    chosen = torch.bernoulli(chance, generator=generator).bool()
    labels[~chosen] = -100
    often = torch.full(input_ids.shape, 0.8, device=device)
    masked = torch.bernoulli(often, generator=generator).bool() & chosen
    corrupted[masked] = mask_id
    half = torch.full(input_ids.shape, 0.5, device=device)
    replaced = torch.bernoulli(half, generator=generator).bool() & chosen & ~masked
    forbidden = {mask_id, *special_ids}
    words = torch.tensor([i for i in range(vocab_size) if i not in forbidden], device=device)
    drawn = words[torch.randint(len(words), input_ids.shape, generator=generator, device=device)]
    corrupted[replaced] = drawn[replaced]
    return corrupted, labels


def mask_one_number_each(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """One uniform number a position, for whether and for what."""
    device = input_ids.device
    forbidden = torch.tensor([mask_id, *special_ids], device=device)
    words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}), device=device)
    u = torch.rand(input_ids.shape, generator=generator, device=device)
    u = torch.where(torch.isin(input_ids, forbidden), torch.ones_like(u), u)
    k = torch.randint(len(words), input_ids.shape, generator=generator, device=device)
    corrupted = torch.where(u < 0.9 * rate, words[k], input_ids)
    corrupted = torch.where(u < 0.8 * rate, torch.full_like(input_ids, mask_id), corrupted)
    return corrupted, torch.where(u < rate, input_ids, torch.full_like(input_ids, -100))


def mask_by_categories(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Four fates at once by multinomial; random ids too."""
    device = input_ids.device
    special = [mask_id, *special_ids]
    fates = torch.tensor([1 - rate, 0.8 * rate, 0.1 * rate, 0.1 * rate], device=device)
    fate = torch.multinomial(fates, input_ids.numel(), replacement=True, generator=generator)
    fate = fate.reshape(input_ids.shape)
    fate = fate.masked_fill(
        (input_ids[..., None] == torch.tensor(special, device=device)).any(-1), 0
    )
    even = torch.ones(vocab_size, device=device)
    even[special] = 0
    words = torch.multinomial(even, input_ids.numel(), replacement=True, generator=generator)
    corrupted = input_ids.masked_fill(fate == 1, mask_id)
    corrupted = torch.where(fate == 2, words.reshape(input_ids.shape), corrupted)
    return corrupted, input_ids.masked_fill(fate == 0, -100)


def mask_at_indices(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Positions by nonzero, fates by a permutation-free draw for each of them."""
    special = set(special_ids) | {mask_id}
    words = [i for i in range(vocab_size) if i not in special]
    eligible = ~torch.isin(input_ids, torch.tensor(list(special)))
    rows, columns = ((torch.rand(input_ids.shape, generator=generator) < rate) & eligible).nonzero(
        as_tuple=True
    )
    labels = torch.full_like(input_ids, -100)
    labels[rows, columns] = input_ids[rows, columns]
    corrupted = input_ids.clone()
    dice = torch.randint(10, (len(rows),), generator=generator)
    first = dice < 8
    corrupted[rows[first], columns[first]] = mask_id
    ninth = dice == 8
    drawn = torch.randint(0, len(words), (int(ninth.sum()),), generator=generator)
    corrupted[rows[ninth], columns[ninth]] = torch.tensor(words)[drawn]
    return corrupted, labels


def mask_in_plain_loops(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """One token at a time, in lists."""
    special = list(special_ids)
    if mask_id not in special:
        special.append(mask_id)
    words = [i for i in range(vocab_size) if i not in special]
    corrupted, labels = [], []
    for row in input_ids.tolist():
        chances = torch.rand(len(row), generator=generator).tolist()
        fates = torch.rand(len(row), generator=generator).tolist()
        new_row, new_labels = [], []
        for token, chance, fate in zip(row, chances, fates, strict=True):
            if token in special or chance >= rate:
                new_row.append(token)
                new_labels.append(-100)
                continue
            new_labels.append(token)
            if fate < 0.8:
                new_row.append(mask_id)
            elif fate < 0.9:
                pick = int(torch.randint(len(words), (1,), generator=generator))
                new_row.append(words[pick])
            else:
                new_row.append(token)
        corrupted.append(new_row)
        labels.append(new_labels)
    return torch.tensor(corrupted), torch.tensor(labels)


def mask_remapped(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Random ids from a shorter range, moved past each special id; in place on copies."""
    device = input_ids.device
    forbidden = sorted({mask_id, *special_ids})
    chosen = torch.empty(input_ids.shape, device=device).uniform_(generator=generator) < rate
    for i in forbidden:
        chosen &= input_ids != i
    labels = input_ids.masked_fill(~chosen, -100)
    drawn = torch.empty_like(input_ids).random_(vocab_size - len(forbidden), generator=generator)
    for i in forbidden:
        drawn += (drawn >= i).long()
    fate = torch.empty(input_ids.shape, device=device).uniform_(generator=generator)
    corrupted = input_ids.clone()
    corrupted.masked_fill_(chosen & (fate >= 0.2), mask_id)
    replaced = (chosen & (fate < 0.1)).long()
    return corrupted * (1 - replaced) + drawn * replaced, labels


RIGHT = (
    RightImplementation("reference", "the reference", reference.masked_lm.mask_tokens),
    RightImplementation("bernoulli", "bernoulli thrice, indexing", mask_as_libraries_do),
    RightImplementation("one-number", "one uniform number, torch.where", mask_one_number_each),
    RightImplementation("multinomial", "multinomial of fates and ids", mask_by_categories),
    RightImplementation("indices", "nonzero, dice of ten sides", mask_at_indices),
    RightImplementation("loops", "Python loops over lists", mask_in_plain_loops),
    RightImplementation("remapped", "randint, moved past special ids", mask_remapped),
)
