"""next_sentence.py: the draws by tests of stated size, the rows against two other truncations.

A statistical test here rejects right code with probability 1e-6 at most, if its seed were drawn
anew; the seeds are fixed. Each stands beside a wrong rule that as many draws reject.
"""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy import stats

from reference.next_sentence import (
    next_segment_pair,
    next_sentence_loss,
    next_sentence_pair,
    pack_pair,
)

SIZE = 1e-6  # of each statistical test


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def library(*sizes, length=1):
    """Documents with these numbers of sentences; no token occurs twice: 1000 d + 10 s + i."""
    return [
        [[1000 * d + 10 * s + i for i in range(length)] for s in range(size)]
        for d, size in enumerate(sizes)
    ]


def test_half_of_the_pairs_are_contiguous():
    documents, generator, n = library(3, 2, 4), seeded(0), 4000
    drawn = [next_sentence_pair(documents, 0, 1, generator) for _ in range(n)]
    assert all(a == [10] for a, _, _ in drawn)
    assert all((b == [20]) == is_next for _, b, is_next in drawn)
    count = sum(is_next for _, _, is_next in drawn)
    assert stats.binomtest(count, n, 0.5).pvalue > SIZE
    for wrong in (0.45, 0.55, 1):
        assert stats.binomtest(count, n, wrong).pvalue < SIZE


def test_any_sentence_of_the_other_documents_is_equally_likely():
    """Documents of 1, 3 and 8 sentences: to choose the document first would favour the short."""
    documents, generator = library(2, 1, 0, 3, 8), seeded(1)
    counts = Counter(
        b[0]
        for _, b, is_next in (next_sentence_pair(documents, 0, 0, generator) for _ in range(8000))
        if not is_next
    )
    others = [sentence[0] for text in documents[1:] for sentence in text]
    assert set(counts) == set(others)
    observed = [counts[token] for token in others]
    assert stats.chisquare(observed).pvalue > SIZE
    shares = [1 / 3] + [1 / 9] * 3 + [1 / 24] * 8
    by_document = [sum(observed) * share for share in shares]
    assert stats.chisquare(observed, by_document).pvalue < SIZE


@pytest.mark.parametrize(("document", "sentence"), [(0, 1), (1, 0)])
def test_after_the_last_sentence_comes_always_another_documents(document, sentence):
    documents, generator = library(2, 1, 3), seeded(2)
    for _ in range(50):
        a, b, is_next = next_sentence_pair(documents, document, sentence, generator)
        assert not is_next
        assert a == documents[document][sentence]
        assert b[0] // 1000 != document


def test_one_seed_one_pair_and_the_documents_are_left_alone():
    documents = library(3, 3, length=2)
    for draw in (next_sentence_pair, lambda *args: next_segment_pair(*args[:3], 4, args[3])):
        pairs = [draw(documents, 0, 0, seeded(seed)) for seed in range(20)]
        assert pairs == [draw(documents, 0, 0, seeded(seed)) for seed in range(20)]
        assert len({str(pair) for pair in pairs}) > 1
        for a, b, _ in pairs:
            a.append(-1)
            b.append(-1)
        assert documents == library(3, 3, length=2)


def test_without_a_generator_torchs_own_is_used():
    documents = library(3, 3)
    torch.manual_seed(3)
    first = [next_sentence_pair(documents, 0, 0) for _ in range(20)]
    torch.manual_seed(3)
    assert first == [next_sentence_pair(documents, 0, 0) for _ in range(20)]


@settings(max_examples=100)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    length=st.integers(1, 5),
    n_tokens=st.integers(1, 30),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
def test_segments_are_runs_of_whole_sentences(sizes, length, n_tokens, seed, data):
    documents = library(*sizes, length=length)
    document = data.draw(st.integers(0, len(sizes) - 1))
    sentence = data.draw(st.integers(0, sizes[document] - 1))
    a, b, is_next = next_segment_pair(documents, document, sentence, n_tokens, seeded(seed))

    def run(text, start, n):
        return [token for s in text[start : start + n] for token in s]

    rest = run(documents[document], sentence, 99)
    assert a
    assert b
    assert len(a) % length == len(b) % length == 0
    assert a == rest[: len(a)]
    assert is_next == ((a + b) == rest[: len(a + b)])
    home = documents[b[0] // 1000]
    start = b[0] % 1000 // 10
    assert b == run(home, start, len(b) // length)
    if not is_next:
        assert b[0] // 1000 != document
    # As many sentences as it takes to hold n_tokens, unless a document ends first.
    enough = -(-n_tokens // length)
    if is_next:
        assert len(a + b) == length * min(max(enough, 2), sizes[document] - sentence)
    else:
        wanted = max(enough - len(a) // length, 1)
        assert len(b) == length * min(wanted, len(home) - start)


def test_half_of_the_segments_are_contiguous_and_parted_anywhere():
    """Twelve tokens are four sentences: a has one, two or three, whether b follows or not."""
    documents, generator, n = library(9, 9, length=3), seeded(4), 4000
    table = torch.zeros(2, 3)
    for _ in range(n):
        a, _, is_next = next_segment_pair(documents, 0, 2, 12, generator)
        table[int(is_next), len(a) // 3 - 1] += 1
    assert stats.chisquare(table.flatten()).pvalue > SIZE
    assert stats.chisquare(table.flatten(), n * torch.tensor([3, 1, 2] * 2) / 12).pvalue < SIZE


def test_the_segments_of_a_last_sentence():
    documents = library(2, 1, length=2)
    for seed in range(20):
        assert next_segment_pair(documents, 0, 1, 8, seeded(seed)) == (
            [10, 11],
            [1000, 1001],
            False,
        )


def test_the_loss_asks_column_1_whether_it_is_next():
    """Odds of 1 : 3 for IsNext: right it costs ln 4/3, wrong ln 4."""
    logits = torch.tensor([0.0, math.log(3)], dtype=torch.float64).expand(2, 2)
    for answers, expected in (((1, 1), 4 / 3), ((0, 0), 4), ((1, 0), 4 / math.sqrt(3))):
        loss = next_sentence_loss(logits, torch.tensor(answers))
        assert loss.item() == pytest.approx(math.log(expected), rel=1e-12)


@pytest.mark.parametrize("draw", [next_sentence_pair, next_segment_pair])
@pytest.mark.parametrize(
    ("sizes", "place", "error", "message"),
    [
        ([2, 2], (2, 0), IndexError, "no document 2: got 2 documents; count from 0"),
        ([2, 2], (-1, 0), IndexError, "no document -1: got 2 documents"),
        ([2, 2], (0, 2), IndexError, "no sentence 2 in document 0: it has 2 sentences; count"),
        ([2, 2], (0, -1), IndexError, "no sentence -1 in document 0: it has 2"),
        ([2], (0, 0), ValueError, "got 1 documents, none but document 0 with a sentence; pass two"),
        ([2, 0], (0, 0), ValueError, "got 2 documents, none but document 0 with a sentence"),
    ],
)
def test_places_that_are_not_there(draw, sizes, place, error, message):
    extra = (4,) if draw is next_segment_pair else ()
    with pytest.raises(error, match=message):
        draw(library(*sizes), *place, *extra)


def packed(n_a, n_b, max_length):
    """Pack a run from 100 and a run from 200; return the row's three parts as lists."""
    a, b = range(100, 100 + n_a), range(200, 200 + n_b)
    row = pack_pair(a, b, max_length, cls_id=1, sep_id=2, pad_id=0)
    assert {(part.dtype, tuple(part.shape)) for part in row} == {(torch.int64, (max_length,))}
    return [part.tolist() for part in row]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((2, 1, 8), [[1, 100, 101, 2, 200, 2, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0], [1] * 6 + [0] * 2]),
        ((2, 1, 6), [[1, 100, 101, 2, 200, 2], [0, 0, 0, 0, 1, 1], [1] * 6]),
        ((3, 1, 6), [[1, 100, 101, 2, 200, 2], [0, 0, 0, 0, 1, 1], [1] * 6]),
        ((1, 3, 6), [[1, 100, 2, 200, 201, 2], [0, 0, 0, 1, 1, 1], [1] * 6]),
        ((2, 2, 6), [[1, 100, 101, 2, 200, 2], [0, 0, 0, 0, 1, 1], [1] * 6]),
        ((9, 9, 5), [[1, 100, 2, 200, 2], [0, 0, 0, 1, 1], [1] * 5]),
        ((0, 2, 6), [[1, 2, 200, 201, 2, 0], [0, 0, 1, 1, 1, 0], [1] * 5 + [0]]),
    ],
    ids=["padded", "full", "a is longer", "b is longer", "a tie", "the shortest row", "empty a"],
)
def test_rows_by_hand(sizes, expected):
    assert packed(*sizes) == expected


@settings(max_examples=200)
@given(n_a=st.integers(0, 40), n_b=st.integers(0, 40), max_length=st.integers(5, 50))
def test_a_row_loses_one_token_after_the_other(n_a, n_b, max_length):
    a, b = list(range(100, 100 + n_a)), list(range(200, 200 + n_b))
    while len(a) + len(b) + 3 > max_length:
        (a if len(a) > len(b) else b).pop()
    ids, types, mask = packed(n_a, n_b, max_length)
    n_pad = max_length - len(a) - len(b) - 3
    assert ids == [1, *a, 2, *b, 2, *[0] * n_pad]
    assert types == [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * n_pad
    assert mask == [1] * (len(a) + len(b) + 3) + [0] * n_pad


@pytest.mark.parity
def test_rows_equal_those_of_the_tokenizers_library():
    """All sizes to 11. Where an odd room is shared equally, theirs gives b the odd token if b was
    at least as long; BERT, and this course, give it to a."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = {f"w{i}": i for i in range(300)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="w1 $A w2", pair="w1 $A w2 $B:1 w2:1", special_tokens=[("w1", 1), ("w2", 2)]
    )

    def text(start, n):
        return " ".join(f"w{start + i}" for i in range(n))

    differ = 0
    for max_length in range(5, 20):
        tokenizer.enable_truncation(max_length, strategy="longest_first")
        tokenizer.enable_padding(length=max_length, pad_id=0)
        room = max_length - 3
        for n_a in range(12):
            for n_b in range(12):
                row = tokenizer.encode(text(100, n_a), text(200, n_b))
                theirs = [row.ids, row.type_ids, row.attention_mask]
                if room % 2 and min(n_a, n_b) > room // 2 and n_b >= n_a:
                    differ += 1
                    assert theirs == packed(room // 2, room // 2 + 1, max_length)
                    assert packed(n_a, n_b, max_length) == packed(
                        room // 2 + 1, room // 2, max_length
                    )
                else:
                    assert theirs == packed(n_a, n_b, max_length)
    assert differ > 0


@pytest.mark.parity
def test_rows_are_cut_as_transformers_cuts_them():
    """Its Python tokenizers share BERT's rule for a tie."""
    from transformers import PreTrainedTokenizer

    cut = PreTrainedTokenizer.truncate_sequences
    right = type("Side", (), {"truncation_side": "right"})()
    for n_a in range(1, 12):
        for n_b in range(1, 12):
            for room in range(2, n_a + n_b + 1):
                a, b = list(range(100, 100 + n_a)), list(range(200, 200 + n_b))
                a, b, _ = cut(right, a, b, n_a + n_b - room, "longest_first")
                assert packed(n_a, n_b, room + 3)[0] == [1, *a, 2, *b, 2]


def test_a_row_too_short_for_two_segments():
    message = r"max_length must be 5 or more.*: got max_length=4; pass the length of the model's"
    with pytest.raises(ValueError, match=message):
        pack_pair([1], [2], 4, cls_id=1, sep_id=2, pad_id=0)
