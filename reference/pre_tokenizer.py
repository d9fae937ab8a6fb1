"""GPT-2's pre-tokenizer: text cut into words, numbers, marks and spaces, before BPE joins anything.

Slide "Byte pair encoding"; Radford et al. 2019, §2.2. Without it, BPE spends its vocabulary on
"dog.", "dog!" and "dog?". Pieces are, the first that fits: an English contraction ('s, 't, 're,
've, 'm, 'll, 'd); letters; digits; other signs, each of these three with one space before it, if
there is one; white space. Before a word, all white space but the last character is a piece.

>>> pieces("The mouse didn't eat  3 cheeses!")
['The', ' mouse', ' didn', "'t", ' eat', ' ', ' 3', ' cheeses', '!']
>>> pieces("Đại học\\n\\n  Bách khoa")
['Đại', ' học', '\\n\\n ', ' Bách', ' khoa']

Nothing is lost: the pieces put together are the text. The pattern asks for Unicode's letters and
numbers, which `re` has no names for; so each character outside ASCII is first folded to an ASCII
one of its kind, and the cuts are found there. A combining mark is no letter: a word whose accents
are written as marks of their own falls apart, which composing (NFC) before mends.

>>> pieces("h\\u1ecdc"), len(pieces("ho\\u0323c"))
(['học'], 3)

Left out: patterns of later models (GPT-4 cuts digits into threes, and ignores the case of 'S).
Kinds of characters are those of Python's Unicode tables.
Proved by: the tokenizers library on every character and on random strings; cases worked by hand.
"""

import re
import unicodedata

PATTERN = re.compile(
    r"""'(?:s|t|re|ve|m|ll|d)
    | [ ]?[A-Za-z]+
    | [ ]?[0-9]+
    | [ ]?[^\sA-Za-z0-9]+
    | \s+(?!\S)
    | \s+""",
    re.ASCII | re.VERBOSE,
)


class _AsciiOfItsKind(dict[int, str]):
    """Maps a code point to an ASCII character that the pattern treats alike; remembers it."""

    def __missing__(self, code: int) -> str:
        c = chr(code)
        if c.isascii():
            folded = c
        elif unicodedata.category(c)[0] == "L":
            folded = "X"  # in no contraction
        elif unicodedata.category(c)[0] == "N":
            folded = "0"
        elif unicodedata.category(c)[0] == "Z" or c == "\x85":  # Unicode's White_Space
            folded = "\t"  # not " ", the only one that may stand at the start of a word
        else:
            folded = "!"
        self[code] = folded
        return folded


_FOLD = _AsciiOfItsKind()


def pieces(text: str) -> list[str]:
    """Cut text where GPT-2 does."""
    folded = text if text.isascii() else text.translate(_FOLD)
    return [text[found.start() : found.end()] for found in PATTERN.finditer(folded)]
