"""basic_tokenizer.py against the tokenizers library, character by character, and by hand."""

import sys
import unicodedata

import pytest
from hypothesis import given, strategies as st

from reference.basic_tokenizer import basic_tokenize, clean, lower, strip_accents

# Their Unicode tables say otherwise of these four: U+166D is punctuation there (Unicode 12 made it
# a symbol), U+1734 is a mark without width, U+1885 and U+1886 are letters.
RECLASSIFIED = {"\u166d", "\u1734", "\u1885", "\u1886"}


@pytest.fixture(scope="module")
def theirs():
    """BERT's steps before the pieces, by the tokenizers library."""
    from tokenizers import normalizers, pre_tokenizers

    normalizer = normalizers.BertNormalizer()
    splitter = pre_tokenizers.BertPreTokenizer()
    return lambda text: [
        word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))
    ]


def old_characters():
    """Unicode 3.2, which all tables hold; of private use, Chinese and hangul one in twenty."""
    for code in range(sys.maxunicode + 1):
        category = unicodedata.ucd_3_2_0.category(chr(code))
        alike = category in ("Co", "Lo") and code > 0x3400 and code % 20
        if not alike and category not in ("Cn", "Cs"):
            yield chr(code)


@pytest.mark.parity
def test_every_old_character_is_treated_alike(theirs):
    characters = set(old_characters())
    assert len(characters) > 20_000
    differ = {c for c in characters if basic_tokenize(f"a{c}b") != theirs(f"a{c}b")}
    assert differ <= RECLASSIFIED


@pytest.mark.parity
@given(st.text(st.sampled_from("aB. \t\n\0\u200b\u0301é中ΣßİⅧ\u1100\u1161$–"), max_size=12))
def test_neighbours_do_not_matter(theirs, text):
    assert basic_tokenize(text) == theirs(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n\u00a0\u3000", []),
        ("Hello,  world!", ["hello", ",", "world", "!"]),
        ("$1.50 a^b", ["$", "1", ".", "50", "a", "^", "b"]),
        ("tab\tand\r\nnewline", ["tab", "and", "newline"]),
        ("con\x00tr\x07ol\ufffd \ue000x", ["control", "x"]),
        ("zero\u200bwidth", ["zerowidth"]),
        ("Tiếng Việt", ["tieng", "viet"]),
        ("Tiê\u0301ng Viê\u0323t", ["tieng", "viet"]),
        ("ĐÂY", ["đay"]),
        ("我爱LLMs", ["我", "爱", "llms"]),
        ("𠀀𫠠", ["𠀀", "𫠠"]),
        ("カナ 한국", ["カナ", "한국"]),
        ("ok👍🏽", ["ok👍🏽"]),
        ("ΟΔΟΣ", ["οδοσ"]),
        ("«quoted»…", ["«", "quoted", "»", "…"]),
        ("[MASK]", ["[", "mask", "]"]),
    ],
)
def test_by_hand(text, expected):
    words = basic_tokenize(text)
    assert [unicodedata.normalize("NFC", word) for word in words] == expected


def test_the_steps_by_hand():
    assert clean("a\x00b\u200b\tc\u2028") == "ab c "
    assert strip_accents("ếĐñ中") == "eĐn中"
    assert lower("AΣİ") == "aσi\u0307"
