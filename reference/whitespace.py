"""Splitting by spaces: the simplest tokenizer, and what is wrong with it.

Slide "Tokenization", `text.split(' ')`. It loses nothing, as long as tokens stay strings:

>>> split_by_spaces("the mouse ate the cheese")
['the', 'mouse', 'ate', 'the', 'cheese']
>>> join_by_spaces(split_by_spaces(" two  spaces,\\nand a line ")) == " two  spaces,\\nand a line "
True

But a model needs ids, of a vocabulary that is fixed before it sees new text; what is not in it is
[UNK], and gone. And what stands between two spaces is often no word:

- punctuation sticks to words: "cheese", "cheese." and "(cheese" are three tokens;
- two spaces make an empty token; line breaks and tabs hide inside tokens;
- inflected words and names have nothing in common: "eat", "eats", "eating";
- "đại học" (university) is one word of two syllables, written with a space; 我喜欢猫 is three words
  without one; both forms of ọ, one character or two, look the same and are different tokens;
- each new text brings new tokens: the vocabulary never ends (Heaps 1978, §7.5).

>>> tokenizer = Whitespace.train(["the mouse ate the cheese", "the cat ate"], vocab_size=4)
>>> tokenizer.vocabulary
['[UNK]', 'the', 'ate', 'cat']
>>> tokenizer.decode(tokenizer.encode("the cat ate."))
'the cat [UNK]'

Byte-pair encoding mends this: frequent words are tokens, rare ones pieces (see `bpe`).

Left out: rules for punctuation and case (see `basic_tokenizer`).
Proved by: the tokenizers library's word-level model (vocabulary, ids); round trips of any string;
cases worked by hand.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

UNKNOWN = "[UNK]"


def split_by_spaces(text: str) -> list[str]:
    """Cut at every space, and only there."""
    return text.split(" ")


def join_by_spaces(tokens: Iterable[str]) -> str:
    """Undo `split_by_spaces`."""
    return " ".join(tokens)


class Whitespace:
    """A word-level tokenizer for one vocabulary, whose first entry stands for all other words."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.vocabulary = list(vocabulary)
        self.index = {token: i for i, token in enumerate(self.vocabulary)}
        if self.vocabulary[:1] != [UNKNOWN] or len(self.index) < len(self.vocabulary):
            raise ValueError(
                f"a vocabulary starts with {UNKNOWN} and holds each token once: got "
                f"{self.vocabulary[:5]} …; put it first and drop copies, or use Whitespace.train"
            )

    @classmethod
    def train(cls, corpus: Iterable[str], vocab_size: int) -> "Whitespace":
        """Keep the most frequent tokens; of equally frequent ones, the first in the alphabet."""
        counts = Counter(token for text in corpus for token in split_by_spaces(text))
        del counts[UNKNOWN]
        by_frequency = sorted(counts, key=lambda token: (-counts[token], token))
        return cls([UNKNOWN, *by_frequency[: vocab_size - 1]])

    def encode(self, text: str) -> list[int]:
        """Text to ids; unknown tokens get the id 0."""
        return [self.index.get(token, 0) for token in split_by_spaces(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """Ids to text, with [UNK] for what was unknown."""
        return join_by_spaces(self.vocabulary[i] for i in ids)

    def unknown_share(self, corpus: Iterable[str]) -> float:
        """Give the share of a corpus' tokens that the vocabulary lacks."""
        ids = [i for text in corpus for i in self.encode(text)]
        if not ids:
            raise ValueError("corpus must hold one text at least: got none; pass a list of strings")
        return ids.count(0) / len(ids)
