"""WordPiece: words as pieces from a fixed vocabulary, the longest one that fits first.

Slide "Vocabulary size: 30,000 wordpieces" (BERT's has 30,522); Wu et al. 2016, §4.1; Devlin et al.
2019, §3. A piece inside a word is written with "##" before it: "flightless" is flight ##less.

`train_wordpiece` is byte-pair encoding over such pieces: join the most frequent pair of neighbours,
again and again; of equally frequent pairs, the one whose pieces stand first in the vocabulary.
(Schuster and Nakajima 2012 join the pair that raises the corpus' likelihood most. Google never
released the trainer of BERT's vocabulary; counting is what the tokenizers library does.)
`WordPiece` then ignores how the pieces came about, and takes from each word the longest piece that
starts it, again and again.

>>> counts = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}
>>> vocabulary = train_wordpiece(counts, 15, start=["[UNK]"])
>>> vocabulary[12:]
['##ug', '##un', 'hug']
>>> WordPiece(vocabulary).tokenize("hugs, hum! bug")
['hug', '##s', '[UNK]', '[UNK]', '[UNK]', 'b', '##ug']

Left out: likelihood merging, special tokens written in the text, offsets, decoding.
Proved by: the tokenizers library (trained vocabularies; ids of 10,000 random strings with a real
vocabulary of 30,522), a trainer that counts everything anew, words worked by hand.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from reference.basic_tokenizer import basic_tokenize

INSIDE = "##"  # marks a piece that does not start its word
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST_WORD = 100  # characters; longer words are [UNK], as in BERT's own code

Pair = tuple[str, str]


def train_wordpiece(
    counts: Mapping[str, int], vocab_size: int, start: Sequence[str] = SPECIAL_TOKENS
) -> list[str]:
    """Make a vocabulary from words and how often each occurs.

    It holds `start`, then each character, at a word's start and inside, then joined pieces in the
    order of joining: `vocab_size` pieces, or fewer if every word is one piece before.
    """
    spelling = {word: [word[0], *(INSIDE + c for c in word[1:])] for word in counts if word}
    characters = sorted({c for word in spelling for c in word})
    inside = sorted({piece for pieces in spelling.values() for piece in pieces[1:]})
    index = {piece: i for i, piece in enumerate(dict.fromkeys([*start, *characters, *inside]))}
    if len(index) > vocab_size:
        raise ValueError(
            f"vocab_size must leave room for the first entries and each character: got "
            f"vocab_size={vocab_size}, {len(index)} needed; enlarge it, or drop rare characters"
        )
    frequency: Counter[Pair] = Counter()
    words_with: defaultdict[Pair, set[str]] = defaultdict(set)
    for word, pieces in spelling.items():
        for pair in pairwise(pieces):
            frequency[pair] += counts[word]
            words_with[pair].add(word)
    while len(index) < vocab_size and frequency:
        most = max(frequency.values())
        ties = [pair for pair, n in frequency.items() if n == most]
        best = min(ties, key=lambda pair: (index[pair[0]], index[pair[1]]))
        joined = best[0] + best[1].removeprefix(INSIDE)
        index.setdefault(joined, len(index))
        for word in words_with.pop(best):
            for pair in pairwise(spelling[word]):
                frequency[pair] -= counts[word]
                if not frequency[pair]:
                    del frequency[pair]
            spelling[word] = _join(spelling[word], best, joined)
            for pair in pairwise(spelling[word]):
                frequency[pair] += counts[word]
                words_with[pair].add(word)
    return list(index)


def _join(pieces: list[str], pair: Pair, joined: str) -> list[str]:
    """Replace the pair by one piece, from left to right."""
    result: list[str] = []
    for piece in pieces:
        if result and (result[-1], piece) == pair:
            result[-1] = joined
        else:
            result.append(piece)
    return result


def longest_match(
    word: str, vocabulary: Mapping[str, int], unknown: str = "[UNK]", max_chars: int = LONGEST_WORD
) -> list[str]:
    """Cut one word into pieces, the longest first; where nothing fits, the word is unknown."""
    if len(word) > max_chars:
        return [unknown]
    pieces: list[str] = []
    start = 0
    while start < len(word):
        mark = INSIDE if start else ""
        end = len(word)
        while end > start and mark + word[start:end] not in vocabulary:
            end -= 1
        if end == start:
            return [unknown]
        pieces.append(mark + word[start:end])
        start = end
    return pieces


class WordPiece:
    """BERT's tokenizer for one vocabulary, a list of pieces in the order of their ids."""

    def __init__(self, vocabulary: Sequence[str], unknown: str = "[UNK]") -> None:
        self.pieces = list(vocabulary)
        self.index = {piece: i for i, piece in enumerate(self.pieces)}
        self.unknown = unknown
        if len(self.index) < len(self.pieces):
            twice = [piece for piece, n in Counter(self.pieces).items() if n > 1]
            raise ValueError(
                f"a vocabulary holds each piece once: got {twice} more than once; drop the copies"
            )
        if unknown not in self.index:
            raise ValueError(
                f"the vocabulary must hold the unknown token: got {len(self.pieces)} pieces, "
                f"{unknown!r} not among them; add it, or name yours with unknown="
            )

    def tokenize(self, text: str) -> list[str]:
        """Text to pieces."""
        words = basic_tokenize(text)
        return [p for word in words for p in longest_match(word, self.index, self.unknown)]

    def encode(self, text: str) -> list[int]:
        """Text to ids; [CLS] and [SEP] are added where rows are made (see `next_sentence`)."""
        return [self.index[piece] for piece in self.tokenize(text)]
