"""The witness of mistakes in `next_sentence_pair`: facts that hold always, never, or by far."""

from copy import deepcopy
from functools import partial
from typing import Any

import torch

from assignments.a5_masked_lm.checks.masking import generator
from assignments.a5_masked_lm.checks.next_sentence_pair import Documents, corpus
from assignments.a5_masked_lm.misconceptions.masked import nearest
from autograder.draw import Draw
from autograder.misconception import Observation, observe


def pairs(make: Any, draw: Draw) -> Observation:
    """What 400 pairs from within a document, and 200 from its end, are made of; what repeats."""
    documents = corpus(draw, 2, 6, 12)
    within, end = (_facts(make, documents, s, count, draw) for s, count in ((4, 400), (5, 200)))
    seed = draw.integer(0, 2**31)
    state, same = (torch.Generator(device="cpu").manual_seed(seed) for _ in range(2))
    runs = [
        [observe(lambda g=g: make(deepcopy(documents), 1, 4, generator=g)) for _ in range(30)]
        for g in (state, same, state)
    ]
    first, again, second = (str(run) for run in runs)
    return within, end, first == again, first == second


def _facts(make: Any, documents: Documents, s: int, count: int, draw: Draw) -> Observation:
    """Facts that hold always or never, and shares told as the nearest of a few.

    Of the 14 sentences elsewhere document 0 has 2: it is missing among 100 random pairs with
    probability (6/7)^100 = 2e-7, and the shares told apart lie 7 deviations from each other.
    """
    state, text = generator(draw), documents[1]
    triples, odd = [], set()
    changed = False
    for _ in range(count):
        given = deepcopy(documents)
        seen = observe(partial(make, given, 1, s, generator=state))
        changed = changed or given != documents
        if type(seen) is tuple and len(seen) == 3 and seen[0] != "raised":
            triples.append(([*seen[0]], [*seen[1]], seen[2]))
        else:
            odd.add(str(seen))
    flags = [bool(flag) for *_, flag in triples]
    after = text[s + 1] if s + 1 < len(text) else None
    away = [(b, flag) for (_, b, _), flag in zip(triples, flags, strict=True) if b not in text]
    return (
        tuple(sorted(odd)),
        tuple(sorted({type(flag).__name__ for *_, flag in triples})),
        nearest(sum(flags) / max(len(flags), 1), (0.0, 0.15, 0.5, 0.85, 1.0)),
        all(a == text[s] for a, *_ in triples),
        any(flag and b != after for (_, b, _), flag in zip(triples, flags, strict=True)),
        any(not flag and b == after for (_, b, _), flag in zip(triples, flags, strict=True)),
        any(b in text and b != after for _, b, _ in triples),
        *(
            _share_of(documents[0], [b for b, real in away if real is flag])
            for flag in (True, False)
        ),
        min(len({str(b) for b, _ in away}), 3),
        changed,
    )


def _share_of(document: list[list[int]], sentences: list[list[int]]) -> str:
    """Which share of the sentences is of the document."""
    found = sum(sentence in document for sentence in sentences)
    return nearest(found / len(sentences), (1 / 7, 0.5, 1.0)) if found else "none"
