"""Span corruption: cut gaps into a text, and ask for what stood in them.

Slide "LLMs Taxonomy: Encoder-Decoder Models" (the example); Raffel et al. 2020, §3.1.4, §3.3.4,
Fig. 2. 15% of the tokens go, in spans of 3 on average. In the inputs a sentinel stands for each
span, another one for each; the targets are the spans, each behind its sentinel, and one sentinel
more to end. Most of the text is in the inputs alone, so that targets are short and training cheap.

>>> words = "Thank you for inviting me to your party last week.".split()
>>> inputs, targets = corrupt(words, [(2, 4), (8, 9)], ["<X>", "<Y>", "<Z>"])
>>> " ".join(inputs), " ".join(targets)
('Thank you <X> me to your party <Y> week.', '<X> for inviting <Y> last <Z>')
>>> " ".join(restore(inputs, targets, ["<X>", "<Y>", "<Z>"]))
'Thank you for inviting me to your party last week.'

Tokens may be words or ids: these functions move them, and never look inside. So a list stays a
list, on no device; `pretrain_t5` makes tensors of what comes out.

All ways to place so many spans of so many tokens are equally likely. In T5's released code a text
always begins with a kept token and ends with a lost one; and its targets lack the last sentinel.

Left out: the paper's other objectives (§3.3.1), whole words kept together.
Proved by: the slide's example; every placing counted for short texts, by chi-squared; lengths of
spans against their exact distribution; released sizes (568 tokens become 511 and 113); the inverse.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import torch

RATE, MEAN_LENGTH = 0.15, 3.0  # Raffel et al. 2020, §3.3.4
N_SENTINELS = 100  # released vocabulary

Token = TypeVar("Token", bound=str | int)
Span = tuple[int, int]  # of tokens lost: the first, and the first kept again


def random_spans(
    n: int,
    generator: torch.Generator | None = None,
    rate: float = RATE,
    mean_length: float = MEAN_LENGTH,
) -> list[Span]:
    """Choose which of n tokens are lost: `rate` of them, in spans that average `mean_length`.

    Both numbers are rounded, and the same in each draw: one token at least is lost, one kept, one
    between two spans.
    """
    if n < 2 or not 0 < rate < 1 or mean_length < 1:
        raise ValueError(
            "n must be 2 or more, 0 < rate < 1, and mean_length 1 or more: got "
            f"n={n}, rate={rate}, mean_length={mean_length}; T5 has 0.15 and 3"
        )
    n_lost = min(max(round(n * rate), 1), n - 1)
    n_kept = n - n_lost
    n_spans = min(max(round(n_lost / mean_length), 1), n_kept + 1)
    lengths = _random_parts(n_lost, n_spans, generator)
    # Before the first span and behind the last there may be nothing; _random_parts gives 1 or more.
    gaps = _random_parts(n_kept + 2, n_spans + 1, generator)
    spans, start = [], gaps[0] - 1
    for length, gap in zip(lengths, gaps[1:], strict=True):
        spans.append((start, start + length))
        start += length + gap
    return spans


def corrupt(
    tokens: Sequence[Token], spans: Sequence[Span], sentinels: Sequence[Token]
) -> tuple[list[Token], list[Token]]:
    """Part the tokens into inputs and targets; both tell the spans apart by the sentinels."""
    _check(tokens, spans, sentinels)
    inputs: list[Token] = []
    targets: list[Token] = []
    kept_from = 0
    for (start, stop), sentinel in zip(spans, sentinels, strict=False):
        inputs += [*tokens[kept_from:start], sentinel]
        targets += [sentinel, *tokens[start:stop]]
        kept_from = stop
    return [*inputs, *tokens[kept_from:]], [*targets, sentinels[len(spans)]]


def restore(
    inputs: Sequence[Token], targets: Sequence[Token], sentinels: Sequence[Token]
) -> list[Token]:
    """Put what the targets say into the inputs' gaps: the inverse of `corrupt`."""
    known = set(sentinels)
    lost: dict[Token, list[Token]] = {}
    for token in targets:
        if token in known:
            span = lost[token] = []
        elif lost:
            span.append(token)
        else:
            raise ValueError(
                f"targets must begin with a sentinel: got {token!r}; drop what is before"
            )
    unanswered = [token for token in inputs if token in known and token not in lost]
    if unanswered:
        raise ValueError(
            f"targets must hold each sentinel of the inputs: got none of {unanswered}; pass the "
            "targets that belong to these inputs"
        )
    return [t for token in inputs for t in (lost[token] if token in known else [token])]


def sentinel_ids(vocab_size: int, n_sentinels: int = N_SENTINELS) -> list[int]:
    """Give T5's sentinels: the vocabulary's last ids, the first sentinel being the very last."""
    if not 0 < n_sentinels <= vocab_size:
        raise ValueError(
            f"sentinels are ids of the vocabulary: got n_sentinels={n_sentinels} and "
            f"vocab_size={vocab_size}; T5 has 100 and 32,100"
        )
    return list(range(vocab_size - 1, vocab_size - 1 - n_sentinels, -1))


def _random_parts(total: int, n_parts: int, generator: torch.Generator | None) -> list[int]:
    """Cut a whole into parts of 1 or more, all ways equally likely: cuts at distinct places."""
    cuts = torch.randperm(total - 1, generator=generator)[: n_parts - 1] + 1
    return [b - a for a, b in pairwise([0, *sorted(cuts.tolist()), total])]


def _check(tokens: Sequence[Token], spans: Sequence[Span], sentinels: Sequence[Token]) -> None:
    if len(sentinels) <= len(spans):
        raise ValueError(
            f"each span needs a sentinel, and the end one more: got {len(spans)} spans and "
            f"{len(sentinels)} sentinels; cut the text shorter"
        )
    in_both = [token for token in tokens if token in set(sentinels)]
    if in_both:
        raise ValueError(
            f"sentinels must not occur in the text: got {in_both} in both; choose tokens that no "
            "text has"
        )
    edges = [-1, *(edge for span in spans for edge in span)]
    if any(b <= a for a, b in pairwise(edges)) or edges[-1] > len(tokens):
        raise ValueError(
            "spans must be (start, stop) in order, with a token between two: got "
            f"{list(spans)} for {len(tokens)} tokens; join those that touch"
        )
