"""N-gram models: the next token from the last n - 1, by counting.

Slide "Language Models": p(w | w_1, w_2) for all w in V is a trigram model, n = 3. With c for
counts, h for the last n - 1 tokens, h' for h without its first, and N1+ for "how many different":
N1+(h •) tokens follow h, N1+(• h' w) tokens precede h' w.

    MaximumLikelihood   c(h w) / c(h)
    AddK                (c(h w) + k) / (c(h) + k V)                        Lidstone 1920
    KneserNey           (max(c(h w) - D, 0) + D N1+(h •) p(w | h')) / c(h)

Kneser–Ney takes D from each count and gives what it took to the shorter context's p. There, not
occurrences count but N1+(• h' w): "York" is frequent, yet follows one word only, so in a new
context it is unlikely. The recursion ends at 1 / V. D is n1 / (n1 + 2 n2) for each order, with n1
and n2 the number of its n-grams that were counted once and twice.

>>> sequences = [[0, 1, 2, 3, 0, 4], [0, 5, 2, 3, 0, 4]]  # the cat sat on the mat, the dog sat …
>>> MaximumLikelihood(sequences, vocab_size=7, n=2).next_token_probs([0]).tolist()
[0.0, 0.25, 0.0, 0.0, 0.5, 0.25, 0.0]
>>> AddK(sequences, vocab_size=7, n=2, k=1.0).next_token_probs([0])[6].item() == 1 / (4 + 7)
True
>>> kneser_ney = KneserNey(sequences, vocab_size=7, n=2)
>>> [round(p, 3) for p in kneser_ney.next_token_probs([0]).tolist()]
[0.06, 0.196, 0.06, 0.029, 0.446, 0.196, 0.013]

Before a sequence's first token stand n - 1 marks of its start, so that P(the) is the probability
that a text starts with it. Where h was never seen, every estimate has the same likelihood;
`MaximumLikelihood` then takes that of h', as `KneserNey` does. So all three sum to 1 everywhere.

Sources: Kneser & Ney 1995; Ney et al. 1994 (D); Chen & Goodman 1999, §2.1, §2.7 (interpolated).

Left out: a D for each count (modified Kneser–Ney); Good–Turing; tables too large for memory.
Proved by: nltk's MLE, Lidstone and KneserNeyInterpolated on every context; Kneser–Ney's own
condition, that the model keeps the frequencies of single tokens; sums to 1; cases worked by hand.
"""

from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from reference.language_model import LanguageModel, check_tokens

START = -1  # stands before a sequence, n - 1 times; never predicted, so not in V

Context = tuple[int, ...]
Table = Mapping[Context, Counter[int]]  # for each context, the tokens after it with their counts


class NGram(LanguageModel):
    """What the models share: the last n - 1 tokens are the context."""

    def __init__(self, sequences: Sequence[Sequence[int]], *, vocab_size: int, n: int) -> None:
        if n < 1:
            raise ValueError(f"n must be 1 or more: got {n}; 1 is a model without context")
        if not any(sequences):
            raise ValueError(
                f"sequences must hold one token at least: got {len(sequences)} sequences, all "
                "empty; pass a list of lists of ids"
            )
        for sequence in sequences:
            check_tokens(sequence, vocab_size)
        self.vocab_size, self.n = vocab_size, n
        self.tables = self.count(sequences)

    def count(self, sequences: Sequence[Sequence[int]]) -> list[Table]:
        """Make a table for contexts of 0, 1, …, n - 1 tokens, in this order."""
        return [count_ngrams(sequences, order) for order in range(1, self.n + 1)]

    def next_token_probs(self, context: Sequence[int]) -> Float[Tensor, " V"]:
        """Give p(w | the last n - 1 tokens of the context) for all w in V."""
        check_tokens(context, self.vocab_size)
        before = [START] * (self.n - 1)
        return self.probs(tuple([*before, *context][len(context) :]))

    @abstractmethod
    def probs(self, context: Context) -> Float[Tensor, " V"]:
        """Give p(w | context) for a context of exactly n - 1 tokens, or START."""

    def counts(self, context: Context) -> Float[Tensor, " V"]:
        """Give the counts of all w in V after this context."""
        table = self.tables[len(context)].get(context, Counter())
        counts = torch.zeros(self.vocab_size, dtype=torch.float64)
        counts[list(table.keys())] = torch.tensor(list(table.values()), dtype=torch.float64)
        return counts


class MaximumLikelihood(NGram):
    """Relative frequencies: the training text gets the highest probability, and new words none."""

    def probs(self, context: Context) -> Float[Tensor, " V"]:
        """Divide by the sum; where there is nothing to divide, look at fewer tokens."""
        counts = self.counts(context)
        return counts / counts.sum() if counts.any() else self.probs(context[1:])


class AddK(NGram):
    """As if every token had been seen k times more after every context."""

    def __init__(
        self, sequences: Sequence[Sequence[int]], *, vocab_size: int, n: int, k: float = 1.0
    ) -> None:
        if not k > 0:
            raise ValueError(f"k must be positive: got {k}; MaximumLikelihood adds nothing")
        super().__init__(sequences, vocab_size=vocab_size, n=n)
        self.k = k

    def probs(self, context: Context) -> Float[Tensor, " V"]:
        """Add k to each count, then divide by the sum."""
        counts = self.counts(context) + self.k
        return counts / counts.sum()


class KneserNey(NGram):
    """Discounted counts, interpolated with a model of shorter contexts that counts contexts."""

    def __init__(
        self,
        sequences: Sequence[Sequence[int]],
        *,
        vocab_size: int,
        n: int,
        discounts: Sequence[float] | None = None,
    ) -> None:
        super().__init__(sequences, vocab_size=vocab_size, n=n)
        if discounts is None:
            discounts = [estimate_discount(table) for table in self.tables]
        if len(discounts) != n or not all(0 <= d <= 1 for d in discounts):
            raise ValueError(
                f"discounts must be n={n} numbers from 0 to 1, for contexts of 0 tokens first: got "
                f"{list(discounts)}; leave them out to estimate them"
            )
        self.discounts = list(discounts)
        self._without_context = self._interpolate(
            (), torch.full_like(self.counts(()), 1 / vocab_size)
        )

    def count(self, sequences: Sequence[Sequence[int]]) -> list[Table]:
        """Count occurrences for the longest contexts; for the others, the tokens before them."""
        tables: list[Table] = [count_ngrams(sequences, self.n)]
        while len(tables) < self.n:
            tables.insert(0, count_preceding(tables[0]))
        return tables

    def probs(self, context: Context) -> Float[Tensor, " V"]:
        """Interpolate with the context without its first token, down to none."""
        if not context:
            return self._without_context
        return self._interpolate(context, self.probs(context[1:]))

    def _interpolate(self, context: Context, shorter: Float[Tensor, " V"]) -> Float[Tensor, " V"]:
        counts, discount = self.counts(context), self.discounts[len(context)]
        seen = (counts > 0).to(counts.dtype)
        if not seen.any():
            return shorter
        kept = counts - discount * seen
        return (kept + discount * seen.sum() * shorter) / counts.sum()


def count_ngrams(sequences: Sequence[Sequence[int]], n: int) -> Table:
    """Count how often each token follows each context of n - 1 tokens; starts are padded."""
    table: defaultdict[Context, Counter[int]] = defaultdict(Counter)
    for sequence in sequences:
        padded = [START] * (n - 1) + list(sequence)
        for i, token in enumerate(sequence):
            table[tuple(padded[i : i + n - 1])][token] += 1
    return dict(table)


def count_preceding(table: Table) -> Table:
    """Count, for contexts one shorter, how many different tokens stood before context and token."""
    shorter: defaultdict[Context, Counter[int]] = defaultdict(Counter)
    for context, tokens in table.items():
        shorter[context[1:]].update(tokens.keys())
    return dict(shorter)


def estimate_discount(table: Table) -> float:
    """Give n1 / (n1 + 2 n2); 0 where nothing was counted once or twice."""
    of_counts = Counter(n for tokens in table.values() for n in tokens.values())
    once, twice = of_counts[1], of_counts[2]
    return once / (once + 2 * twice) if once else 0.0
