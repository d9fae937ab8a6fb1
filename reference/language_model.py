"""Language models: the probability of a sequence, as a product of those of its next tokens.

Slide "Language Models". The chain rule holds for every distribution p over sequences:

    p(w_1, …, w_n) = p(w_1) p(w_2 | w_1) p(w_3 | w_1, w_2) … p(w_n | w_1, …, w_n-1).

So a model is whatever gives, for each context, a probability for each token w of the vocabulary V:
`next_token_probs`, the only method that a `LanguageModel` must have. Tokens are their ids. Here is
the slide's sentence, term by term, for a model that knows nothing but its six tokens:

>>> words = ["the", "cat", "sat", "on", "mat", "dog"]
>>> for factor in factorise(Uniform(6), [0, 1, 2, 3, 0, 4], words):
...     print(f"{factor.text:<28}{factor.prob:.3f}")
P(the)                      0.167
P(cat|the)                  0.167
P(sat|the cat)              0.167
P(on|the cat sat)           0.167
P(the|the cat sat on)       0.167
P(mat|the cat sat on the)   0.167

The product of a page's terms is too small for a float: their logarithms are added (in nats). Two
measures of held-out text follow. Perplexity is the reciprocal of a token's mean probability, the
geometric one; a model as unsure as if it chose among k tokens has perplexity k. It cannot be
compared across tokenizers, for longer tokens are harder to guess; bits per byte of the text can.

>>> print(f"{perplexity(Uniform(6), [[0, 1, 2], [5]]):.3f}")
6.000
>>> bits_per_byte(Uniform(256), [list(b"the cat")], n_bytes=7)
8.0

Sources: Shannon 1948, §3; Jelinek et al. 1977 (perplexity); Gao et al. 2020, §3.1 (bits a byte).

Left out: an end of text, which is a token like any other: with it the probabilities of texts of
all lengths sum to 1, without it those of each length do.
Proved by: sums over all sequences of a length; nltk's entropy and perplexity of n-gram models;
transformers' loss of a GPT behind this interface; cases worked by hand.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class LanguageModel(ABC):
    """A distribution over sequences of the tokens 0 to `vocab_size` - 1."""

    vocab_size: int

    @abstractmethod
    def next_token_probs(self, context: Sequence[int]) -> Float[Tensor, " V"]:
        """Give p(w | context) for all w in V; the context is the whole text so far, or empty."""

    def token_log_probs(
        self, sequence: Sequence[int], context: Sequence[int] = ()
    ) -> Float[Tensor, " n"]:
        """Give log p(w_i | context, w_1, …, w_i-1) for each token of the sequence.

        One step for each token; a model that predicts all positions in one pass overrides this.
        """
        check_tokens([*context, *sequence], self.vocab_size)
        context = list(context)
        log_probs = torch.empty(len(sequence), dtype=torch.float64)
        for i, token in enumerate(sequence):
            log_probs[i] = self.next_token_probs(context)[token].log()
            context.append(token)
        return log_probs

    def log_prob(self, sequence: Sequence[int], context: Sequence[int] = ()) -> float:
        """Give log p(sequence | context), the chain rule's sum; -inf where one term is 0."""
        return self.token_log_probs(sequence, context).sum().item()


class Uniform(LanguageModel):
    """Every token is as likely as any other, whatever came before: what a model must beat."""

    def __init__(self, vocab_size: int) -> None:
        self.vocab_size = vocab_size

    def next_token_probs(self, context: Sequence[int]) -> Float[Tensor, " V"]:
        """Give 1 / V to each token."""
        return torch.full((self.vocab_size,), 1 / self.vocab_size, dtype=torch.float64)


class Factor(NamedTuple):
    """One term of the chain rule: as the slide writes it, and its value."""

    text: str
    prob: float


def factorise(
    model: LanguageModel, sequence: Sequence[int], vocabulary: Sequence[str]
) -> list[Factor]:
    """Write the terms of the chain rule, P(w_1), P(w_2|w_1), …; `vocabulary` spells the tokens."""
    words = [vocabulary[token] for token in sequence]
    probs = model.token_log_probs(sequence).exp().tolist()
    bars = ["|" if i else "" for i in range(len(words))]
    return [
        Factor(f"P({word}{bar}{' '.join(words[:i])})", prob)
        for i, (word, bar, prob) in enumerate(zip(words, bars, probs, strict=True))
    ]


def perplexity(model: LanguageModel, sequences: Sequence[Sequence[int]]) -> float:
    """Give exp of the mean of -log p over all tokens of the sequences; infinite where one is 0."""
    n_tokens = sum(len(sequence) for sequence in sequences)
    return math.exp(_negative_log_prob(model, sequences) / n_tokens)


def bits_per_byte(
    model: LanguageModel, sequences: Sequence[Sequence[int]], *, n_bytes: int
) -> float:
    """Give -log2 p of all sequences, divided by the bytes of the text that they encode."""
    if n_bytes < 1:
        raise ValueError(
            f"n_bytes must be 1 or more: got {n_bytes}; count the text's bytes, len(text.encode())"
        )
    return _negative_log_prob(model, sequences) / math.log(2) / n_bytes


def _negative_log_prob(model: LanguageModel, sequences: Sequence[Sequence[int]]) -> float:
    if not any(sequences):
        raise ValueError(
            f"sequences must hold one token at least: got {len(sequences)} sequences, all empty; "
            "pass a list of lists of ids"
        )
    return -math.fsum(model.log_prob(sequence) for sequence in sequences)


def check_tokens(tokens: Sequence[int], vocab_size: int) -> None:
    """Refuse ids outside the vocabulary: a negative one would count from the end, unseen."""
    strange = [token for token in tokens if not 0 <= token < vocab_size]
    if strange:
        raise ValueError(
            f"tokens must lie between 0 and {vocab_size - 1}: got {strange[:5]}; encode the text "
            "with the tokenizer that the model was trained with"
        )
