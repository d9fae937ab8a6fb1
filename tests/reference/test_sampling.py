"""sampling.py against transformers' processors, by drawn frequencies, limits, and by hand.

A chi-squared test rejects right code with the probability `FALSE_REJECT`, over the draws that a
seed could give; here the seeds are fixed, so that a failure is one everywhere.
"""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy import stats
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from reference.language_model import LanguageModel
from reference.ngram import MaximumLikelihood
from reference.sampling import (
    continuation,
    greedy,
    keep_top_k,
    keep_top_p,
    sample,
    with_temperature,
)

FALSE_REJECT = 1e-6
N_DRAWS = 100_000
seeds = st.integers(0, 2**31)
shapes = st.lists(st.integers(1, 3), max_size=3)


def draw_logits(seed, *shape, scale=3.0, dtype=torch.float64):
    """Normal entries, all different in each row."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale).to(dtype)


def theirs(warper, logits):
    """What their processor makes of rows of logits."""
    return warper(None, logits.reshape(-1, logits.shape[-1])).reshape(logits.shape)


equal = partial(torch.testing.assert_close, rtol=0, atol=0)


@pytest.mark.parity
@settings(max_examples=150)
@given(seed=seeds, shape=shapes, v=st.integers(1, 60), p=st.floats(0.01, 0.999), data=st.data())
def test_filters_are_transformers(seed, shape, v, p, data):
    """Bit for bit: they set entries to -inf, or divide."""
    logits = draw_logits(seed, *shape, v)
    k = data.draw(st.integers(1, v))
    equal(keep_top_k(logits, k), theirs(TopKLogitsWarper(k), logits))
    equal(keep_top_p(logits, p), theirs(TopPLogitsWarper(p), logits))
    equal(with_temperature(logits, 2 * p), theirs(TemperatureLogitsWarper(2 * p), logits))
    combined = keep_top_p(keep_top_k(with_temperature(logits, 0.7), k), p)
    expected = theirs(TemperatureLogitsWarper(0.7), logits)
    equal(combined, theirs(TopPLogitsWarper(p), theirs(TopKLogitsWarper(k), expected)))


def stops_before_p(logits, p):
    """Keeps tokens as long as their sum, with the next one, stays within p."""
    probs, order = logits.softmax(-1).sort(descending=True)
    dropped = torch.empty_like(order, dtype=torch.bool)
    dropped.scatter_(-1, order, probs.cumsum(-1) > p)
    return logits.masked_fill(dropped, -math.inf)


WRONG = {
    "too few": stops_before_p,
    "likelier than 1 - p": lambda logits, p: logits.masked_fill(
        logits.softmax(-1) < 1 - p, -math.inf
    ),
    "in the order of ids": lambda logits, p: logits.masked_fill(
        logits.softmax(-1).cumsum(-1) - logits.softmax(-1) >= p, -math.inf
    ),
    "probabilities, not logits": lambda logits, p: keep_top_p(logits, p).softmax(-1),
    "one vocabulary for the batch": lambda logits, p: keep_top_p(logits.flatten(), p).reshape(
        logits.shape
    ),
}


@pytest.mark.parity
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_nuclei_are_told_apart(wrong):
    logits = draw_logits(0, 4, 20)
    expected = theirs(TopPLogitsWarper(0.8), logits)
    equal(keep_top_p(logits, 0.8), expected)
    assert not torch.equal(WRONG[wrong](logits, 0.8), expected)


def p_value(draws, probs):
    """Of the hypothesis that these draws came from this distribution; 0 if one could not have."""
    counts = torch.bincount(draws, minlength=len(probs)).double()
    possible = probs > 0
    if counts[~possible].any():
        return 0.0
    expected = probs[possible] * len(draws)
    assert expected.min() > 5  # else the statistic does not follow its distribution
    return stats.chisquare(counts[possible], expected * len(draws) / expected.sum()).pvalue


def drawn(logits, seed):
    generator = torch.Generator().manual_seed(seed)
    return sample(logits.expand(N_DRAWS, -1), generator)


PIPELINES = {
    "as it is": lambda logits: logits,
    "temperature": partial(with_temperature, temperature=1.7),
    "k": partial(keep_top_k, k=4),
    "p": partial(keep_top_p, p=0.8),
    "all": lambda logits: keep_top_p(keep_top_k(with_temperature(logits, 0.6), 5), 0.9),
}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_tokens_come_as_often_as_their_probabilities_say(pipeline):
    logits = draw_logits(1, 8, scale=1.0)
    probs = PIPELINES[pipeline](logits).softmax(-1)
    draws = drawn(PIPELINES[pipeline](logits), seed=0)
    assert p_value(draws, probs) > FALSE_REJECT


WRONG_DRAWS = {
    "probabilities for logits": lambda logits: logits.softmax(-1),
    "greedy": lambda logits: 100 * logits,
    "uniform": torch.zeros_like,
    "temperature 1.1": lambda logits: logits / 1.1,
    "k, one too few": lambda logits: keep_top_k(logits, 7),
}


@pytest.mark.parametrize("wrong", WRONG_DRAWS)
def test_wrong_distributions_are_rejected(wrong):
    logits = draw_logits(1, 8, scale=1.0)
    draws = drawn(WRONG_DRAWS[wrong](logits), seed=0)
    assert p_value(draws, logits.softmax(-1)) < FALSE_REJECT


@settings(max_examples=40)
@given(seed=seeds, shape=shapes, v=st.integers(1, 9))
def test_rows_are_drawn_by_themselves_and_the_generator_decides(seed, shape, v):
    logits = keep_top_k(draw_logits(seed, *shape, v), 1)
    assert torch.equal(sample(logits), greedy(logits))
    logits = draw_logits(seed, *shape, v)
    first, second = (sample(logits, torch.Generator().manual_seed(seed)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == tuple(shape)


def test_the_global_seed_does_not_matter_beside_a_generator():
    logits = torch.zeros(1000)
    torch.manual_seed(0)
    first = sample(logits.expand(50, -1), torch.Generator().manual_seed(3))
    torch.manual_seed(1)
    assert torch.equal(first, sample(logits.expand(50, -1), torch.Generator().manual_seed(3)))
    assert not torch.equal(first, sample(logits.expand(50, -1), torch.Generator().manual_seed(4)))


@settings(max_examples=60)
@given(seed=seeds, v=st.integers(2, 40), p=st.floats(0.01, 0.99))
def test_the_nucleus_is_the_smallest_set_of_its_mass(seed, v, p):
    logits = draw_logits(seed, v)
    probs, kept = logits.softmax(-1), keep_top_p(logits, p) > -math.inf
    assert probs[kept].sum() >= p - 1e-12
    assert probs[kept].sum() - probs[kept].min() < p + 1e-12
    assert kept.all() or probs[kept].min() >= probs[~kept].max()


def test_limits():
    logits = draw_logits(0, 3, 9)
    equal(keep_top_k(logits, 9), logits)
    equal(keep_top_p(logits, 1.0), logits)
    for only_the_likeliest in (keep_top_k(logits, 1), keep_top_p(logits, 1e-9)):
        assert ((only_the_likeliest > -math.inf).sum(-1) == 1).all()
        assert torch.equal(only_the_likeliest.argmax(-1), greedy(logits))
    cold = with_temperature(logits, 1e-3)
    assert torch.equal(sample(cold, torch.Generator().manual_seed(0)), greedy(logits))
    hot = with_temperature(logits, 1e9).softmax(-1)
    torch.testing.assert_close(hot, torch.full_like(hot, 1 / 9), rtol=0, atol=1e-7)


def test_ties():
    """At the k-th place all stay; in a nucleus and for greedy, the lowest ids come first."""
    logits = torch.tensor([1.0, 2.0, 2.0, 1.0, 1.0]).double()
    assert keep_top_k(logits, 3).tolist() == [1, 2, 2, 1, 1]
    assert keep_top_k(logits, 2).tolist() == [-math.inf, 2, 2, -math.inf, -math.inf]
    assert keep_top_k(logits, 1).tolist() == [-math.inf, 2, 2, -math.inf, -math.inf]
    assert keep_top_p(torch.zeros(5).double(), 0.5).tolist() == [0, 0, 0, -math.inf, -math.inf]
    assert greedy(torch.stack([logits, -logits])).tolist() == [1, 0]


def test_nothing_comes_back_once_it_is_dropped():
    logits = torch.tensor([0.0, -math.inf, 1.0, -math.inf])
    assert keep_top_p(logits, 1.0).tolist() == logits.tolist()
    assert keep_top_k(logits, 3).tolist() == logits.tolist()
    assert greedy(logits) == 2
    assert set(sample(logits.expand(200, -1)).tolist()) == {0, 2}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_low_precision_keeps_the_same_nucleus(dtype):
    """Sums over 20,000 probabilities in bfloat16 would stand still far below 0.9."""
    logits = draw_logits(0, 2, 20_000, scale=1.0, dtype=dtype)
    kept = keep_top_p(logits, 0.9) > -math.inf
    expected = keep_top_p(logits.double(), 0.9) > -math.inf
    assert keep_top_p(logits, 0.9).dtype == dtype
    assert (kept != expected).sum() <= 4  # at the border: sums in float32. Seen: 0
    assert sample(logits).dtype == greedy(logits).dtype == torch.int64


class Counting(LanguageModel):
    """After i comes i + 1 with probability 0.9, else 0."""

    vocab_size = 5

    def next_token_probs(self, context):
        probs = torch.zeros(5, dtype=torch.float64)
        probs[0] = 0.1
        probs[(context[-1] + 1) % 5 if context else 1] += 0.9
        return probs


def test_generation():
    assert continuation(Counting(), [2], 6) == [3, 4, 0, 1, 2, 3]
    assert continuation(Counting(), [], 2) == [1, 2]
    assert continuation(Counting(), [1], 0) == []
    context = [2]
    drawn = continuation(Counting(), context, 200, partial(sample, generator=torch.Generator()))
    assert context == [2]
    assert {3, 4, 0, 1, 2} == set(drawn)
    again = continuation(Counting(), [2], 200, partial(sample, generator=torch.Generator()))
    assert drawn == again  # a new generator has a fixed seed
    jumps = [b for a, b in zip([2, *drawn], drawn, strict=False) if b != (a + 1) % 5]
    assert set(jumps) == {0}
    assert len(jumps) > 5


def test_sequences_come_as_often_as_the_model_says():
    """Of three tokens: 3 * 3 * 3 sequences; those of a bigram model's chain rule."""
    model = MaximumLikelihood([[0, 1, 2, 0, 0, 1], [1, 1, 2], [2, 0]], vocab_size=3, n=2)
    generator = torch.Generator().manual_seed(0)
    choose = partial(sample, generator=generator)
    draws = [continuation(model, [], 3, choose) for _ in range(2000)]
    codes = torch.tensor([9 * a + 3 * b + c for a, b, c in draws])
    sequences = [[i // 9, i // 3 % 3, i % 3] for i in range(27)]
    probs = torch.tensor([model.log_prob(s) for s in sequences], dtype=torch.float64).exp()
    assert p_value(codes, probs) > FALSE_REJECT
    assert p_value(codes, torch.full_like(probs, 1 / 27)) < FALSE_REJECT


def test_what_is_wrong_is_said():
    logits = torch.zeros(3)
    for temperature in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=f"positive: got {temperature}; the limit at 0 is"):
            with_temperature(logits, temperature)
    for k in (0, 4):
        with pytest.raises(ValueError, match=f"size: got k={k}, V=3; k=V keeps every token"):
            keep_top_k(logits, k)
    for p in (0.0, 1.1, math.nan):
        with pytest.raises(ValueError, match=f"at most 1: got {p}; p=1 keeps every token"):
            keep_top_p(logits, p)
