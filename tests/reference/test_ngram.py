"""ngram.py against nltk's models on every context, by what must hold, and by hand."""

import math
import random
from collections import Counter
from fractions import Fraction
from functools import partial
from itertools import product

import nltk.lm
import pytest
import torch
from hypothesis import given, settings, strategies as st

from reference import ngram as module
from reference.language_model import perplexity
from reference.ngram import (
    START,
    AddK,
    KneserNey,
    MaximumLikelihood,
    count_ngrams,
    count_preceding,
    estimate_discount,
)

# Sums and quotients of at most 100 counts, in another order. Seen: 1 eps.
EXACT = 16 * torch.finfo(torch.float64).eps
assert_close = partial(torch.testing.assert_close, rtol=0, atol=EXACT)

V = 5
sequences = st.lists(st.lists(st.integers(0, V - 1), max_size=12), min_size=1, max_size=5).filter(
    any
)
orders = st.integers(1, 4)
MODELS = {
    "maximum likelihood": MaximumLikelihood,
    "add 1": AddK,
    "add 0.01": partial(AddK, k=0.01),
    "Kneser-Ney": KneserNey,
    "Kneser-Ney, fixed": lambda s, vocab_size, n: KneserNey(
        s, vocab_size=vocab_size, n=n, discounts=[0.75] * n
    ),
}


@pytest.mark.parametrize("kind", MODELS)
@settings(max_examples=40)
@given(sequences=sequences, n=orders, more=st.integers(0, 3))
def test_probabilities_sum_to_one_for_every_context(kind, sequences, n, more):
    """Contexts seen or not, short ones at a text's start, and long ones, cut to n - 1 tokens."""
    model = MODELS[kind](sequences, vocab_size=V + more, n=n)
    draw = random.Random(0)
    contexts = [[], *([i] for i in range(V + more))]
    contexts += [draw.choices(range(V + more), k=draw.randrange(6)) for _ in range(20)]
    for context in contexts:
        probs = model.next_token_probs(context)
        assert probs.shape == (V + more,)
        assert (probs >= 0).all()
        assert probs.sum().item() == pytest.approx(1, abs=EXACT)


def theirs(kind, sequences, n, *options):
    """A model of theirs, given our n-grams: padded before a text, none that ends in padding."""
    ngrams = []
    for sequence in sequences:
        for order in range(1, n + 1):
            padded = [str(START)] * (order - 1) + [str(w) for w in sequence]
            ngrams += [tuple(padded[i : i + order]) for i in range(len(sequence))]
    model = kind(*options, order=n, vocabulary=Vocabulary())
    model.fit([ngrams])
    return model


class Vocabulary(nltk.lm.Vocabulary):
    """Exactly our tokens: theirs adds one for unknown words, and replaces START by it."""

    def __init__(self):
        super().__init__(map(str, range(V)), unk_cutoff=1)

    def __len__(self):
        return V

    def lookup(self, words):
        return words if isinstance(words, str) else tuple(words)


def scores(model, context):
    words = [str(w) for w in context]
    return torch.tensor([model.score(str(w), words) for w in range(V)], dtype=torch.float64)


def contexts_of(sequences, n):
    """Every context of n - 1 tokens that the sequences hold, starts too; as our models know it."""
    return [context for context in count_ngrams(sequences, n)]


CORPUS = [[0, 1, 2, 3, 0, 4], [0, 1, 2, 0, 1, 3], [2, 0, 1], [4, 4, 4, 0, 1, 2], [3]]


@pytest.mark.parity
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_maximum_likelihood_and_add_k_are_nltks(n):
    ml = MaximumLikelihood(CORPUS, vocab_size=V, n=n)
    their_ml = theirs(nltk.lm.MLE, CORPUS, n)
    for context in contexts_of(CORPUS, n):
        assert_close(ml.probs(context), scores(their_ml, context))
    for k in (1.0, 0.3):
        add_k = AddK(CORPUS, vocab_size=V, n=n, k=k)
        their_add_k = theirs(partial(nltk.lm.Lidstone, k), CORPUS, n)
        for context in product(range(V), repeat=n - 1):  # unseen ones too
            assert_close(add_k.probs(context), scores(their_add_k, context))


@pytest.mark.parity
@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("discount", [0.1, 0.75])
def test_kneser_ney_is_nltks(n, discount, assert_far):
    """Theirs has one discount for all orders but the lowest, and none there: no 1 / V."""
    ours = KneserNey(CORPUS, vocab_size=V, n=n, discounts=[0.0, *[discount] * (n - 1)])
    their = theirs(partial(nltk.lm.KneserNeyInterpolated, discount=discount), CORPUS, n)
    for context in [*contexts_of(CORPUS, n), *product(range(V), repeat=n - 1)]:
        assert_close(ours.probs(context), scores(their, context))
    other = KneserNey(CORPUS, vocab_size=V, n=n)
    worst = max(contexts_of(CORPUS, n), key=lambda c: (other.probs(c) - ours.probs(c)).abs().max())
    assert_far(other.probs(worst), scores(their, worst), atol=EXACT)


WRONG = {
    "occurrences instead of contexts": lambda table: count_ngrams(CORPUS, len(next(iter(table)))),
    "each context once for each occurrence": lambda table: _summed(table),
}


def _summed(table):
    shorter = {}
    for context, tokens in table.items():
        shorter.setdefault(context[1:], Counter()).update(tokens)
    return shorter


@pytest.mark.parity
@pytest.mark.parametrize("change", WRONG)
def test_wrong_counts_are_told_apart(change, assert_far, monkeypatch):
    monkeypatch.setattr(module, "count_preceding", WRONG[change])
    ours = KneserNey(CORPUS, vocab_size=V, n=2, discounts=[0.0, 0.75])
    their = theirs(partial(nltk.lm.KneserNeyInterpolated, discount=0.75), CORPUS, 2)
    assert_far(ours.probs((0,)), scores(their, (0,)), atol=EXACT)


@settings(max_examples=60)
@given(sequences=sequences, discount=st.floats(0, 1))
def test_kneser_ney_keeps_the_frequency_of_every_token(sequences, discount):
    """Kneser and Ney's condition: sum over h of c(h) p(w | h) is c(w), if D is 0 at the end."""
    model = KneserNey(sequences, vocab_size=V, n=2, discounts=[0.0, discount])
    total = torch.zeros(V, dtype=torch.float64)
    for context, tokens in count_ngrams(sequences, 2).items():
        total += tokens.total() * model.probs(context)
    frequency = Counter(w for sequence in sequences for w in sequence)
    expected = torch.tensor([frequency[w] for w in range(V)], dtype=torch.float64)
    torch.testing.assert_close(total, expected, rtol=0, atol=100 * EXACT)


def test_without_discounts_kneser_ney_is_maximum_likelihood():
    ours = KneserNey(CORPUS, vocab_size=V, n=3, discounts=[0.0, 0.0, 0.0])
    expected = MaximumLikelihood(CORPUS, vocab_size=V, n=3)
    for context in contexts_of(CORPUS, 3):
        assert_close(ours.probs(context), expected.probs(context))


def doubles(values):
    return torch.tensor([float(value) for value in values], dtype=torch.float64)


def test_kneser_ney_by_hand():
    """The docstring's two sentences, of 6 tokens and one never seen, in fractions.

    Bigrams: four once, four twice, so D = 4 / 12. Before 0 stand two tokens (a start is one),
    before 2 two, before 1, 3, 4, 5 one: 8 in all, and D = 4 / (4 + 2 * 2) there.
    """
    model = KneserNey([[0, 1, 2, 3, 0, 4], [0, 5, 2, 3, 0, 4]], vocab_size=7, n=2)
    assert model.discounts == [1 / 2, pytest.approx(1 / 3)]
    preceding = [2, 1, 2, 1, 1, 1, 0]
    half, third = Fraction(1, 2), Fraction(1, 3)
    base = [(max(n - half, 0) + half * 6 * Fraction(1, 7)) / 8 for n in preceding]
    after_0 = [0, 1, 0, 0, 2, 1, 0]
    expected = [(max(n - third, 0) + third * 3 * p) / 4 for n, p in zip(after_0, base, strict=True)]
    assert sum(expected) == 1
    assert_close(model.next_token_probs([0]), doubles(expected))
    assert_close(model.next_token_probs([6]), doubles(base))


def test_a_frequent_token_that_follows_one_token_only_is_unlikely_elsewhere():
    """York: token 1, always after 0. Token 2 is rarer, and follows many."""
    sequences = [[0, 1]] * 9 + [[3, 2], [4, 2], [5, 2]]
    model = KneserNey(sequences, vocab_size=7, n=2, discounts=[0.5, 0.5])
    elsewhere = model.next_token_probs([6])
    assert elsewhere[2] > 2 * elsewhere[1]
    assert MaximumLikelihood(sequences, vocab_size=7, n=1).next_token_probs([])[1] > 0.3
    assert model.next_token_probs([0])[1] > 0.9


def test_counts_by_hand():
    assert count_ngrams([[7, 7, 8], [], [7]], 2) == {(START,): {7: 2}, (7,): {7: 1, 8: 1}}
    assert count_ngrams([[7, 8]], 1) == {(): {7: 1, 8: 1}}
    assert count_ngrams([[7, 8]], 3) == {(START, START): {7: 1}, (START, 7): {8: 1}}
    table = {(1, 2): Counter({3: 5, 4: 1}), (9, 2): Counter({3: 1}), (1, 3): Counter({4: 2})}
    assert count_preceding(table) == {(2,): {3: 2, 4: 1}, (3,): {4: 1}}
    assert estimate_discount(table) == 2 / (2 + 2 * 1)
    assert estimate_discount({(): Counter({1: 3})}) == 0
    assert estimate_discount({(): Counter({1: 2, 2: 2})}) == 0


def test_maximum_likelihood_by_hand():
    """A context that was never seen is shortened; a text's first token has its own counts."""
    model = MaximumLikelihood([[0, 1, 0, 2], [1]], vocab_size=4, n=3)
    expected = {(): [0.5, 0.5, 0, 0], (0,): [0, 1, 0, 0], (0, 1): [1, 0, 0, 0]}
    expected |= {(3, 0): [0, 0.5, 0.5, 0], (3, 3): [0.4, 0.4, 0.2, 0], (2, 2): [0.4, 0.4, 0.2, 0]}
    for context, probs in expected.items():
        assert_close(model.next_token_probs(context), torch.tensor(probs, dtype=torch.float64))
    assert model.log_prob([0, 1, 0, 2]) == pytest.approx(math.log(0.5))
    assert model.log_prob([3]) == -math.inf


def test_no_distribution_gives_the_training_text_more_than_maximum_likelihood():
    best = MaximumLikelihood(CORPUS, vocab_size=V, n=2)
    likelihood = sum(map(best.log_prob, CORPUS))
    for kind in list(MODELS)[1:]:
        assert sum(map(MODELS[kind](CORPUS, vocab_size=V, n=2).log_prob, CORPUS)) < likelihood


def test_on_held_out_prose_kneser_ney_is_the_best_and_longer_contexts_help():
    from reference.corpus import python_documentation, split

    train, held_out = split(python_documentation())
    letters = {c: i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz ", 1)}
    encode = lambda texts: [[letters.get(c, 0) for c in " ".join(t).lower()] for t in texts]  # noqa: E731
    some, rest = encode(train[:40]), [t[:300] for t in encode(held_out[:5])]
    found = {
        (kind, n): perplexity(MODELS[kind](some, vocab_size=28, n=n), rest)
        for kind in ("add 1", "Kneser-Ney")
        for n in (1, 2, 4)
    }
    kneser_ney = [found["Kneser-Ney", n] for n in (1, 2, 4)]
    assert kneser_ney == sorted(kneser_ney, reverse=True)
    assert kneser_ney[2] < 0.8 * kneser_ney[1] < 0.8 * 16
    assert all(found["Kneser-Ney", n] <= found["add 1", n] for n in (2, 4))


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="n must be 1 or more: got 0; 1 is a model without"):
        AddK([[1]], vocab_size=2, n=0)
    with pytest.raises(ValueError, match="one token at least: got 1 sequences, all empty; pass"):
        KneserNey([[]], vocab_size=2, n=2)
    with pytest.raises(ValueError, match=r"between 0 and 1: got \[2\]; encode the text"):
        AddK([[1], [0, 2]], vocab_size=2, n=2)
    with pytest.raises(ValueError, match=r"between 0 and 1: got \[-1\]; encode the text"):
        AddK([[1]], vocab_size=2, n=2).next_token_probs([-1])
    for k in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=f"k must be positive: got {k}; MaximumLikelihood"):
            AddK([[1]], vocab_size=2, n=2, k=k)
    for discounts in ([0.5], [0.5, 1.5], [-0.1, 0.5], [0.5, math.nan]):
        with pytest.raises(ValueError, match=r"n=2 numbers from 0 to 1, .*: got \[.*; leave them"):
            KneserNey([[1]], vocab_size=2, n=2, discounts=discounts)
