"""span_corruption.py: the slide's example, every placing counted, and the inverse.

A statistical test here rejects right code with probability 1e-6 at most, if its seed were drawn
anew; the seeds are fixed. Each stands beside a wrong distribution that the same numbers reject.
"""

import math
from collections import Counter
from itertools import product

import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy import stats

from reference.span_corruption import corrupt, random_spans, restore, sentinel_ids

SIZE = 1e-6  # of each statistical test
XYZ = ["<X>", "<Y>", "<Z>"]


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_the_slides_example():
    words = "Thank you for inviting me to your party last week.".split()
    inputs, targets = corrupt(words, [(2, 4), (8, 9)], XYZ)
    assert " ".join(inputs) == "Thank you <X> me to your party <Y> week."
    assert " ".join(targets) == "<X> for inviting <Y> last <Z>"


@pytest.mark.parametrize(
    ("spans", "inputs", "targets"),
    [
        ([], [1, 2, 3, 4], [99]),
        ([(0, 1)], [99, 2, 3, 4], [99, 1, 98]),
        ([(3, 4)], [1, 2, 3, 99], [99, 4, 98]),
        ([(0, 4)], [99], [99, 1, 2, 3, 4, 98]),
        ([(0, 2), (3, 4)], [99, 3, 98], [99, 1, 2, 98, 4, 97]),
    ],
)
def test_ids_by_hand(spans, inputs, targets):
    assert corrupt([1, 2, 3, 4], spans, [99, 98, 97]) == (inputs, targets)


@pytest.mark.parametrize(
    ("n", "lost", "spans"),
    [(2, 1, 1), (3, 1, 1), (10, 2, 1), (20, 3, 1), (100, 15, 5), (512, 77, 26), (568, 85, 28)],
)
def test_how_much_is_lost(n, lost, spans):
    """T5's released code cuts 568 tokens to 511 and 113, our last sentinel not counted."""
    for seed in range(20):
        drawn = random_spans(n, seeded(seed))
        assert len(drawn) == spans
        assert sum(stop - start for start, stop in drawn) == lost
        inputs, targets = corrupt(range(n), drawn, range(1000, 1100))
        assert (len(inputs), len(targets)) == (n - lost + spans, lost + spans + 1)


@settings(max_examples=100)
@given(
    n=st.integers(2, 60),
    rate=st.floats(0.01, 0.99),
    mean_length=st.floats(1, 10),
    seed=st.integers(0, 2**31),
)
def test_spans_are_apart_and_the_inverse_restores_the_text(n, rate, mean_length, seed):
    spans = random_spans(n, seeded(seed), rate, mean_length)
    assert all(0 <= start < stop <= n for start, stop in spans)
    assert all(stop < start for (_, stop), (start, _) in zip(spans, spans[1:], strict=False))
    lost = sum(stop - start for start, stop in spans)
    assert lost == min(max(round(n * rate), 1), n - 1)
    tokens = [i % 7 for i in range(n)]  # tokens repeat
    sentinels = sentinel_ids(200)
    inputs, targets = corrupt(tokens, spans, sentinels)
    assert restore(inputs, targets, sentinels) == tokens
    assert [t for t in inputs if t >= 100] == sentinels[: len(spans)]
    assert [t for t in targets if t >= 100] == sentinels[: len(spans) + 1]
    assert len([t for t in targets if t < 100]) == lost
    if n > 2 and len(spans) > 1:
        wrong = [*targets[: targets.index(sentinels[1])], *targets[targets.index(sentinels[2]) :]]
        with pytest.raises(ValueError, match=r"each sentinel of the inputs: got none of \[198\]"):
            restore(inputs, wrong, sentinels)


def placings(n, n_lost, n_spans):
    """Every way to lose so many of n tokens in so many spans, by trying all subsets."""
    found = []
    for lost in product((False, True), repeat=n):
        starts = [i for i in range(n) if lost[i] and (i == 0 or not lost[i - 1])]
        if sum(lost) == n_lost and len(starts) == n_spans:
            found.append(lost)
    return found


def as_mask(spans, n):
    return tuple(any(start <= i < stop for start, stop in spans) for i in range(n))


@pytest.mark.parametrize(
    ("n", "rate", "mean_length", "n_lost", "n_spans"), [(7, 0.4, 1.5, 3, 2), (9, 0.5, 1.3, 4, 3)]
)
def test_all_placings_are_equally_likely(n, rate, mean_length, n_lost, n_spans):
    """By chi-squared over all of them. Wrong: those that begin with a kept token more often."""
    possible = placings(n, n_lost, n_spans)
    assert len(possible) == math.comb(n_lost - 1, n_spans - 1) * math.comb(n - n_lost + 1, n_spans)
    generator, draws = seeded(0), 200 * len(possible)
    seen = Counter(as_mask(random_spans(n, generator, rate, mean_length), n) for _ in range(draws))
    assert set(seen) == set(possible)
    counts = [seen[mask] for mask in possible]
    assert stats.chisquare(counts).pvalue > SIZE
    first_kept = [not mask[0] for mask in possible]
    expected = [draws * (1.25 if kept else 0.75) for kept in first_kept]
    scale = draws / sum(expected)
    assert stats.chisquare(counts, [e * scale for e in expected]).pvalue < SIZE


def test_lengths_of_spans_have_mean_3_and_their_exact_distribution():
    """77 tokens cut into 26 spans at distinct places: P(first is l) = C(76 - l, 24) / C(76, 25).

    Wrong: lengths drawn as geometric ones of the same mean, P(l) = (1/3) (2/3)^(l-1).
    """
    generator = seeded(1)
    draws = [random_spans(512, generator) for _ in range(3000)]
    lengths = torch.tensor([[stop - start for start, stop in spans] for spans in draws])
    assert (lengths.sum(1) == 77).all()
    assert lengths.double().mean().item() == 77 / 26  # 2.96
    exact = [math.comb(76 - length, 24) / math.comb(76, 25) for length in range(1, 12)]
    geometric = [(1 / 3) * (2 / 3) ** (length - 1) for length in range(1, 12)]
    for column in (0, 13, 25):
        seen = [int((lengths[:, column] == length).sum()) for length in range(1, 12)]
        seen.append(3000 - sum(seen))
        p = [*exact, 1 - sum(exact)]
        assert stats.chisquare(seen, [3000 * q for q in p]).pvalue > SIZE
    every = [int((lengths == length).sum()) for length in range(1, 12)]
    every.append(lengths.numel() - sum(every))
    p = [*geometric, 1 - sum(geometric)]
    assert stats.chisquare(every, [lengths.numel() * q for q in p]).pvalue < SIZE


def test_a_long_text_may_begin_and_end_with_a_lost_token():
    """26 of 436 texts of 512 do, at each end: P(no gap) = C(435, 25) / C(436, 26).

    Wrong: every place alike, 15%; and never, as at the beginning in T5's released code.
    """
    generator = seeded(2)
    drawn = [random_spans(512, generator) for _ in range(2000)]
    for at_the_end in (
        sum(spans[0][0] == 0 for spans in drawn),
        sum(spans[-1][1] == 512 for spans in drawn),
    ):
        assert stats.binomtest(at_the_end, 2000, 26 / 436).pvalue > SIZE
        assert stats.binomtest(at_the_end, 2000, 0.15).pvalue < SIZE
        assert at_the_end > 0


def test_one_seed_one_choice_and_every_call_draws_anew():
    generator = seeded(5)
    first, second = random_spans(100, generator), random_spans(100, generator)
    assert first == random_spans(100, seeded(5))
    assert first != second
    torch.manual_seed(7)
    unseeded = random_spans(100)
    assert random_spans(100) != unseeded
    torch.manual_seed(7)
    assert random_spans(100) == unseeded


@pytest.mark.parity
def test_sentinels_are_those_of_transformers_tokenizer():
    from transformers import T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581a", -1.0), ("b", -2.0)]
    sentinels = [(f"<extra_id_{i}>", 0.0) for i in reversed(range(100))]
    tokenizer = T5Tokenizer(vocab=[*pieces, *sentinels], extra_ids=100)
    names = [f"<extra_id_{i}>" for i in range(100)]
    assert tokenizer.convert_tokens_to_ids(names) == sentinel_ids(105)
    assert sentinel_ids(32_100)[0] == 32_099
    assert sentinel_ids(10, 3) == [9, 8, 7]


@pytest.mark.parametrize(
    ("n", "rate", "mean_length"), [(1, 0.15, 3.0), (9, 0.0, 3.0), (9, 1.0, 3.0), (9, 0.15, 0.5)]
)
def test_what_cannot_be_cut(n, rate, mean_length):
    message = rf"got n={n}, rate={rate}, mean_length={mean_length}; T5 has 0.15 and 3"
    with pytest.raises(ValueError, match=message):
        random_spans(n, None, rate, mean_length)


@pytest.mark.parametrize(
    "spans",
    [[(2, 2)], [(3, 2)], [(0, 2), (2, 3)], [(2, 3), (0, 1)], [(0, 3), (2, 4)], [(3, 5)], [(-1, 2)]],
    ids=str,
)
def test_spans_that_are_none(spans):
    with pytest.raises(ValueError, match=r"spans must be .* for 4 tokens; join those that touch"):
        corrupt([1, 2, 3, 4], spans, [99, 98, 97])


def test_what_else_is_wrong_is_said():
    with pytest.raises(ValueError, match=r"got 2 spans and 2 sentinels; cut the text shorter"):
        corrupt([1, 2, 3, 4], [(0, 1), (2, 3)], [99, 98])
    with pytest.raises(ValueError, match=r"not occur in the text: got \[3\] in both; choose"):
        corrupt([1, 2, 3, 4], [(0, 1)], [99, 3])
    with pytest.raises(ValueError, match=r"targets must begin with a sentinel: got 5; drop what"):
        restore([1, 99], [5, 99, 2], [99, 98])
    with pytest.raises(ValueError, match=r"n_sentinels=5 and vocab_size=4; T5 has 100"):
        sentinel_ids(4, 5)
