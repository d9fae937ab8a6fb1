"""Wrong ways to write `causal_mask(n, device=None)`, and what shows each."""

import math
from typing import Any

import torch

from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def causal_mask_only_future(n, device=None):
    """The upper triangle."""
    return torch.ones(n, n, dtype=torch.bool, device=device).triu()


def causal_mask_true_means_blocked(n, device=None):
    """True where attention is forbidden."""
    return torch.triu(torch.ones(n, n, dtype=torch.bool, device=device), diagonal=1)


def causal_mask_without_itself(n, device=None):
    """The diagonal left out."""
    return torch.tril(torch.ones(n, n, dtype=torch.bool, device=device), diagonal=-1)


def causal_mask_one_too_many(n, device=None):
    """One position of the future let in."""
    i = torch.arange(n, device=device)
    return i[None, :] <= i[:, None] + 1


def causal_mask_of_numbers(n, device=None):
    """Ones and zeros."""
    return torch.tril(torch.ones(n, n, device=device))


def causal_mask_to_be_added(n, device=None):
    """0 and -inf, to be added to scores."""
    return torch.full((n, n), -math.inf, device=device).triu(diagonal=1)


def causal_mask_on_the_cpu(n, device=None):
    """`device` forgotten."""
    return torch.tril(torch.ones(n, n, dtype=torch.bool))


def causal_mask_with_batch_axis(n, device=None):
    """An axis too many."""
    return torch.ones(1, n, n, dtype=torch.bool, device=device).tril()


def _masks(causal_mask: Any, draw: Draw) -> Observation:
    here = tuple(observe(lambda n=n: causal_mask(n)) for n in (1, draw.integer(3, 7)))
    return here, observe(lambda: causal_mask(3, device="meta"))


MISCONCEPTIONS = (
    Misconception(
        "causal-mask-only-future",
        "Your mask is the upper triangle: it lets each position see itself and the future, and "
        "hides the past. Row i is the query: keep columns j ≤ i (torch.tril).",
        causal_mask_only_future,
        _masks,
    ),
    Misconception(
        "causal-mask-true-means-blocked",
        "Your mask is True where attention is forbidden: here True means may attend. "
        "(torch.nn.MultiheadAttention has it the other way round.)",
        causal_mask_true_means_blocked,
        _masks,
    ),
    Misconception(
        "causal-mask-without-itself",
        "Your mask leaves out the diagonal: a position may attend to itself, and the first has "
        "nothing else.",
        causal_mask_without_itself,
        _masks,
    ),
    Misconception(
        "causal-mask-one-too-many",
        "Your mask lets each position see the next one: the very token it is to predict.",
        causal_mask_one_too_many,
        _masks,
    ),
    Misconception(
        "causal-mask-of-numbers",
        "Your mask holds numbers: it must be boolean (dtype=torch.bool).",
        causal_mask_of_numbers,
        _masks,
    ),
    Misconception(
        "causal-mask-to-be-added",
        "Your mask holds 0 and -inf, to be added to scores: here a mask is boolean, True = may.",
        causal_mask_to_be_added,
        _masks,
    ),
    Misconception(
        "causal-mask-on-the-cpu",
        "You ignore `device`: pass it on to the function that makes the tensor.",
        causal_mask_on_the_cpu,
        _masks,
    ),
    Misconception(
        "causal-mask-with-batch-axis",
        "Your mask has an axis too many: its shape is (n, n); broadcasting adds the others.",
        causal_mask_with_batch_axis,
        _masks,
    ),
)
