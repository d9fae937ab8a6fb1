"""Choosing the next token: the likeliest, or one drawn from a distribution made steeper or shorter.

Slide "Language Models", p(w | w_1, w_2) for all w in V: a model says how likely each token is, not
which to take. All functions work on logits, or log-probabilities, which differ by a constant.

    greedy               the likeliest token; text soon repeats itself
    sample               w with probability p(w), a softmax of the logits
    with_temperature     p^(1/T): below 1 steeper, above 1 flatter      Ackley et al. 1985
    keep_top_k           the k likeliest tokens                         Fan et al. 2018, §5.4
    keep_top_p           the fewest likeliest tokens that sum to p:     Holtzman et al. 2020, §3.1
                         many where the model is unsure, few where it is sure

What is not kept gets the logit -inf; the rest is normalised again by the softmax. Filters can be
combined, and the order counts: customary is temperature, then k, then p.

>>> logits = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
>>> with_temperature(logits, 0.5).softmax(-1).tolist()[:2]  # squares: 16 to 4 to 1 to 1
[0.7272727489471436, 0.1818181872367859]
>>> keep_top_p(logits, 0.6).exp().tolist()
[0.5, 0.25, 0.0, 0.0]
>>> keep_top_k(logits, 3).exp().tolist()  # all that are as likely as the third
[0.5, 0.25, 0.125, 0.125]

`continuation` draws one from any `LanguageModel`, one token after another; many texts at a time and
a cache are in `generation`.

Left out: beam search; penalties for repetition; min-p, typical sampling.
Proved by: transformers' logits processors, whole tensors; drawn frequencies by chi-squared; limits
(T to 0 is greedy, k = V and p = 1 keep everything); cases worked by hand.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from reference.language_model import LanguageModel

NEVER = float("-inf")


def greedy(logits: Float[Tensor, "*batch V"]) -> Int[Tensor, "*batch"]:
    """Choose the likeliest token; of several, the one with the lowest id."""
    highest = logits == logits.max(-1, keepdim=True).values
    return highest.to(torch.uint8).argmax(-1)  # torch promises no order for ties of floats


def sample(
    logits: Float[Tensor, "*batch V"], generator: Generator | None = None
) -> Int[Tensor, "*batch"]:
    """Draw one token a row from the softmax of the logits."""
    probs = _softmax(logits)
    rows = probs.reshape(-1, probs.shape[-1])
    return torch.multinomial(rows, 1, generator=generator).reshape(logits.shape[:-1])


def with_temperature(
    logits: Float[Tensor, "*batch V"], temperature: float
) -> Float[Tensor, "*batch V"]:
    """Divide by the temperature."""
    if not temperature > 0:
        raise ValueError(
            f"temperature must be positive: got {temperature}; the limit at 0 is greedy"
        )
    return logits / temperature


def keep_top_k(logits: Float[Tensor, "*batch V"], k: int) -> Float[Tensor, "*batch V"]:
    """Keep the k highest logits, and all that equal the lowest of these."""
    vocab_size = logits.shape[-1]
    if not 1 <= k <= vocab_size:
        raise ValueError(
            f"k must lie between 1 and the vocabulary's size: got k={k}, V={vocab_size}; k=V keeps "
            "every token"
        )
    lowest = logits.topk(k).values[..., -1:]
    return logits.masked_fill(logits < lowest, NEVER)


def keep_top_p(logits: Float[Tensor, "*batch V"], p: float) -> Float[Tensor, "*batch V"]:
    """Keep the likeliest tokens, one by one, until their probabilities sum to p or more.

    Of equally likely tokens, those with the lowest ids are kept first.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1: got {p}; p=1 keeps every token")
    probs, order = _softmax(logits).sort(descending=True, stable=True)
    mass_before = probs.cumsum(-1) - probs
    dropped_in_order = (mass_before >= p) & (p < 1)  # sums are rounded: p = 1 drops nothing
    dropped = torch.empty_like(dropped_in_order).scatter(-1, order, dropped_in_order)
    return logits.masked_fill(dropped, NEVER)


def _softmax(logits: Float[Tensor, "*batch V"]) -> Float[Tensor, "*batch V"]:
    """Take the softmax in float32 at least: in bfloat16, sums over V tokens stand still near 1."""
    return logits.softmax(-1, dtype=torch.promote_types(logits.dtype, torch.float32))


def continuation(
    model: LanguageModel,
    context: Sequence[int],
    n_tokens: int,
    choose: Callable[[Float[Tensor, " V"]], Int[Tensor, ""]] = greedy,
) -> list[int]:
    """Go on from the context by `n_tokens` tokens, each chosen from the logits of the next."""
    tokens = list(context)
    for _ in range(n_tokens):
        tokens.append(int(choose(model.next_token_probs(tokens).log())))
    return tokens[len(context) :]
