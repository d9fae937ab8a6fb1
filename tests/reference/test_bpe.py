"""bpe.py against the tokenizers library, by its properties, and by hand."""

import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st
from tokenizers import Tokenizer, models, trainers

from reference import bpe as module
from reference.bpe import BPE, count_pairs, most_frequent, replace, train_by_recounting

SLIDE = "the mouse ate the cheese"

# Few letters, so that there are ties, runs and overlaps; some spaces and letters outside ASCII.
texts = st.text("aab é大", max_size=20)
corpora = st.lists(texts.filter(bool), min_size=1, max_size=6)
sizes = st.integers(6, 40)


def theirs(corpus, vocab_size, start=()):
    """Their tokenizer, trained on whole texts: without a pre-tokenizer, nothing is cut before."""
    tokenizer = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=list(start), show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def learned(tokenizer):
    """The vocabulary and the merges that a tokenizer of theirs has learned."""
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return vocabulary, [tuple(pair) for pair in model["merges"]]


@pytest.mark.parity
@settings(max_examples=300)
@given(corpus=corpora, vocab_size=sizes, new=texts)
def test_vocabulary_merges_and_tokens_are_theirs(corpus, vocab_size, new):
    ours, expected = train_by_recounting(corpus, vocab_size), theirs(corpus, vocab_size)
    assert (ours.vocabulary, ours.merges) == learned(expected)
    new = "".join(c for c in new if c in ours.index)
    for text in (new, *corpus):
        assert ours.tokenize(text) == expected.encode(text).tokens
        assert ours.encode(text) == expected.encode(text).ids


TIES = ["abab baba", "cd cd dc dc", "aaaa abba"]


def later_in_the_vocabulary(counts, index):
    return min(counts, key=lambda pair: (-counts[pair], -index[pair[0]], -index[pair[1]]))


def seen_first(counts, index):
    return counts.most_common(1)[0][0]


def by_spelling(counts, index):
    return min(counts, key=lambda pair: (-counts[pair], pair))


def by_the_right_symbol(counts, index):
    return min(counts, key=lambda pair: (-counts[pair], index[pair[1]], index[pair[0]]))


@pytest.mark.parity
@pytest.mark.parametrize(
    "rule", [later_in_the_vocabulary, seen_first, by_spelling, by_the_right_symbol]
)
def test_another_tie_rule_gives_other_merges(rule, monkeypatch):
    expected = learned(theirs(TIES, 30))[1]
    assert train_by_recounting(TIES, 30).merges == expected
    monkeypatch.setattr(module, "most_frequent", rule)
    assert train_by_recounting(TIES, 30).merges != expected


@pytest.mark.parity
def test_replacing_from_the_right_gives_other_tokens(monkeypatch):
    def from_the_right(symbols, pair):
        return replace([*reversed(symbols)], (pair[1], pair[0]))[::-1]

    corpus = ["aaab", "aaa", "ab"]
    expected = theirs(corpus, 5).encode("aaab").tokens
    assert train_by_recounting(corpus, 5).tokenize("aaab") == expected
    monkeypatch.setattr(module, "replace", from_the_right)
    assert train_by_recounting(corpus, 5).tokenize("aaab") != expected


@settings(max_examples=100)
@given(corpus=corpora, vocab_size=sizes)
def test_each_merge_joins_a_most_frequent_pair_of_what_those_before_it_left(corpus, vocab_size):
    pieces = [list(text) for text in corpus]
    for left, right in train_by_recounting(corpus, vocab_size).merges:
        counts = Counter(pair for symbols in pieces for pair in pairwise(symbols))
        assert counts[left, right] == max(counts.values())
        # Spaces around every symbol (the letters have none of these) let str.replace join.
        joined = ["\0".join(["", *symbols, ""]) for symbols in pieces]
        pieces = []
        for text in joined:
            while f"\0{left}\0{right}\0" in text:
                text = text.replace(f"\0{left}\0{right}\0", f"\0{left + right}\0", 1)
            pieces.append(text.strip("\0").split("\0") if text.strip("\0") else [])


@settings(max_examples=100)
@given(corpus=corpora, vocab_size=sizes, new=texts)
def test_the_earliest_merge_at_hand_is_the_same_as_all_merges_in_order(corpus, vocab_size, new):
    bpe = train_by_recounting(corpus, vocab_size)
    for text in (new, *corpus):
        symbols = list(text)
        for pair in bpe.merges:
            symbols = replace(symbols, pair)
        assert bpe.join(text) == symbols
        assert "".join(symbols) == text


def test_the_slides_sentence_by_hand():
    """Spaces take part. 'e ' stands four times; then 'at', 'he ', 'th' twice each, and h < t."""
    bpe = train_by_recounting([SLIDE], 13)
    assert "".join(bpe.vocabulary[:10]) == " acehmostu"
    assert bpe.merges == [("e", " "), ("h", "e "), ("t", "he ")]
    tokens = ["the ", *"mous", "e ", "a", "t", "e ", "the ", *"cheese"]
    assert bpe.tokenize(SLIDE) == tokens
    assert bpe.decode(bpe.encode(SLIDE)) == SLIDE


def test_pairs_and_joins_by_hand():
    assert count_pairs(["aaa", "ab", "b", ""]) == {("a", "a"): 2, ("a", "b"): 1}
    assert replace("aaaaa", ("a", "a")) == ["aa", "aa", "a"]
    assert replace("abab", ("a", "b")) == ["ab", "ab"]
    assert replace(["ab", "a", "b", "aa"], ("a", "b")) == ["ab", "ab", "aa"]
    assert replace("", ("a", "b")) == []
    assert most_frequent({("b", "a"): 2, ("a", "b"): 2, ("a", "a"): 1}, {"a": 0, "b": 1}) == (
        "a",
        "b",
    )


def test_it_stops_at_the_size_asked_for_or_when_all_texts_are_one_token():
    assert train_by_recounting(["abc", "abc"], 4).vocabulary == ["a", "b", "c", "ab"]
    assert train_by_recounting(["abc", "abc"], 99).vocabulary[3:] == ["ab", "abc"]
    assert train_by_recounting(["abc"], 3).merges == []
    assert train_by_recounting([], 5, start=["x"]).vocabulary == ["x"]


@pytest.mark.parity
def test_first_entries_come_first():
    ours = train_by_recounting(["abab"], 7, start=["<pad>", "z"])
    assert ours.vocabulary == ["<pad>", "z", "a", "b", "ab", "abab"]
    assert (ours.vocabulary, ours.merges) == learned(theirs(["abab"], 7, ["<pad>", "z"]))


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="got vocab_size=2, 3 needed; enlarge it, or drop rare"):
        train_by_recounting(["abc"], 2)
    bpe = train_by_recounting(["abc"], 5)
    with pytest.raises(ValueError, match=r"got \['d', 'é'\] too; train on text that holds them"):
        bpe.tokenize("adéa")
    for strange in (-1, 5):
        with pytest.raises(ValueError, match=rf"between 0 and 4: got \[{strange}\]; decode with"):
            bpe.decode([0, strange])


@pytest.mark.parametrize(
    ("vocabulary", "merges"),
    [
        (["a", "b", "ab", "aab"], [("a", "ab"), ("a", "b")]),  # a part that is made later
        (["a", "b", "c", "ab", "bc", "abc"], [("a", "b"), ("b", "c"), ("ab", "c"), ("a", "bc")]),
        (["a", "b"], [("a", "b")]),  # a token without an id
        (["a", "b", "ab"], [("a", "c")]),
    ],
)
def test_merges_of_no_training_are_refused(vocabulary, merges):
    with pytest.raises(ValueError, match=r"each merge must join two tokens made before .*: got \("):
        BPE(vocabulary, merges)


def test_a_vocabulary_with_copies_is_refused():
    with pytest.raises(ValueError, match=r"each token once: got \['a'\] more than once; drop"):
        BPE(["a", "b", "a"], [])
