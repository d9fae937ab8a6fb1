"""Checks of `mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator, rate)`.

The exact tests are those of `chance`: a check that makes k of them fails a right function, one
whose positions are chosen and corrupted independently, with k × 5e-8 at most: never more than
6e-7. Each check's docstring counts its own. What is not said to be tested there fails a right
function with less than 1e-20. Tests are made given what was drawn before (shares among the chosen,
given the labels), so that a wrong rate does not show in the shares. Long for its many checks, each
short.

A function that chooses exactly 15% of each row, or of the batch, loses the check of independence
and no other: its shares are right, but in a row of 20 tokens it always asks for 3, and whether the
last token is chosen can be told from the others. BERT's own code does so to save memory; the task
says "each independently", as the slide and today's libraries do.

Left out: rates outside [0, 1], vocabularies of special ids alone. Proved by: `autograder validate`.
"""

from typing import Any

import torch

from assignments.a5_masked_lm.checks.chance import unlikely
from assignments.a5_masked_lm.checks.independence import independent
from assignments.a5_masked_lm.checks.masking import (
    IGNORED,
    Masked,
    generator,
    mask,
    result,
    vocabulary,
)
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed, Rubric

MASK_TOKENS = Rubric("a5_masked_lm", "mask_tokens", random=True)

RATE = 0.15
LARGE = (128, 512)
"""A batch in which 14% and 16% differ from 15% by 7 standard deviations."""


def _some_chosen(found: Masked) -> None:
    """Fail where nothing, or everything, is labelled: no right function does that here."""
    if not bool(found.chosen.any()):
        raise CheckFailed("labels: nothing is chosen, every label is -100")
    if bool(found.chosen.all()):
        raise CheckFailed("labels: every position has a label; only chosen ones get one")


@MASK_TOKENS.check("labels: the original ids where chosen, -100 elsewhere", points=2)
def _(student: Any, draw: Draw) -> None:
    """No test: exact. Nothing chosen of 1,024: 0.85^1024."""
    words = vocabulary(draw, 40, 4)
    for b, n in ((16, 64), (1, 1024), (64, 16)):
        ids = words.text(draw, b, n)
        found = mask(student, draw, words, ids)
        _some_chosen(found)
        if not bool((found.labels == IGNORED).any()):
            raise CheckFailed("labels: expected -100 where nothing is to be predicted")
        if bool((found.corrupted != ids)[~found.chosen].any()):
            raise CheckFailed("corrupted: ids have changed at positions whose label is -100")
        if bool((found.labels != ids)[found.chosen].any()):
            raise CheckFailed("labels: some are not the id that stood there before")
    again = (ids.clone(), words.mask_id, words.size, list(words.special))
    result(student(*again, generator=generator(draw)), (b, n), torch.int64)


@MASK_TOKENS.check("about 15% of the ordinary tokens are chosen", points=1.5)
def _(student: Any, draw: Draw) -> None:
    """One test: the chosen are Binomial(65536, 0.15)."""
    words = vocabulary(draw, 1000, 5)
    found = mask(student, draw, words, words.text(draw, *LARGE))
    _some_chosen(found)
    if unlikely(int(found.chosen.sum()), found.ids.numel(), RATE):
        share = float(found.chosen.double().mean())
        raise CheckFailed(f"expected about 15% of the tokens to have a label, got {share:.1%}")


@MASK_TOKENS.check("the argument `rate`", points=0.5)
def _(student: Any, draw: Draw) -> None:
    """Two tests: Binomial(8192, rate). At rates 0 and 1 there is no chance (1e-7 a draw of 0)."""
    words = vocabulary(draw, 40, 4)
    for rate in (0.4, 0.05):
        found = mask(student, draw, words, words.text(draw, 64, 128), rate=rate)
        if unlikely(int(found.chosen.sum()), found.ids.numel(), rate):
            share = float(found.chosen.double().mean())
            raise CheckFailed(f"with rate={rate:.0%} expected about that many, got {share:.1%}")


@MASK_TOKENS.check("80% of the chosen become [MASK]", points=1.5)
def _(student: Any, draw: Draw) -> None:
    """One test: given the labels, the masked are Binomial(chosen, 0.8)."""
    words = vocabulary(draw, 1000, 5)
    found = mask(student, draw, words, words.text(draw, 64, 512))
    _some_chosen(found)
    chosen, masked = int(found.chosen.sum()), int(found.masked.sum())
    if unlikely(masked, chosen, 0.8):
        share = masked / chosen
        raise CheckFailed(f"expected [MASK] at about 80% of the chosen, got {share:.1%}")


@MASK_TOKENS.check("half of the others become a random token, half stay", points=1.5)
def _(student: Any, draw: Draw) -> None:
    """One test: given labels and masks, Binomial(chosen - masked, 0.5 × 3/4) look changed.

    With four ordinary ids, a random one is the original a quarter of the time. Small batches, 4,800
    tokens in all, must not lack a fate: no change in one has 0.98875^4800 = 3e-24.
    """
    words = vocabulary(draw, 4, 3)
    found = mask(student, draw, words, words.text(draw, 64, 512), rate=0.8)
    _some_chosen(found)
    if not bool(found.masked.any()):
        raise CheckFailed("[MASK] stands at none of the chosen positions")
    others, changed = int((found.chosen & ~found.masked).sum()), int(found.other.sum())
    if unlikely(changed, others, 0.375):
        share = changed / max(others, 1)
        raise CheckFailed(
            f"of the chosen that are not [MASK], {share:.1%} have another id than before; with 4 "
            f"ordinary ids in the vocabulary it should be about half of 3 in 4 (a random token may "
            f"be the original by chance)"
        )
    small = [mask(student, draw, words, words.text(draw, 4, 120)) for _ in range(10)]
    if not any(bool(x.other.any()) for x in small):
        raise CheckFailed("no token becomes a random one in small batches")
    if not any(bool((x.chosen & ~x.masked & ~x.other).any()) for x in small):
        raise CheckFailed("no chosen token stays in small batches")


@MASK_TOKENS.check("random tokens: each ordinary id equally likely, no special one", points=1.5)
def _(student: Any, draw: Draw) -> None:
    """Six tests: given where ids changed, each other id is Binomial(those, 1/5)."""
    words = vocabulary(draw, 6, 4)
    found = mask(student, draw, words, words.text(draw, 32, 512), rate=0.8)
    _some_chosen(found)
    now = found.corrupted[found.other]
    if not now.numel():
        raise CheckFailed("no chosen token became a random one")
    if not bool(((now >= 0) & (now < words.size)).all()):
        raise CheckFailed("some random tokens are no id of the vocabulary (0 … vocab_size - 1)")
    if not bool(torch.isin(now, words.ordinary).all()):
        raise CheckFailed("some tokens were replaced by a special one that is not [MASK]")
    before = found.ids[found.other]
    for ordinary in words.ordinary.tolist():
        possible = now[before != ordinary]
        if unlikely(int((possible == ordinary).sum()), len(possible), 1 / 5):
            raise CheckFailed("some ordinary ids come up too often or too seldom as random tokens")


@MASK_TOKENS.check("every position decides for itself", points=2)
def _(student: Any, draw: Draw) -> None:
    """Eleven tests of `independence`, and one smaller than any of them.

    Eight texts of n tokens, n about 512: within 1 of 15% of n lie two numbers, each with 5% at
    most, so all eight counts lie there with 0.1^8 = 1e-8.
    """
    words = vocabulary(draw, 1000, 5)
    found = mask(student, draw, words, words.text(draw, *LARGE))
    _some_chosen(found)
    independent(found)
    misses = []
    for n in (243, 247, 251, 257, 263, 267, 271, 277):
        count = int(mask(student, draw, words, words.text(draw, 2, n)).chosen.sum())
        misses.append(abs(count - RATE * 2 * n))
    if max(misses) < 1:
        raise CheckFailed(
            "the number of chosen positions is always 15% of all: the rate is a probability for "
            "each position, not a number to be reached"
        )


@MASK_TOKENS.check("special tokens, padding among them, are never chosen")
def _(student: Any, draw: Draw) -> None:
    """No test: exact. Nothing chosen among 4,000: 0.85^4000."""
    words = vocabulary(draw, 40, 5)
    ids = words.padded(draw, 64, 128)
    found = mask(student, draw, words, ids)
    special = torch.isin(ids, torch.tensor(words.special, device="cpu"))
    if not bool(found.chosen[~special].any()):
        raise CheckFailed("labels: nothing is chosen among the ordinary tokens")
    if bool(found.chosen[special].any()):
        raise CheckFailed("labels: special tokens are chosen too (any of special_ids, any place)")
    if bool((found.corrupted != ids)[special].any()):
        raise CheckFailed("corrupted: special tokens have changed")


@MASK_TOKENS.check("a random token is never [MASK], whether it is listed or not", points=0.5)
def _(student: Any, draw: Draw) -> None:
    """One test: given the labels, Binomial(chosen, 0.8) are [MASK]; of two ids more would show."""
    words = vocabulary(draw, 2, 3)
    listed = [i for i in words.special if i != words.mask_id]
    found = mask(student, draw, words, words.text(draw, 64, 512), special_ids=listed, rate=0.8)
    chosen, masked = int(found.chosen.sum()), int(found.masked.sum())
    if not chosen or not bool(found.other.any()) or unlikely(masked, chosen, 0.8):
        raise CheckFailed(
            "[MASK] comes up too often or too seldom (a random token is never [MASK])"
        )


@MASK_TOKENS.check("the generator given is the one used, and used on")
def _(student: Any, draw: Draw) -> None:
    """No test: two independent results of 2,048 positions are equal with less than 1e-90."""
    words = vocabulary(draw, 40, 4)
    ids = words.text(draw, 32, 64)
    seed = draw.integer(0, 2**31)
    state = torch.Generator(device="cpu").manual_seed(seed)
    same = torch.Generator(device="cpu").manual_seed(seed)
    first = mask(student, draw, words, ids, generator=state)
    again = mask(student, draw, words, ids, generator=same)
    second = mask(student, draw, words, ids, generator=state)
    other = mask(student, draw, words, ids, generator=generator(draw))
    _some_chosen(first)
    alike = torch.equal(first.corrupted, again.corrupted), torch.equal(first.labels, again.labels)
    if not all(alike):
        raise CheckFailed("generators in the same state gave different results: draw from it alone")
    if torch.equal(first.chosen, other.chosen):
        raise CheckFailed("generators in different states gave the same result")
    if torch.equal(first.chosen, second.chosen):
        raise CheckFailed("a second call with the same generator repeated the first: it was reset")


@MASK_TOKENS.check("without a generator, every call draws anew", points=0.5)
def _(student: Any, draw: Draw) -> None:
    """No test: as with a generator."""
    words = vocabulary(draw, 40, 4)
    ids = words.text(draw, 32, 64)
    first, second = (mask(student, draw, words, ids, generator=None) for _ in range(2))
    _some_chosen(first)
    if torch.equal(first.chosen, second.chosen):
        raise CheckFailed("two calls without a generator chose the same positions")


@MASK_TOKENS.check("input_ids are left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    """No test: exact."""
    words = vocabulary(draw, 40, 4)
    ids = words.padded(draw, 8, 64)
    now = ids.clone()
    value = student(now, words.mask_id, words.size, list(words.special), generator=generator(draw))
    corrupted, labels = result(value, (8, 64), None)
    _some_chosen(Masked(words, ids, corrupted.to(torch.int64), labels.to(torch.int64)))
    expect.unchanged(now, ids, what="input_ids")
