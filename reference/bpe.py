"""Byte-pair encoding: join the two neighbours that co-occur most, again and again.

Slide "Byte pair encoding"; Gage 1994; Sennrich et al. 2016, §3.2. `train_by_recounting` is the
slide's loop, line for line: the vocabulary starts as the set of characters; while it shall grow,
find the most frequent pair of neighbours, replace all its occurrences by one new symbol, and add
that to the vocabulary.

>>> bpe = train_by_recounting(["the mouse ate the cheese"], vocab_size=14)
>>> bpe.vocabulary[10:]
['e ', 'he ', 'the ', 'at']
>>> bpe.merges
[('e', ' '), ('h', 'e '), ('t', 'he '), ('a', 't')]
>>> bpe.tokenize("the cheese mouse ate")
['the ', 'c', 'h', 'e', 'e', 's', 'e ', 'm', 'o', 'u', 's', 'e ', 'at', 'e']

The slide leaves open who wins among equally frequent pairs. Here, as in the tokenizers library: the
pair whose left symbol came first into the vocabulary, then whose right one did; characters come in
the order of their code points. Above, once 'e ' is there, ('h', 'e ') and ('t', 'h') occur twice
each, and h is before t.

New text is cut by the same joins in the same order, not by counting anew. It may hold none but the
characters of the corpus; bytes lift that limit (see `byte_level_bpe`). Pairs never cross from
one text of the corpus to the next, but within a text they cross spaces, as in 'the ' above.

Left out: speed (see `bpe_training`; and a heap would cut long texts faster); BPE-dropout.
Proved by: the tokenizers library (vocabulary, merges in order, tokens); each merge is a most
frequent pair of what the merges before it leave; cases worked by hand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise

Pair = tuple[str, str]


class BPE:
    """A vocabulary, tokens in the order of their ids, and the merges in the order of learning."""

    def __init__(self, vocabulary: Sequence[str], merges: Sequence[Pair]) -> None:
        self.vocabulary = list(vocabulary)
        self.merges = [(left, right) for left, right in merges]
        self.index = {token: i for i, token in enumerate(self.vocabulary)}
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self._check()

    def join(self, symbols: Sequence[str]) -> list[str]:
        """Apply the merges to symbols: the earliest learned first, wherever its pair stands."""
        symbols = list(symbols)
        never = len(self.merges)
        while len(symbols) > 1:
            earliest = min(pairwise(symbols), key=lambda pair: self.rank.get(pair, never))
            if earliest not in self.rank:
                break
            symbols = replace(symbols, earliest)
        return symbols

    def tokenize(self, text: str) -> list[str]:
        """Cut text into tokens of the vocabulary."""
        unknown = sorted({c for c in text if c not in self.index})
        if unknown:
            raise ValueError(
                f"text must be made of the characters of the corpus: got {unknown} too; train on "
                "text that holds them, or on bytes (byte_level_bpe), which are never unknown"
            )
        return self.join(text)

    def encode(self, text: str) -> list[int]:
        """Cut text into tokens, and give their ids."""
        return [self.index[token] for token in self.tokenize(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """Give the text that the tokens of these ids spell."""
        return "".join(self.tokens(ids))

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Look up the tokens of these ids."""
        ids = list(ids)
        strange = [i for i in ids if not 0 <= i < len(self.vocabulary)]
        if strange:
            raise ValueError(
                f"ids must lie between 0 and {len(self.vocabulary) - 1}: got {strange}; decode "
                "with the tokenizer that encoded them"
            )
        return [self.vocabulary[i] for i in ids]

    def _check(self) -> None:
        """Each token has one id, and one merge that makes it, of tokens that were there before.

        So a join never brings back a pair of an earlier merge: applying the earliest merge at hand
        is the same as going through all merges once, in order.
        """
        if len(self.index) < len(self.vocabulary):
            twice = [token for token, n in Counter(self.vocabulary).items() if n > 1]
            raise ValueError(
                f"a vocabulary holds each token once: got {twice} more than once; drop the copies"
            )
        there = {token for token in self.index if len(token) == 1}
        for left, right in self.merges:
            made = left + right
            if not {left, right} <= there or made in there or made not in self.index:
                raise ValueError(
                    "each merge must join two tokens made before into a third that no other merge "
                    f"makes: got {(left, right)}; pass the vocabulary and the merges of one "
                    "training, in its order"
                )
            there.add(made)


def train_by_recounting(corpus: Iterable[str], vocab_size: int, start: Sequence[str] = ()) -> BPE:
    """Run the slide's loop until the vocabulary has `vocab_size` tokens or no pair is left.

    The vocabulary starts with `start` (special tokens, or characters that the corpus lacks), then
    come the characters of the corpus.
    """
    texts = [list(text) for text in corpus]
    vocabulary = alphabet(texts, vocab_size, start)
    merges: list[Pair] = []
    while len(vocabulary) < vocab_size and (counts := count_pairs(texts)):
        pair = most_frequent(counts, vocabulary)
        texts = [replace(symbols, pair) for symbols in texts]
        vocabulary.setdefault("".join(pair), len(vocabulary))
        merges.append(pair)
    return BPE(list(vocabulary), merges)


def alphabet(
    texts: Iterable[Iterable[str]], vocab_size: int, start: Sequence[str] = ()
) -> dict[str, int]:
    """Give ids to the first entries of a vocabulary, then to each character, by code point."""
    characters = sorted({c for text in texts for c in text})
    index = {token: i for i, token in enumerate(dict.fromkeys([*start, *characters]))}
    if len(index) > vocab_size:
        raise ValueError(
            f"vocab_size must leave room for the first entries and each character: got "
            f"vocab_size={vocab_size}, {len(index)} needed; enlarge it, or drop rare characters"
        )
    return index


def count_pairs(texts: Iterable[Sequence[str]]) -> Counter[Pair]:
    """Count neighbours; in "aaa", the pair of a and a occurs twice."""
    return Counter(chain.from_iterable(map(pairwise, texts)))


def most_frequent(counts: Mapping[Pair, int], index: Mapping[str, int]) -> Pair:
    """Find the pair with the highest count; of several, the one first in the vocabulary."""
    return min(counts, key=lambda pair: (-counts[pair], index[pair[0]], index[pair[1]]))


def replace(symbols: Sequence[str], pair: Pair) -> list[str]:
    """Make one symbol of each occurrence of the pair, from left to right: "aaa" is "aa" and "a"."""
    left, right = pair
    result: list[str] = []
    previous = ""  # the last symbol, while it may still become the left one of a pair
    for symbol in symbols:
        if symbol == right and previous == left:
            result[-1] = left + right
            previous = ""
        else:
            result.append(symbol)
            previous = symbol
    return result
