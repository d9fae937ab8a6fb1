"""BERT's basic tokenizer: text to words and punctuation marks, before any is cut into pieces.

Devlin et al. 2019 do not describe it; the steps are those of the released uncased models: drop
control characters, put spaces around Chinese characters, strip accents, lower the case, split at
spaces and around every punctuation mark. Text becomes plain: most of what tells "Hà Nội" from
"ha noi" is gone, and no decoder brings it back.

>>> basic_tokenize("Isn't it? Đại học 大学\\u200b!")
['isn', "'", 't', 'it', '?', 'đai', 'hoc', '大', '学', '!']

Left out: cased models, special tokens written in the text ("[MASK]" is three words here).
Characters are told apart by Python's Unicode tables, newer than those of other implementations.
Proved by: the tokenizers library on every character of Unicode 3.2 and on 10,000 random strings;
words by hand.
"""

import unicodedata

# Blocks of Chinese characters (also Japanese kanji and Korean hanja), as BERT lists them. Kana and
# hangul are not among them: they are written with spaces, or stay together.
CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def basic_tokenize(text: str) -> list[str]:
    """Split text into lower-case words without accents, and single punctuation marks."""
    return split_punctuation(lower(strip_accents(space_chinese(clean(text)))))


def clean(text: str) -> str:
    """Drop control characters, and make every kind of white space a plain space."""
    return "".join(" " if c.isspace() else c for c in text if not is_control(c))


def space_chinese(text: str) -> str:
    """Put a space on both sides of each Chinese character: each is a word."""
    return "".join(f" {c} " if is_chinese(c) else c for c in text)


def strip_accents(text: str) -> str:
    """Take letters and marks apart (NFD), and drop the marks: ế is e, circumflex and acute."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


def lower(text: str) -> str:
    """Lower the case of each letter by itself: Σ becomes σ, also where Greek writes ς."""
    return "".join(c.lower() for c in text)


def split_punctuation(text: str) -> list[str]:
    """Split at white space, and make each punctuation mark a word of its own."""
    return "".join(f" {c} " if is_punctuation(c) else c for c in text).split()


def is_control(c: str) -> bool:
    """Whether BERT drops the character: control, format and private ones, and U+FFFD."""
    category = unicodedata.category(c)
    return c not in "\t\n\r" and (category in ("Cc", "Cf", "Co", "Cs") or c == "\ufffd")


def is_chinese(c: str) -> bool:
    """Whether the character lies in one of the blocks of Chinese characters."""
    return any(first <= ord(c) <= last for first, last in CHINESE)


def is_punctuation(c: str) -> bool:
    """Whether BERT splits at it: Unicode's punctuation, and all ASCII symbols ($, +, ~ …) too."""
    return (c.isascii() and c.isprintable() and not c.isalnum() and c != " ") or (
        unicodedata.category(c)[0] == "P"
    )
