"""Right ways to write `next_sentence_pair` and `pack_pair`."""

import torch

import reference.next_sentence
from autograder.misconception import RightImplementation


def next_flat(documents, document, sentence, generator=None):
    """All other sentences in one list."""
    a = documents[document][sentence]
    last = sentence == len(documents[document]) - 1
    if not last and torch.rand(1, generator=generator).item() < 0.5:
        return a, documents[document][sentence + 1], True
    pool = [s for d, text in enumerate(documents) if d != document for s in text]
    i = int(torch.randint(len(pool), (1,), generator=generator).item())
    return a, pool[i], False


def next_weighted(documents, document, sentence, generator=None):
    """A document by its length, then one of its sentences."""
    text = documents[document]
    heads = torch.randint(2, (), generator=generator) == 1
    if heads and sentence + 1 < len(text):
        return list(text[sentence]), list(text[sentence + 1]), True
    lengths = torch.tensor([float(len(other)) for other in documents])
    lengths[document] = 0
    d = int(torch.multinomial(lengths, 1, generator=generator))
    s = int(torch.randint(len(documents[d]), (), generator=generator))
    return list(text[sentence]), list(documents[d][s]), False


def next_rejected(documents, document, sentence, generator=None):
    """Any sentence of the corpus, drawn again while it is of the same document."""
    places = [(d, s) for d, text in enumerate(documents) for s in range(len(text))]
    is_next = bool(torch.bernoulli(torch.tensor(0.5), generator=generator))
    if sentence + 1 == len(documents[document]):
        is_next = False
    place = document, sentence + 1
    while not is_next and place[0] == document:
        place = places[torch.randint(len(places), (1,), generator=generator)]
    return documents[document][sentence], documents[place[0]][place[1]], is_next


def next_permuted(documents, document, sentence, generator=None):
    """The first of a permutation of the others."""
    after = documents[document][sentence + 1 : sentence + 2]
    if after and torch.randn((), generator=generator) > 0:
        return documents[document][sentence], after[0], True
    others = []
    for text in documents[:document] + documents[document + 1 :]:
        others += text
    order = torch.randperm(len(others), generator=generator)
    return documents[document][sentence], others[order[0]], False


RIGHT_NEXT = (
    RightImplementation("reference", "the reference", reference.next_sentence.next_sentence_pair),
    RightImplementation("flat", "one list of all others", next_flat),
    RightImplementation("weighted", "documents by multinomial", next_weighted),
    RightImplementation("rejected", "drawn again until another's", next_rejected),
    RightImplementation("permuted", "randperm, randn", next_permuted),
)


def pack_popping(a, b, max_length, cls_id, sep_id, pad_id):
    """Copies, popped from."""
    a, b = list(a), list(b)
    while len(a) + len(b) + 3 > max_length:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id] + a + [sep_id] + b + [sep_id]
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1)
    mask = [1] * len(ids)
    while len(ids) < max_length:
        ids.append(pad_id)
        types.append(0)
        mask.append(0)
    return torch.tensor(ids), torch.tensor(types), torch.tensor(mask)


def pack_sliced(a, b, max_length, cls_id, sep_id, pad_id):
    """Lengths by a formula, written into prepared tensors."""
    room = max_length - 3
    n_a, n_b = len(a), len(b)
    if n_a + n_b > room:
        if n_a > room - n_b and n_b <= room // 2:
            n_a = room - n_b
        elif n_a <= (room + 1) // 2:
            n_b = room - n_a
        else:
            n_a, n_b = (room + 1) // 2, room // 2
    ids = torch.full((max_length,), pad_id)
    types = torch.zeros(max_length, dtype=torch.long)
    mask = torch.zeros(max_length, dtype=torch.long)
    end = n_a + n_b + 3
    ids[:end] = torch.tensor([cls_id, *a[:n_a], sep_id, *b[:n_b], sep_id])
    types[n_a + 2 : end] = 1
    mask[:end] = 1
    return ids, types, mask


def pack_recursive(a, b, max_length, cls_id, sep_id, pad_id):
    """One token less, and again."""
    pad = max_length - len(a) - len(b) - 3
    if pad < 0:
        shorter = (a[:-1], b) if len(a) > len(b) else (a, b[:-1])
        return pack_recursive(*shorter, max_length, cls_id, sep_id, pad_id)
    parts = [cls_id], a, [sep_id], b, [sep_id], [pad_id] * pad
    ids = [i for part in parts for i in part]
    kinds = (0, 1), (0, 1), (0, 1), (1, 1), (1, 1), (0, 0)
    both = [kind for part, kind in zip(parts, kinds, strict=True) for _ in part]
    types, mask = torch.tensor(both).T.contiguous()
    return torch.tensor(ids), types, mask


def pack_concatenated(a, b, max_length, cls_id, sep_id, pad_id):
    """torch.cat and functional padding; the mask from positions."""
    for _ in range(max(0, len(a) + len(b) + 3 - max_length)):
        if len(b) >= len(a):
            b = b[: len(b) - 1]
        else:
            a = a[: len(a) - 1]
    first, second = torch.tensor([cls_id, *a, sep_id]), torch.tensor([*b, sep_id])
    n = len(first) + len(second)
    ids = torch.nn.functional.pad(torch.cat([first, second]), (0, max_length - n), value=pad_id)
    place = torch.arange(max_length)
    types = ((place >= len(first)) & (place < n)).long()
    return [ids, types, (place < n).long()]


RIGHT_PACK = (
    RightImplementation("reference", "the reference", reference.next_sentence.pack_pair),
    RightImplementation("popping", "pop from copies", pack_popping),
    RightImplementation("sliced", "lengths by a formula", pack_sliced),
    RightImplementation("recursive", "recursion", pack_recursive),
    RightImplementation("concatenated", "torch.cat and F.pad", pack_concatenated),
)
