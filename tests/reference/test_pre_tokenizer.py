"""pre_tokenizer.py against the tokenizers library, on every character there is, and by hand."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given, strategies as st
from tokenizers import pre_tokenizers

from reference import pre_tokenizer as module
from reference.pre_tokenizer import pieces


def theirs(text):
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    return [text[start:end] for _, (start, end) in cut]


@pytest.mark.parity
def test_every_character_in_several_places_is_cut_as_they_cut_it():
    """But private ones, and those that this Python's Unicode tables lack, and theirs may have."""
    known = [
        c
        for c in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(c) not in ("Cn", "Cs", "Co")
    ]
    for start in range(0, len(known), 5000):
        text = "".join(f"a{c}1 {c}'{c}\n" for c in known[start : start + 5000])
        assert pieces(text) == theirs(text)
    assert len(known) > 140_000


@pytest.mark.parity
def test_ten_thousand_random_strings_are_cut_as_they_cut_them(unicode_strings):
    for text in unicode_strings(10_000, seed=1):
        assert pieces(text) == theirs(text)


NO_SPACE_LEFT = module.PATTERN.pattern.replace(r"| \s+(?!\S)", "")
NO_CONTRACTIONS = module.PATTERN.pattern.replace("'(?:s|t|re|ve|m|ll|d)", "'")
NO_LEADING_SPACE = module.PATTERN.pattern.replace("[ ]?", "")
WORDS_OF_RE = r"'(?:s|t|re|ve|m|ll|d)|[ ]?[^\W\d_]+|[ ]?\d+|[ ]?[^\s\w]+|\s+(?!\S)|\s+|_"


@pytest.mark.parity
@pytest.mark.parametrize("pattern", [NO_SPACE_LEFT, NO_CONTRACTIONS, NO_LEADING_SPACE, WORDS_OF_RE])
def test_other_patterns_are_told_apart(pattern, unicode_strings, monkeypatch):
    monkeypatch.setattr(module, "PATTERN", re.compile(pattern, re.VERBOSE | re.ASCII))
    assert any(pieces(text) != theirs(text) for text in unicode_strings(500, seed=1))


@pytest.mark.parity
@pytest.mark.parametrize(
    "kind", [lambda c: "X", lambda c: "!", lambda c: "s" if c.isalpha() else "!", str.isalpha]
)
def test_other_kinds_of_characters_are_told_apart(kind, unicode_strings, monkeypatch):
    class Fold(dict):
        def __missing__(self, code):
            c = chr(code)
            return c if c.isascii() else "aX"[kind(c)] if kind is str.isalpha else kind(c)

    monkeypatch.setattr(module, "_FOLD", Fold())
    assert any(pieces(text) != theirs(text) for text in unicode_strings(500, seed=1))


@given(text=st.text())
def test_the_pieces_are_the_whole_text_and_none_is_empty(text):
    assert "".join(pieces(text)) == text
    assert "" not in pieces(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ", [" "]),
        ("a  b", ["a", " ", " b"]),
        ("a \n b\n", ["a", " \n", " b", "\n"]),
        ("a\tb", ["a", "\t", "b"]),  # only a plain space goes with what follows
        ("it's IT'S", ["it", "'s", " IT", "'", "S"]),
        ("he'll've", ["he", "'ll", "'ve"]),
        (" 's", [" '", "s"]),  # a space before: no contraction, but a mark and a letter
        ("x2y ½²", ["x", "2", "y", " ½²"]),
        ("_a (b)...", ["_", "a", " (", "b", ")..."]),
        ("'ſ", ["'", "ſ"]),  # whose upper case is S
        ("一二 ២", ["一二", " ២"]),  # letters though they mean numbers; digits of Khmer
        ("a\x85b\x1cc", ["a", "\x85", "b", "\x1c", "c"]),
        ("e\u0301t\u00e9", ["e", "\u0301", "té"]),
    ],
)
def test_pieces_by_hand(text, expected):
    assert pieces(text) == expected
