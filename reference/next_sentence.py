"""Next-sentence prediction: does the second segment follow the first in the text?

Slide "Next Sentence Prediction (NSP)"; Devlin et al. 2019, §3.1 (task 2), A.1, A.2. Half of the
pairs are contiguous (IsNext); in the other half the second comes from another document, so that
it never is the next one by chance (NotNext). A document is a list of sentences, a sentence a list
of ids. `next_sentence_pair` is the slide's picture, two single sentences; `next_segment_pair` is
what pre-training uses, two runs of sentences that fill a row together. `pack_pair` makes the row:

    input_ids       [CLS]  a …  [SEP]  b …  [SEP]  [PAD] …
    token_type_ids    0    0 …    0    1 …    1      0   …
    attention_mask    1    1 …    1    1 …    1      0   …

>>> row = pack_pair([11, 12], [21], 8, cls_id=1, sep_id=2, pad_id=0)
>>> [part.tolist() for part in row]
[[1, 11, 12, 2, 21, 2, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0]]

Left out: BERT's shorter rows in 10% of the cases, and its cutting at the front half of the time.
Proved by: tests of stated size for the coin and the uniform choice; truncation against the
tokenizers library and against one token removed at a time; rows worked by hand.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

Sentence = Sequence[int]
Documents = Sequence[Sequence[Sentence]]  # documents[d][s] is sentence s of document d
MARKS = 3  # [CLS], [SEP], [SEP]


def next_sentence_pair(
    documents: Documents, document: int, sentence: int, generator: torch.Generator | None = None
) -> tuple[list[int], list[int], bool]:
    """Pair a sentence with the next one, or with any of another document: (a, b, is_next).

    A fair coin decides; after a document's last sentence it is always another document's, each
    sentence of all the other documents equally likely.
    """
    _check_place(documents, document, sentence)
    text = documents[document]
    is_next = _coin(generator) and sentence + 1 < len(text)
    if is_next:
        b = text[sentence + 1]
    else:
        other, start = _elsewhere(documents, document, generator)
        b = documents[other][start]
    return list(text[sentence]), list(b), is_next


def next_segment_pair(
    documents: Documents,
    document: int,
    sentence: int,
    n_tokens: int,
    generator: torch.Generator | None = None,
) -> tuple[list[int], list[int], bool]:
    """Fill about `n_tokens` with two segments, the first from `sentence` on: (a, b, is_next).

    Sentences are taken until there are `n_tokens` (two sentences at least, where there are two),
    then parted at a random place. The second part stays half of the time; else as many tokens are
    taken from a random sentence of another document on. The last sentence of a document is a
    segment by itself, and what follows it is always another document's.
    """
    _check_place(documents, document, sentence)
    text = documents[document]
    chunk = _fill(text, sentence, n_tokens, at_least=2)
    cut = 1
    if len(chunk) > 2:
        cut += int(torch.randint(len(chunk) - 1, (), generator=generator))
    a = _join(chunk[:cut])
    is_next = _coin(generator) and cut < len(chunk)
    if is_next:
        return a, _join(chunk[cut:]), True
    other, start = _elsewhere(documents, document, generator)
    return a, _join(_fill(documents[other], start, n_tokens - len(a), at_least=1)), False


def pack_pair(
    a: Sentence, b: Sentence, max_length: int, cls_id: int, sep_id: int, pad_id: int
) -> tuple[Int[Tensor, " max_length"], Int[Tensor, " max_length"], Int[Tensor, " max_length"]]:
    """Write two segments as one row: (input_ids, token_type_ids, attention_mask), all int64.

    What does not fit is cut from the end of the longer segment, one token after the other; of two
    equally long ones, from b.
    """
    if max_length < MARKS + 2:
        raise ValueError(
            f"max_length must be {MARKS + 2} or more, for [CLS] a [SEP] b [SEP] with a token in "
            f"each segment: got max_length={max_length}; pass the length of the model's rows"
        )
    n_a, n_b = len(a), len(b)
    while n_a + n_b > max_length - MARKS:
        if n_a > n_b:
            n_a -= 1
        else:
            n_b -= 1
    first = [cls_id, *a[:n_a], sep_id]
    second = [*b[:n_b], sep_id]
    n_pad = max_length - len(first) - len(second)
    input_ids = first + second + [pad_id] * n_pad
    token_type_ids = [0] * len(first) + [1] * len(second) + [0] * n_pad
    attention_mask = [1] * (len(first) + len(second)) + [0] * n_pad
    return torch.tensor(input_ids), torch.tensor(token_type_ids), torch.tensor(attention_mask)


def next_sentence_loss(
    logits: Float[Tensor, "b 2"], is_next: Bool[Tensor, " b"] | Int[Tensor, " b"]
) -> Float[Tensor, ""]:
    """Mean of -log p(answer), in float32 or wider; column 1 is the logit of IsNext."""
    if is_next.is_floating_point():
        raise TypeError(
            f"is_next must be boolean or integer: got {is_next.dtype}; it is no probability, but "
            "the answer, True or 1 where the second segment follows"
        )
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return F.cross_entropy(wide, is_next.long())


def _coin(generator: torch.Generator | None) -> bool:
    return bool(torch.rand((), generator=generator) < 0.5)


def _elsewhere(
    documents: Documents, document: int, generator: torch.Generator | None
) -> tuple[int, int]:
    """Choose among all sentences of all other documents, each equally likely."""
    counts = [0 if d == document else len(text) for d, text in enumerate(documents)]
    rank = int(torch.randint(sum(counts), (), generator=generator))
    for other, count in enumerate(counts):
        if rank < count:
            return other, rank
        rank -= count
    raise AssertionError("a rank below the number of sentences lies in one of the documents")


def _fill(text: Sequence[Sentence], start: int, n_tokens: int, at_least: int) -> list[Sentence]:
    """Take sentences from `start` on until they hold `n_tokens`, or the text ends."""
    chunk: list[Sentence] = []
    held = 0
    for sentence in text[start:]:
        if held >= n_tokens and len(chunk) >= at_least:
            break
        chunk.append(sentence)
        held += len(sentence)
    return chunk


def _join(sentences: Sequence[Sentence]) -> list[int]:
    return [token for sentence in sentences for token in sentence]


def _check_place(documents: Documents, document: int, sentence: int) -> None:
    if not 0 <= document < len(documents):
        raise IndexError(
            f"there is no document {document}: got {len(documents)} documents; count from 0"
        )
    if not 0 <= sentence < len(documents[document]):
        raise IndexError(
            f"there is no sentence {sentence} in document {document}: it has "
            f"{len(documents[document])} sentences; count from 0"
        )
    if not any(text for d, text in enumerate(documents) if d != document):
        raise ValueError(
            f"a random sentence comes from another document: got {len(documents)} documents, none "
            f"but document {document} with a sentence; pass two or more"
        )
