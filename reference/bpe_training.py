"""Training BPE in time: after each join, only the counts that it changed are counted again.

Slide "Byte pair encoding"; Sennrich et al. 2016, §3.2 (words with their counts), and the released
code of subword-nmt (counts that are updated). The slide's loop looks at the whole corpus for each
new token, and most of it has not changed. Here, each join costs what it touches:

- a text that occurs n times is stored once, with weight n;
- each pair knows the positions where it came up. Some are out of date, because a neighbour was
  swallowed meanwhile: those are seen when they are visited, and skipped;
- the symbols are a linked list, so that a join moves none of the others;
- a heap has the most frequent pair on top. A count that fell meanwhile is corrected when it comes
  up: never before it must, since an outdated entry is only ever too high.

The result is exactly that of `bpe.train_by_recounting`, ties and all:

>>> bpe = train_bpe({"the ": 2, "mouse ": 1, "ate ": 1, "cheese": 1}, vocab_size=14)
>>> bpe.vocabulary[10:]
['e ', 'he ', 'the ', 'at']

Left out: several threads; training on a stream that does not fit into memory.
Proved by: the tokenizers library (vocabulary, merges in order, on real text too); the slide's loop
on random corpora; `commands.bench_bpe` measures both.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush, heapreplace
from itertools import pairwise

from reference.bpe import BPE, alphabet

BORDER = -1  # stands between two texts
GONE = -2  # was swallowed by the symbol on its left

IdPair = tuple[int, int]


def train_bpe(counts: Mapping[str, int], vocab_size: int, start: Sequence[str] = ()) -> BPE:
    """Learn merges from texts and how often each occurs, until there are `vocab_size` tokens.

    The vocabulary holds `start`, then the texts' characters by code point, then what was joined.
    """
    index = alphabet(counts, vocab_size, start)
    vocabulary = list(index)
    corpus = _Corpus(counts, index)
    merges: list[tuple[str, str]] = []
    while len(vocabulary) < vocab_size and (pair := corpus.most_frequent()):
        left, right = (vocabulary[i] for i in pair)
        new = index.setdefault(left + right, len(vocabulary))
        if new == len(vocabulary):
            vocabulary.append(left + right)
        merges.append((left, right))
        corpus.join(pair, new)
    return BPE(vocabulary, merges)


class _Corpus:
    """The texts as one linked list of symbols, with the counts and positions of all pairs."""

    def __init__(self, counts: Mapping[str, int], index: Mapping[str, int]) -> None:
        self.symbol = [BORDER]
        self.weight = [0]
        for text, n in counts.items():
            self.symbol += [*(index[c] for c in text), BORDER]
            self.weight += [n] * (len(text) + 1)
        self.before = [*range(-1, len(self.symbol) - 1)]
        self.after = [*range(1, len(self.symbol) + 1)]
        self.frequency: defaultdict[IdPair, int] = defaultdict(int)
        self.positions: defaultdict[IdPair, list[int]] = defaultdict(list)
        for i, pair in enumerate(pairwise(self.symbol)):
            if BORDER not in pair:
                self.frequency[pair] += self.weight[i]
                self.positions[pair].append(i)
        self.heap = [(-n, pair) for pair, n in self.frequency.items()]
        heapify(self.heap)

    def most_frequent(self) -> IdPair | None:
        """Find the pair with the highest count; of several, the one first in the vocabulary."""
        while self.heap:
            negative, pair = self.heap[0]
            n = self.frequency.get(pair, 0)
            if n == 0:
                heappop(self.heap)
            elif n == -negative:
                return pair
            else:
                heapreplace(self.heap, (-n, pair))
        return None

    def join(self, pair: IdPair, new: int) -> None:
        """Make one symbol of each occurrence of the pair, from left to right."""
        left, right = pair
        symbol, before, after, frequency = self.symbol, self.before, self.after, self.frequency
        grown = set()
        for i in sorted(self.positions.pop(pair)):
            j = after[i]
            if symbol[i] != left or symbol[j] != right:
                continue
            h, k, weight = before[i], after[j], self.weight[i]
            symbol[i], symbol[j] = new, GONE
            after[i], before[k] = k, i
            for swallowed, formed, at in (
                ((symbol[h], left), (symbol[h], new), h),
                ((right, symbol[k]), (new, symbol[k]), i),
            ):
                if BORDER not in formed:
                    frequency[swallowed] -= weight
                    frequency[formed] += weight
                    self.positions[formed].append(at)
                    grown.add(formed)
        del frequency[pair]
        for formed in grown:
            heappush(self.heap, (-frequency[formed], formed))
