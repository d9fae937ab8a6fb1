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


PATTERNS = {
    "all white space before a word in one piece": (r"| \s+(?!\S)", ""),
    "no contractions": ("'(?:s|t|re|ve|m|ll|d)", "'"),
    "contractions in capitals too": ("(?:s|t", "(?i:s|t"),
    "no space before a word": ("[ ]?[A", "[A"),
    "no space before a number": ("[ ]?[0", "[0"),
    "no space before a sign": ("[ ]?[^", "[^"),
    "any white space before a word": ("[ ]?[A", r"\s?[A"),
    "words with digits": ("[A-Za-z]+", "[A-Za-z][A-Za-z0-9]*"),
    "words with underscores": ("[A-Za-z]+", "[A-Za-z_]+"),
}


@pytest.mark.parity
@pytest.mark.parametrize("change", PATTERNS)
def test_other_patterns_are_told_apart(change, unicode_strings, monkeypatch):
    right, wrong = PATTERNS[change]
    pattern = module.PATTERN.pattern
    assert right in pattern
    changed = re.compile(pattern.replace(right, wrong), re.VERBOSE | re.ASCII)
    monkeypatch.setattr(module, "PATTERN", changed)
    assert any(pieces(text) != theirs(text) for text in unicode_strings(1000, seed=1))


KINDS = {
    "letters that contract": lambda c, folded: "s" if folded == "X" else folded,
    "numbers as letters": lambda c, folded: "X" if folded == "0" else folded,
    "only digits as numbers": lambda c, folded: "0" if c.isdigit() else folded.replace("0", "!"),
    "marks as letters": lambda c, folded: "X" if unicodedata.category(c)[0] == "M" else folded,
    "spaces that stand before a word": lambda c, folded: " " if folded == "\t" else folded,
    "no-break spaces as signs": lambda c, folded: "!" if c in "\xa0\u2007" else folded,
    "next line as a sign": lambda c, folded: "!" if c == "\x85" else folded,
    "zero-width space as a space": lambda c, folded: "\t" if c == "\u200b" else folded,
}


@pytest.mark.parity
@pytest.mark.parametrize("change", KINDS)
def test_other_kinds_of_characters_are_told_apart(change, unicode_strings, monkeypatch):
    class Changed(dict):
        def __missing__(self, code):
            folded = right[code]
            return folded if code < 128 else KINDS[change](chr(code), folded)

    right = module._FOLD
    monkeypatch.setattr(module, "_FOLD", Changed())
    assert any(pieces(text) != theirs(text) for text in unicode_strings(1000, seed=1))


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
