"""bpe_training.py against the tokenizers library and the slide's loop."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from reference.bpe import train_by_recounting
from reference.bpe_training import train_bpe

# One to four letters: the fewer, the more ties, runs and overlaps.
words = st.integers(1, 4).flatmap(lambda k: st.text("abcd"[:k], min_size=1, max_size=14))
counted = st.dictionaries(words, st.integers(1, 9), min_size=1, max_size=9)
sizes = st.integers(5, 60)


def theirs(texts, vocab_size, pre_tokenizer):
    """What their trainer learns: the vocabulary, and the merges in order."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return vocabulary, [tuple(pair) for pair in model["merges"]]


@pytest.mark.parity
@settings(max_examples=300)
@given(counts=counted, vocab_size=sizes)
def test_vocabulary_and_merges_are_theirs(counts, vocab_size):
    ours = train_bpe(counts, vocab_size)
    text = " ".join(word for word, n in counts.items() for _ in range(n))
    expected = theirs([text], vocab_size, pre_tokenizers.WhitespaceSplit())
    assert (ours.vocabulary, ours.merges) == expected


@settings(max_examples=300)
@given(counts=counted, vocab_size=sizes)
def test_it_learns_what_the_slides_loop_learns(counts, vocab_size):
    ours, slide = (
        train_bpe(counts, vocab_size),
        train_by_recounting([word for word, n in counts.items() for _ in range(n)], vocab_size),
    )
    assert (ours.vocabulary, ours.merges) == (slide.vocabulary, slide.merges)


@pytest.fixture(scope="module")
def prose():
    """A hundred thousand characters of real English, from the standard library."""
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name] for name in sorted(topics))[:100_000]


@pytest.mark.parity
@pytest.mark.parametrize("vocab_size", [300, 3000, 100_000])
def test_words_of_real_text(vocab_size, prose):
    expected = theirs([prose], vocab_size, pre_tokenizers.WhitespaceSplit())
    ours = train_bpe(Counter(prose.split()), vocab_size)
    assert (ours.vocabulary, ours.merges) == expected
    assert len(ours.merges) > 100


def test_one_long_text_is_joined_as_the_slides_loop_joins_it(prose):
    """A text that is cut nowhere: positions, not words, are what must be found again."""
    text = prose[:4000]
    assert train_bpe({text: 1}, 300).merges == train_by_recounting([text], 300).merges


def test_long_runs_of_one_letter():
    """2,047 letters: joins of joins, each leaving one over on the right."""
    bpe = train_bpe({"a" * 2047: 1}, 99)
    assert bpe.vocabulary[:11] == ["a" * 2**k for k in range(11)]
    assert bpe.tokenize("a" * 2047) == train_by_recounting(["a" * 2047], 99).tokenize("a" * 2047)


def test_counts_are_weights_and_may_be_huge():
    counts = {"ab": 10**15, "bc": 10**15 + 1, "abc": 1}
    assert train_bpe(counts, 4).merges == [("b", "c")]
    assert train_bpe({**counts, "abab": 1}, 4).merges == [("a", "b")]
    assert counts == {"ab": 10**15, "bc": 10**15 + 1, "abc": 1}


def test_texts_that_occur_never_and_empty_ones_teach_nothing():
    assert train_bpe({"": 3, "ab": 1}, 99).vocabulary == ["a", "b", "ab"]
    assert train_bpe({"ab": 0, "c": 1}, 99).vocabulary == ["a", "b", "c"]
    assert train_bpe({}, 99).vocabulary == []


def test_too_small_a_vocabulary():
    with pytest.raises(ValueError, match="got vocab_size=2, 3 needed; enlarge it, or drop rare"):
        train_bpe({"abc": 1}, 2)
