"""BPE on bytes: 256 symbols spell every string there is, and no text is ever unknown.

Slide "Run BPE on bytes instead of 144,697 Unicode characters"; Radford et al. 2019, §2.2. Four
steps: special tokens are set apart; the rest is cut into pieces (`pre_tokenizer`); each piece
becomes its UTF-8 bytes; BPE joins those (`bpe`). The way back only looks tokens up.

>>> tokenizer = ByteLevelBPE.train(["đại học, học đại", "the cat, the hat"], vocab_size=263)
>>> ids = tokenizer.encode("học 🙂")
>>> ids, tokenizer.decode(ids)
([71, 157, 262, 66, 220, 172, 253, 247, 224], 'học 🙂')

Files and tokens write a byte as one visible character, as GPT-2's do: itself if it is printable in
Latin-1 (A is A), else the next one from U+0100 on (a space is Ġ, a line's end Ċ). Hence ids of
bytes are not their values: "!" comes first.

>>> tokenizer.tokenize("the học")
['the', 'Ġh', 'á', '»į', 'c']

A special token such as <|endoftext|> has an id and no spelling in bytes. In text from strangers it
should not count: `encode(text, special=False)` spells it like any other text.

Left out: normalising (NFC) before, so composed and combining accents have different tokens, and
come back as they were; pre-tokenizers of later models; padding; offsets.
Proved by: the tokenizers library on the same corpus (vocabulary, merges in order), on 10,000 random
strings (ids, and texts of random ids); exact round trips of any Unicode string.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count

from reference.bpe import BPE
from reference.bpe_training import train_bpe
from reference.pre_tokenizer import pieces

CACHED_PIECES = 100_000  # words come again: what was joined once is looked up


def visible_bytes() -> list[str]:
    """Give for each byte, 0 to 255, the character that stands for it."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)}
    printable |= set(range(ord("®"), ord("ÿ") + 1))
    others = count(0x100)
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


BYTES = visible_bytes()
BYTE_OF = {c: byte for byte, c in enumerate(BYTES)}
_TO_VISIBLE = dict(enumerate(BYTES))  # for str.translate, on bytes read as Latin-1


class ByteLevelBPE:
    """GPT-2's tokenizer for one vocabulary with its merges; `special` tokens are part of it."""

    def __init__(self, bpe: BPE, special: Sequence[str] = ()) -> None:
        self.bpe = bpe
        self.special = list(special)
        self._check()
        # The longest first, so that of two special tokens that start alike the longer one is found.
        longest_first = sorted(self.special, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._ids_of_piece: dict[str, list[int]] = {}

    @classmethod
    def train(
        cls, corpus: Iterable[str], vocab_size: int, special: Sequence[str] = ()
    ) -> "ByteLevelBPE":
        """Learn merges from texts; ids: special tokens, the 256 bytes, then what was joined."""
        counts = Counter(piece for text in corpus for piece in pieces(text))
        visible = {_visible(piece): n for piece, n in counts.items()}
        return cls(train_bpe(visible, vocab_size, start=[*special, *sorted(BYTES)]), special)

    def encode(self, text: str, special: bool = True) -> list[int]:
        """Text to ids; with `special=False`, what looks like a special token is but text."""
        if not special:
            return self._encode_ordinary(text)
        ids: list[int] = []
        start = 0
        for found in self._special.finditer(text):
            ids += self._encode_ordinary(text[start : found.start()])
            ids.append(self.bpe.index[found[0]])
            start = found.end()
        return ids + self._encode_ordinary(text[start:])

    def tokenize(self, text: str, special: bool = True) -> list[str]:
        """Text to tokens, their bytes written as visible characters."""
        return self.bpe.tokens(self.encode(text, special))

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """Ids to bytes; special tokens are spelled out."""
        special = set(self.special)
        return b"".join(
            token.encode() if token in special else bytes(BYTE_OF[c] for c in token)
            for token in self.bpe.tokens(ids)
        )

    def decode(self, ids: Iterable[int]) -> str:
        """Ids to text; bytes that are not UTF-8, as when a character is cut in two, become U+FFFD.

        To print a text while it is generated, decode all ids again: half a character may be whole
        with the next one.
        """
        return self.decode_bytes(ids).decode(errors="replace")

    def _encode_ordinary(self, text: str) -> list[int]:
        ids: list[int] = []
        known = self._ids_of_piece
        for piece in pieces(text):
            if piece not in known:
                if len(known) >= CACHED_PIECES:
                    known.clear()
                known[piece] = [self.bpe.index[t] for t in self.bpe.join(_visible(piece))]
            ids += known[piece]
        return ids

    def _check(self) -> None:
        absent = sorted(set(BYTES) - self.bpe.index.keys())
        if absent:
            raise ValueError(
                f"the vocabulary must hold all 256 bytes: got none for {''.join(absent)}; start it "
                "with sorted(BYTES), or train with ByteLevelBPE.train"
            )
        for token in self.special:
            if token not in self.bpe.index:
                raise ValueError(
                    f"the vocabulary must hold every special token: got {token!r} without an id; "
                    "add it, or train with special="
                )
            if _may_be_learned(token):
                raise ValueError(
                    f"a special token must be none that merges could make of text: got {token!r}; "
                    "write it like <|endoftext|>, which the pre-tokenizer would cut"
                )


def _may_be_learned(token: str) -> bool:
    """Whether it spells bytes, and these may stand in one piece: outside ASCII, nearly any may."""
    return set(token) <= BYTE_OF.keys() and (not token.isascii() or len(pieces(token)) < 2)


def _visible(piece: str) -> str:
    """Write a piece's UTF-8 bytes as visible characters."""
    try:
        utf8 = piece.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            "text must be made of Unicode characters: got half a surrogate pair, "
            f"U+{ord(piece[error.start]):04X}; decode the text's source with the right codec, or "
            'with errors="replace"'
        ) from error
    return utf8.decode("latin-1").translate(_TO_VISIBLE)
