"""Wrong ways to write `next_sentence_pair`, and what shows each.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

from typing import Any

import torch

from assignments.a5_masked_lm.misconceptions.pairs import pairs
from autograder.misconception import Misconception


def next_always(documents, document, sentence, generator=None):
    """No coin."""
    text = documents[document]
    if sentence + 1 < len(text):
        return text[sentence], text[sentence + 1], True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], False


def next_never(documents, document, sentence, generator=None):
    """Random pairs only."""
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    b = pool[torch.randint(len(pool), (1,), generator=generator)]
    return documents[document][sentence], b, False


def next_with_the_masks_rate(documents, document, sentence, generator=None):
    """15% real pairs."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.15:
        return text[sentence], text[sentence + 1], True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], False


def next_flag_inverted(documents, document, sentence, generator=None):
    """True for random pairs."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[sentence + 1], False
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], True


def next_swapped(documents, document, sentence, generator=None):
    """(b, a, is_next)."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.5:
        return text[sentence + 1], text[sentence], True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return pool[torch.randint(len(pool), (1,), generator=generator)], text[sentence], False


def next_from_the_corpus(documents, document, sentence, generator=None):
    """Random sentences of the whole corpus."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[sentence + 1], True
    pool = [s for other in documents for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], False


def next_from_the_same_document(documents, document, sentence, generator=None):
    """Random sentences of the same document."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[sentence + 1], True
    return text[sentence], text[torch.randint(len(text), (1,), generator=generator)], False


def next_document_first(documents, document, sentence, generator=None):
    """A document first, whatever its length."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[sentence + 1], True
    rest = [other for d, other in enumerate(documents) if d != document]
    other = rest[torch.randint(len(rest), (1,), generator=generator)]
    return text[sentence], other[torch.randint(len(other), (1,), generator=generator)], False


def next_neighbouring_document(documents, document, sentence, generator=None):
    """The document after this one, always."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[sentence + 1], True
    other = documents[(document + 1) % len(documents)]
    return text[sentence], other[torch.randint(len(other), (1,), generator=generator)], False


def next_first_sentence(documents, document, sentence, generator=None):
    """Another document's first sentence."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[sentence + 1], True
    rest = [other[0] for d, other in enumerate(documents) if d != document]
    return text[sentence], rest[torch.randint(len(rest), (1,), generator=generator)], False


def next_beyond_the_end(documents, document, sentence, generator=None):
    """No thought of the last sentence."""
    text = documents[document]
    if torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[sentence + 1], True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], False


def next_round_the_end(documents, document, sentence, generator=None):
    """The first sentence after the last."""
    text = documents[document]
    if torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[(sentence + 1) % len(text)], True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], False


def next_into_the_next_document(documents, document, sentence, generator=None):
    """Text that runs on over the ends of documents."""
    text = documents[document]
    if torch.rand(1, generator=generator) < 0.5:
        after = (text + documents[(document + 1) % len(documents)])[sentence + 1]
        return text[sentence], after, True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], False


def next_flag_by_coin(documents, document, sentence, generator=None):
    """is_next as the coin fell, also where nothing follows."""
    text = documents[document]
    is_next = bool(torch.rand(1, generator=generator) < 0.5)
    if is_next and sentence + 1 < len(text):
        return text[sentence], text[sentence + 1], True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], is_next


def next_generator_ignored(documents, document, sentence, generator=None):
    """Everything from the global generator."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1) < 0.5:
        return text[sentence], text[sentence + 1], True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,))], False


def next_seeded_inside(documents, document, sentence, generator=None):
    """A seed set in every call."""
    torch.manual_seed(0)
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1) < 0.5:
        return text[sentence], text[sentence + 1], True
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,))], False


def next_taken_out(documents, document, sentence, generator=None):
    """The sentences taken out of their document."""
    text = documents[document]
    if sentence + 1 < len(text) and torch.rand(1, generator=generator) < 0.5:
        return text[sentence], text[sentence + 1], True
    a = documents[document][sentence]
    documents.pop(document)
    pool = [s for other in documents for s in other]
    return a, pool[torch.randint(len(pool), (1,), generator=generator)], False


def next_flag_tensor(documents, document, sentence, generator=None):
    """A tensor for a flag."""
    text = documents[document]
    coin = torch.rand((), generator=generator) < 0.5
    is_next = coin & (sentence + 1 < len(text))
    if is_next:
        return text[sentence], text[sentence + 1], is_next
    pool = [s for d, other in enumerate(documents) if d != document for s in other]
    return text[sentence], pool[torch.randint(len(pool), (1,), generator=generator)], is_next


def _m(name: str, sentence: str, implementation: Any) -> Misconception:
    return Misconception(name, sentence, implementation, pairs)


MISCONCEPTIONS = (
    _m(
        "next-always",
        "You always take the sentence that follows: throw a coin, and take a random sentence half "
        "of the time, or there is nothing to tell apart.",
        next_always,
    ),
    _m(
        "next-never",
        "You never take the sentence that follows: half of the pairs are real ones.",
        next_never,
    ),
    _m(
        "next-with-the-masks-rate",
        "Only 15% of your pairs are real: that is the rate of the masks. Here it is one half.",
        next_with_the_masks_rate,
    ),
    _m(
        "next-flag-inverted",
        "Your is_next is True for random pairs and False for real ones: it is the other way round.",
        next_flag_inverted,
    ),
    _m(
        "next-swapped",
        "You return the second sentence first: the one that was asked for comes first.",
        next_swapped,
    ),
    _m(
        "next-from-the-corpus",
        "Your random sentence may be of the same document, even the very next one: draw from the "
        "other documents.",
        next_from_the_corpus,
    ),
    _m(
        "next-from-the-same-document",
        "You draw the random sentence from the same document: it comes from another one.",
        next_from_the_same_document,
    ),
    _m(
        "next-document-first",
        "You draw a document first and then one of its sentences, so that sentences of short "
        "documents come up too often. All sentences of the others are equally likely.",
        next_document_first,
    ),
    _m(
        "next-neighbouring-document",
        "Your random sentence is always one of the document that follows: draw from all others.",
        next_neighbouring_document,
    ),
    _m(
        "next-first-sentence",
        "Your random sentence is always the first of a document: draw from all its sentences.",
        next_first_sentence,
    ),
    _m(
        "next-beyond-the-end",
        "You read the sentence after the last one. Where none follows, the pair is a random one.",
        next_beyond_the_end,
    ),
    _m(
        "next-round-the-end",
        "After the last sentence you go on with the first of the same document. Nothing follows "
        "the last one: pair it with a random one.",
        next_round_the_end,
    ),
    _m(
        "next-into-the-next-document",
        "After the last sentence you go on into the next document. Nothing follows the last one: "
        "pair it with a random one, is_next=False.",
        next_into_the_next_document,
    ),
    _m(
        "next-flag-by-coin",
        "After the last sentence your is_next can be True though b is a random one: is_next says "
        "what was taken, not how the coin fell.",
        next_flag_by_coin,
    ),
    _m(
        "next-generator-ignored",
        "You never use `generator`: pass it to torch.rand and torch.randint.",
        next_generator_ignored,
    ),
    _m(
        "next-seeded-inside",
        "You call torch.manual_seed inside: every call throws the same coin. Draw from "
        "`generator`, and seed nothing.",
        next_seeded_inside,
    ),
    _m(
        "next-taken-out",
        "You take the document out of the caller's list to choose among the others: make a new "
        "list instead, and leave theirs as it is.",
        next_taken_out,
    ),
    _m(
        "next-flag-tensor",
        "Your is_next is a tensor: turn it into a Python bool, by bool(…) or .item().",
        next_flag_tensor,
    ),
)
