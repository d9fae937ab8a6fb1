"""byte_level_bpe.py against the tokenizers library, by round trips, and by hand."""

import json
import random
import unicodedata

import pytest
from hypothesis import given, strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from reference import byte_level_bpe as module
from reference.bpe import BPE
from reference.bpe_training import train_bpe
from reference.byte_level_bpe import BYTES, ByteLevelBPE, visible_bytes
from reference.corpus import python_documentation

SPECIAL = ["<|endoftext|>", "<|end|>", "<|endoftext|><|pad|>"]
VIETNAMESE = "Đại học Bách khoa Hà Nội dạy học máy; học sinh học tiếng Việt, người người học."
HELLO = "Xin chào 😀👍🏽 các bạn! 你好, ça va? naïve don't   \n\t x = 3.14\x00\x7f"


def theirs(corpus, vocab_size, special=()):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(token, normalized=False, special=True) for token in special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def learned(tokenizer):
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return vocabulary, [tuple(pair) for pair in model["merges"]]


@pytest.fixture(scope="module")
def corpus():
    """Real English, and some Vietnamese with accents composed and combining."""
    documents = [" ".join(text) for text in python_documentation()]
    other = [VIETNAMESE, unicodedata.normalize("NFD", VIETNAMESE), HELLO]
    return documents + 20 * other


@pytest.fixture(scope="module")
def both(corpus):
    """Ours and theirs, trained on the same corpus."""
    return ByteLevelBPE.train(corpus, 4000, SPECIAL), theirs(corpus, 4000, SPECIAL)


@pytest.mark.parity
def test_vocabulary_and_merges_are_theirs(both):
    ours, expected = both
    assert (ours.bpe.vocabulary, ours.bpe.merges) == learned(expected)
    assert len(ours.bpe.merges) == 4000 - 256 - 3
    assert any("á»į" in token for token in ours.bpe.vocabulary)  # ọ


@pytest.mark.parity
def test_ids_of_ten_thousand_random_strings_are_theirs(both, unicode_strings):
    ours, expected = both
    strings = unicode_strings(10_000, seed=0)
    ids = [row.ids for row in expected.encode_batch(strings, add_special_tokens=False)]
    assert [ours.encode(text) for text in strings] == ids
    assert [ours.decode(row) for row in ids] == strings
    used = {i for row in ids for i in row}
    assert len(used) > 1000  # the strings are no trivial ones


@pytest.mark.parity
@pytest.mark.parametrize(
    "text",
    [
        "",
        VIETNAMESE,
        unicodedata.normalize("NFD", VIETNAMESE),
        HELLO,
        "<|endoftext|>",
        " <|end|>a<|endoftext|> <|endoftext|><|pad|><|end|><|endoftext|",
        "<|endoftext|><|endoftext|><|pad|>",
        "<|END|> <|end |>",
    ],
)
@pytest.mark.parametrize("special", [True, False])
def test_ids_with_special_tokens_are_theirs(text, special, both):
    ours, expected = both
    expected.encode_special_tokens = not special
    row = expected.encode(text, add_special_tokens=False)
    expected.encode_special_tokens = False
    assert ours.encode(text, special=special) == row.ids
    assert ours.tokenize(text, special=special) == row.tokens
    assert ours.decode(row.ids) == text


@pytest.mark.parity
def test_ids_of_real_text_are_theirs(both, corpus):
    ours, expected = both
    for text in corpus[:50]:
        assert ours.encode(text) == expected.encode(text).ids


@pytest.mark.parity
def test_texts_of_random_ids_are_theirs(both):
    """Random ids are seldom UTF-8: what is none becomes as many U+FFFD here and there."""
    ours, expected = both
    draw = random.Random(0)
    for _ in range(3000):
        ids = draw.choices(range(3, 4000 if draw.random() < 0.5 else 259), k=draw.randrange(12))
        assert ours.decode(ids) == expected.decode(ids)
    assert "\ufffd" in ours.decode(range(3, 259))


def test_composed_and_combining_accents_have_different_tokens_and_come_back(both):
    ours, _ = both
    apart = unicodedata.normalize("NFD", VIETNAMESE)
    assert ours.encode(apart) != ours.encode(VIETNAMESE)
    assert ours.decode(ours.encode(apart)) == apart
    assert len(ours.encode(apart)) > len(ours.encode(VIETNAMESE))


SMALL = ByteLevelBPE.train([VIETNAMESE, HELLO, "the cat in the hat"], 300, SPECIAL)


@given(text=st.text())
def test_every_string_comes_back(text):
    for special in (True, False):
        assert SMALL.decode(SMALL.encode(text, special)) == text
    assert SMALL.decode_bytes(SMALL.encode(text)) == text.encode()


@given(parts=st.lists(st.one_of(st.sampled_from(SPECIAL), st.text(max_size=3)), max_size=6))
def test_special_tokens_count_unless_told_otherwise(parts):
    text = "".join(parts)
    specials = {SMALL.bpe.index[token] for token in SPECIAL}
    found = specials & set(SMALL.encode(text))
    assert bool(found) == any(token in text for token in SPECIAL)
    assert not specials & set(SMALL.encode(text, special=False))
    assert SMALL.decode(SMALL.encode(text)) == text


@pytest.mark.parity
def test_visible_bytes():
    """All different and printable; as in GPT-2's files: a space is Ġ, a line's end Ċ."""
    assert sorted(BYTES) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert [BYTES[b] for b in b"A ~\n"] == ["A", "Ġ", "~", "Ċ"]
    assert visible_bytes()[0xAD] == "Ń"  # the soft hyphen, the last of 68 that are not printable
    for byte in range(128):
        cut = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(chr(byte))
        assert cut[0][0] == BYTES[byte]
    assert len(set(BYTES)) == 256
    assert all(c.isprintable() for c in BYTES)


def test_a_character_cut_in_two():
    tokenizer = ByteLevelBPE.train([], 256)
    ids = tokenizer.encode("ữ")
    assert len(ids) == 3
    assert tokenizer.decode(ids[:2]) == "\ufffd"
    assert tokenizer.decode_bytes(ids[:2]) == b"\xe1\xbb"
    assert tokenizer.decode(ids) == "ữ"


def test_ids_by_hand():
    """Special tokens, then bytes in the order of the characters that stand for them: ! is first."""
    tokenizer = ByteLevelBPE.train(["ab ab"], 259, ["<|end|>"])
    assert tokenizer.bpe.vocabulary[:3] == ["<|end|>", "!", '"']
    assert tokenizer.bpe.vocabulary[256:] == ["Ń", "ab", "Ġab"]
    assert tokenizer.encode("!ab ab<|end|>\n") == [1, 257, 258, 0, 1 + 188 + 10]


def test_remembered_pieces_change_nothing_and_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "CACHED_PIECES", 2)
    text = "one two three one two three four"
    tokenizer = ByteLevelBPE.train([text], 270)
    expected = [tokenizer.encode(text) for _ in range(3)]
    assert expected[0] == expected[1] == expected[2]
    assert tokenizer.decode(expected[0]) == text
    assert len(tokenizer._ids_of_piece) <= 2
    expected[0].append(1)
    assert tokenizer.encode(text) == expected[1]


def test_half_a_surrogate_pair_is_refused():
    for encode in (SMALL.encode, lambda text: ByteLevelBPE.train([text], 300)):
        with pytest.raises(ValueError, match=r"half a surrogate pair, U\+D83D; decode the text's"):
            encode("smile \ud83d")


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="must hold all 256 bytes: got none for bc; start it"):
        ByteLevelBPE(BPE([c for c in BYTES if c not in "bc"], []))
    plain = train_bpe({}, 256, start=BYTES)
    with pytest.raises(ValueError, match=r"every special token: got '<\|end\|>' without an id"):
        ByteLevelBPE(plain, ["<|end|>"])
    for token in ("end", "", "<>", "'s", "á»į"):  # the last as the bytes of ọ are written
        with pytest.raises(ValueError, match=f"could make of text: got [\"']{token}[\"']; write"):
            ByteLevelBPE.train(["the end"], 300, [token])
    for token in ("<end>", "two words", "<｜end｜>", "học"):
        assert ByteLevelBPE.train(["the end"], 300, [token]).encode(token) == [0]
    with pytest.raises(ValueError, match="got vocab_size=256, 259 needed; enlarge it"):
        ByteLevelBPE.train(["a"], 256, SPECIAL)
    with pytest.raises(ValueError, match=r"between 0 and 299: got \[300\]; decode with"):
        SMALL.decode([300])
