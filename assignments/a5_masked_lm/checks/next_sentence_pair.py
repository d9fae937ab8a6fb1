"""Checks of `next_sentence_pair(documents, document, sentence, generator=None)`.

A call gives one pair only, so the coin is thrown in many small calls. The exact tests are those of
`chance`: each rejects a right function with 5e-8 at most; each check's docstring counts its own.
What is not said to be tested there fails a right function with less than 1e-7, as derived there.

Every call gets a copy of the documents, but in the check that asks for that.

Left out: documents without a sentence, a corpus of one document. Proved by: `autograder
validate a5_masked_lm`.
"""

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, TypeAlias

import torch

from assignments.a5_masked_lm.checks.chance import unlikely
from assignments.a5_masked_lm.checks.masking import generator
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed, Rubric

NEXT_SENTENCE_PAIR = Rubric("a5_masked_lm", "next_sentence_pair", random=True)
CHECK = NEXT_SENTENCE_PAIR.check

Documents: TypeAlias = list[list[list[int]]]
TRIPLE = "next_sentence_pair, which returns (a, b, is_next)"


def corpus(draw: Draw, *sentences: int) -> Documents:
    """Documents of so many sentences; no id comes twice, sentences have one to three."""
    lengths = [[draw.integer(1, 4) for _ in range(count)] for count in sentences]
    ids = iter(draw.order(3 * sum(sentences)))
    return [[[next(ids) for _ in range(n)] for n in document] for document in lengths]


def pair(value: object, *, strict: bool = False) -> tuple[list[int], list[int], bool]:
    """(a, b, is_next), if it is such a triple; unless `strict`, is_next may be a tensor."""
    a, b, is_next = expect.items(value, 3, what=TRIPLE)
    for name, ids in (("a", a), ("b", b)):
        if type(ids) not in (list, tuple) or not all(type(i) is int for i in ids):
            raise CheckFailed(f"{name}: expected a list of ids, got {expect.kind(ids)}")
    if not strict and type(is_next) is torch.Tensor and is_next.dtype is torch.bool:
        if is_next.numel() == 1 and is_next.device.type == "cpu":
            is_next = bool(is_next)
    if type(is_next) is not bool:
        raise CheckFailed(f"is_next: expected True or False, got {expect.kind(is_next)}")
    return list(a), list(b), is_next


def throws(
    student: Any, documents: Documents, d: int, s: int, count: int, state: torch.Generator | None
) -> list[tuple[list[int], list[int], bool]]:
    """Pairs for one sentence, by one generator that runs on."""
    return [pair(student(deepcopy(documents), d, s, generator=state)) for _ in range(count)]


def others(documents: Documents, d: int) -> list[list[int]]:
    """All sentences of the other documents."""
    return [s for i, document in enumerate(documents) if i != d for s in document]


def _known(documents: Documents, d: int, s: int, b: list[int], is_next: bool) -> None:
    """Fail unless b is what is_next says, where a sentence follows."""
    if is_next and b != documents[d][s + 1]:
        raise CheckFailed("is_next is True, but b is not the sentence that follows a")
    if not is_next and b == documents[d][s + 1]:
        raise CheckFailed("is_next is False, but b is the sentence that follows a")


@CHECK("a is the sentence asked for; b follows it where is_next says so", points=1.5)
def _(student: Any, draw: Draw) -> None:
    """No test. In 40 calls only one answer: 2 × 0.5^40 = 2e-12."""
    documents = corpus(draw, 4, 3, 5)
    state, seen = generator(draw), set()
    for i in range(40):
        d = i % 3
        s = (i // 3) % (len(documents[d]) - 1)
        a, b, is_next = pair(student(deepcopy(documents), d, s, generator=state), strict=True)
        if a != documents[d][s]:
            raise CheckFailed("a is not documents[document][sentence]")
        _known(documents, d, s, b, is_next)
        seen.add(is_next)
    if len(seen) < 2:
        raise CheckFailed(f"is_next was {seen.pop()} in each of 40 calls")


@CHECK("a fair coin for each pair", points=2)
def _(student: Any, draw: Draw) -> None:
    """Two tests: Binomial(800, 0.5) are next, of 400 pairs of calls Binomial(400, 0.25) both."""
    documents = corpus(draw, 2, 2)
    found = [is_next for *_, is_next in throws(student, documents, 0, 0, 800, generator(draw))]
    if unlikely(sum(found), 800, 0.5):
        raise CheckFailed(
            f"expected is_next in about half of the calls, got {sum(found) / 800:.0%}"
        )
    both = sum(one and two for one, two in zip(found[::2], found[1::2], strict=True))
    if unlikely(both, 400, 0.25):
        raise CheckFailed(
            "whether a pair is real depends on the call before: throw a coin each time"
        )


@CHECK("other sentences come from another document", points=1)
def _(student: Any, draw: Draw) -> None:
    """No test. In 60 calls no random pair: 0.5^60."""
    documents = corpus(draw, 2, 16, 3)
    elsewhere = others(documents, 1)
    pairs = throws(student, documents, 1, 6, 60, generator(draw))
    random = [b for _, b, is_next in pairs if not is_next]
    if not random:
        raise CheckFailed("is_next was True in each of 60 calls")
    if any(b not in elsewhere for b in random):
        raise CheckFailed("is_next is False, but b is no sentence of another document")


@CHECK("every sentence of the other documents is equally likely")
def _(student: Any, draw: Draw) -> None:
    """Eight tests: each of 8 sentences comes Binomial(random pairs, 1/8) times."""
    documents = corpus(draw, 1, 2, 7)
    pairs = throws(student, documents, 1, 1, 240, generator(draw))
    found = [b for _, b, is_next in pairs if not is_next]
    counts = Counter(tuple(b) for b in found)
    for sentence in others(documents, 1):
        if not found or unlikely(counts[tuple(sentence)], len(found), 1 / 8):
            raise CheckFailed(
                "some sentences of the other documents come up too often or too seldom: all of "
                "them are equally likely, in long and in short documents"
            )


@CHECK("after the last sentence of a document b is always another one's")
def _(student: Any, draw: Draw) -> None:
    """No test: exact."""
    documents = corpus(draw, 3, 1, 4)
    state = generator(draw)
    for d in (0, 1, 2):
        last = len(documents[d]) - 1
        elsewhere = others(documents, d)
        for a, b, is_next in throws(student, documents, d, last, 12, state):
            if is_next:
                raise CheckFailed("is_next is True, but no sentence follows the last one")
            if a != documents[d][last] or b not in elsewhere:
                raise CheckFailed("the last sentence is not paired with one of another document")


@CHECK("documents are left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    """No test. In 30 calls only real pairs: 0.5^30 = 1e-9."""
    documents = corpus(draw, 3, 2, 4)
    now, state, seen = deepcopy(documents), generator(draw), set()
    for _ in range(30):
        a, b, is_next = pair(student(now, 0, 1, generator=state))
        if a != documents[0][1] or b not in documents[0] + others(documents, 0):
            raise CheckFailed("a and b are not sentences of the documents")
        if now != documents:
            raise CheckFailed("the documents were changed by the call: work on copies of lists")
        seen.add(is_next)
    if len(seen) < 2:
        raise CheckFailed(f"is_next was {seen.pop()} in each of 30 calls")


@CHECK("the generator given is the one used, and used on")
def _(student: Any, draw: Draw) -> None:
    """No test. Two runs of 24 pairs are equal with (0.5² + 0.5² / 9)^24 = 5e-14."""
    documents = corpus(draw, 4, 5, 4)
    seed = draw.integer(0, 2**31)

    def run(state: torch.Generator) -> Sequence[object]:
        return throws(student, documents, 0, 1, 24, state)

    state = torch.Generator(device="cpu").manual_seed(seed)
    first, second = run(state), run(state)
    if len({str(one) for one in first}) == 1:
        raise CheckFailed("all calls with one generator gave the same pair: it was reset in each")
    if run(torch.Generator(device="cpu").manual_seed(seed)) != first:
        raise CheckFailed("generators in the same state gave different results: draw from it alone")
    if first in (second, run(generator(draw))):
        raise CheckFailed("generators in different states gave the same results")
    if run_without(student, documents) == run_without(student, documents):
        raise CheckFailed("two runs without a generator gave the same pairs")


def run_without(student: Any, documents: Documents) -> Sequence[object]:
    """Pairs without a generator."""
    return throws(student, documents, 0, 1, 24, None)
