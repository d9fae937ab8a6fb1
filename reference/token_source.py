"""A source of tokens that never repeats, and of which the least possible loss is known.

Slide "Scaling laws" needs runs, and runs need data. Text ends, and how much of it no model can
predict is unknown. This source goes on for ever, and says. It writes word after word, each drawn
anew with the frequencies that Zipf found in language: the word of rank r has p(r) ∝ r^-s. A word is
spelled with four of 32 letters, which are the tokens; of the 32^4 spellings each belongs to one
word, and which one was drawn by lot. So the first letter of a word is hard to tell, and the last
one easy, for those who know the word. A letter costs at least a quarter of a word's entropy:

>>> source = TokenSource()
>>> source.vocab_size, source.n_words
(32, 1048576)
>>> round(source.entropy_rate, 3)  # nats a token
1.498

That is the E of a scaling law fitted here, and the rest of the loss is a power of what was learned.
A spelling has no rule: it is learned by heart, which takes parameters, and only after it was seen a
few times, which takes data. Who knows the k most frequent words is left with the others, and they
are a share of about k^-(s - 1) of the text: rare words have every frequency, there is no scale at
which all is known. Parameters for k ∝ N words give α ≈ s - 1; a word seen often enough in D tokens
has a rank up to k ∝ D^(1/s), which gives β ≈ (s - 1) / s (Hutter 2021, arXiv:2102.04074, for data;
Michaud et al. 2023, arXiv:2303.13506, §2, for both). The argument is rough: it takes words to be
learned or not, and knows nothing of optimisers. It says why the loss falls gradually, not how fast:
with s = 1.2 it gives α = 0.2 and β = 0.17, and the law fitted to our runs has 0.64 and 0.63. The
share below falls faster than k^-0.2 too, since the millionth word is the last.

>>> shares = [source.unknown_share(k) for k in (100, 1000, 10_000)]
>>> [round(share, 3) for share in shares]
[0.317, 0.179, 0.091]

Left out: what one word says about the next, letters that make words easy to say, meaning.
Proved by: letters counted in samples; entropies recomputed letter by letter from all words.
"""

from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor


class TokenSource:
    """The source of one seed: which spelling belongs to which word is random, and stays."""

    def __init__(
        self, vocab_size: int = 32, word_length: int = 4, *, exponent: float = 1.2, seed: int = 0
    ) -> None:
        """Draw the spellings; `exponent` is Zipf's s, 0 for words that are all as frequent."""
        if vocab_size < 2 or word_length < 1:
            raise ValueError(
                "vocab_size must be 2 or more and word_length 1 or more: got "
                f"{vocab_size} and {word_length}; words differ by their letters"
            )
        self.vocab_size, self.word_length = vocab_size, word_length
        self.exponent, self.seed = exponent, seed
        self.n_words = vocab_size**word_length
        weights = torch.arange(1, self.n_words + 1, dtype=torch.float64) ** -exponent
        self.word_probs = weights / weights.sum()  # by rank, the most frequent first
        generator = torch.Generator().manual_seed(seed)
        self.spellings = torch.randperm(self.n_words, generator=generator)  # rank -> number

    @property
    def entropy_rate(self) -> float:
        """Nats a token that no model can do without."""
        return -(self.word_probs * self.word_probs.log()).sum().item() / self.word_length

    def unknown_share(self, k: int) -> float:
        """Share of the text that is not among the k most frequent words."""
        return self.word_probs[k:].sum().item()

    def sample(
        self, n_sequences: int, n_words: int, generator: torch.Generator
    ) -> Int[Tensor, "n_sequences n"]:
        """Draw independent sequences of so many whole words; n = n_words * word_length tokens."""
        u = torch.rand(n_sequences, n_words, dtype=torch.float64, generator=generator)
        ranks = torch.searchsorted(self._up_to, u, right=True).clamp(max=self.n_words - 1)
        return self.letters(self.spellings[ranks]).flatten(-2)

    def letters(self, spelling: Int[Tensor, "*batch"]) -> Int[Tensor, "*batch word_length"]:
        """Write numbers below n_words with `word_length` digits: the letters."""
        powers = self.vocab_size ** torch.arange(self.word_length - 1, -1, -1)
        return spelling[..., None] // powers % self.vocab_size

    def next_token_probs(self, tokens: Int[Tensor, "b n"]) -> Float[Tensor, "b n V"]:
        """Give p(token | those before it) at every place of sequences of whole words."""
        if tokens.shape[1] % self.word_length:
            raise ValueError(
                f"tokens must be words of {self.word_length} letters: got sequences of "
                f"{tokens.shape[1]}; cut them where a word ends"
            )
        words = tokens.unflatten(1, (-1, self.word_length))  # (b, words, word_length)
        probs = []
        for place in range(self.word_length):
            shape = (self.vocab_size,) * (place + 1)
            beginnings = self._by_spelling.view(*shape, -1).sum(-1)
            joint = beginnings[tuple(words[..., :place].unbind(-1))]
            probs.append((joint / joint.sum(-1, keepdim=True)).expand(*words.shape[:2], -1))
        return torch.stack(probs, dim=2).flatten(1, 2)

    @cached_property
    def _up_to(self) -> Float[Tensor, " n_words"]:
        return self.word_probs.cumsum(0)

    @cached_property
    def _by_spelling(self) -> Float[Tensor, "..."]:
        probs = torch.empty_like(self.word_probs)
        probs[self.spellings] = self.word_probs
        return probs.view((self.vocab_size,) * self.word_length)
