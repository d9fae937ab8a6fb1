"""Wrong ways to write `scaled_dot_product_attention(q, k, v, mask=None)`, and what shows each.

Those about masks stand in `masked_attention`. `torch.softmax(…).nan_to_num(0.0)` stands for the
softmax of the assignment. Each function stands alone, so that it can be pasted into a notebook:
hence the length.
"""

import math
from typing import Any

import torch
from torch import Tensor

from autograder import expect
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def attention_unscaled(q, k, v, mask=None):
    """No division by √d_k."""
    scores = q @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_scaled_by_width(q, k, v, mask=None):
    """Division by d_k."""
    scores = q @ k.transpose(-2, -1) / q.shape[-1]
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_scaled_by_value_width(q, k, v, mask=None):
    """Division by √d_v."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(v.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_scaled_by_length(q, k, v, mask=None):
    """Division by the square root of the number of keys."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(k.shape[-2])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_multiplied_by_scale(q, k, v, mask=None):
    """Multiplication by √d_k."""
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_scaled_after_softmax(q, k, v, mask=None):
    """The weights divided instead of the scores."""
    scores = q @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    return weights / math.sqrt(q.shape[-1]) @ v


def attention_softmax_over_queries(q, k, v, mask=None):
    """Softmax along the axis of the queries."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-2).nan_to_num(0.0) @ v


def attention_softmax_over_axis_1(q, k, v, mask=None):
    """Softmax along axis 1: that of the keys with no batch dimension, of the queries with one."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=1).nan_to_num(0.0) @ v


def attention_no_softmax(q, k, v, mask=None):
    """The scores as weights."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, 0.0)
    return scores @ v


def attention_without_batch(q, k, v, mask=None):
    """k.T, which turns all axes round."""
    scores = q @ k.t() / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_one_batch_axis(q, k, v, mask=None):
    """Axes counted from the front."""
    scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.bmm(torch.softmax(scores, dim=-1).nan_to_num(0.0), v)


def attention_without_maximum(q, k, v, mask=None):
    """Exponentials straight from the scores."""
    e = torch.exp(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]))
    if mask is not None:
        e = e * mask
    total = e.sum(dim=-1, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0) @ v


def attention_in_float32(q, k, v, mask=None):
    """A float32 result, whatever came in."""
    scores = q.float() @ k.float().transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v.float()


def attention_in_place(q, k, v, mask=None):
    """The caller's queries overwritten."""
    q /= math.sqrt(q.shape[-1])
    scores = q @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_weights_detached(q, k, v, mask=None):
    """The weights cut off from queries and keys."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores.detach(), dim=-1).nan_to_num(0.0) @ v


def attention_weights_too(q, k, v, mask=None):
    """Output and weights."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    return weights @ v, weights


def inputs(draw: Draw, *batch: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
    """Queries, keys and values with d_k, d_v, n and m all different."""
    return tuple(draw.normal(*batch, *shape, dtype=dtype) for shape in ((4, 6), (5, 6), (5, 3)))


def _values(attention: Any, draw: Draw) -> Observation:
    return tuple(observe(lambda b=b: attention(*inputs(draw, *b))) for b in ((), (2,), (2, 3)))


def _large(attention: Any, draw: Draw) -> Observation:
    q, k, v = inputs(draw)
    return observe(lambda: attention(q, k, v)), observe(lambda: attention(300 * q, k, v))


def _dtypes(attention: Any, draw: Draw) -> Observation:
    dtypes = (torch.float32, torch.float64)
    return tuple(observe(lambda t=t: attention(*inputs(draw, 2, dtype=t))) for t in dtypes)


def _changed(attention: Any, draw: Draw) -> Observation:
    q, k, v = inputs(draw, 2)
    return observe(lambda: attention(q, k, v)), q, k, v


def _gradient(attention: Any, draw: Draw) -> Observation:
    plain = observe(lambda: attention(*inputs(draw)))
    leaves = {str(i): x.requires_grad_() for i, x in enumerate(inputs(draw))}
    cotangent = draw.normal(4, 3)

    def found() -> object:
        output = attention(*leaves.values())
        return list(expect.gradients(output, leaves, cotangent, what="").values())

    return plain, observe(found)


MISCONCEPTIONS = (
    Misconception(
        "attention-unscaled",
        "You forgot to divide the scores by √d_k: without it they grow with the width, and softmax "
        "puts nearly all the weight on one key.",
        attention_unscaled,
        _values,
    ),
    Misconception(
        "attention-scaled-by-width",
        "You divide the scores by d_k: divide by √d_k, the standard deviation of a dot product of "
        "d_k terms.",
        attention_scaled_by_width,
        _values,
    ),
    Misconception(
        "attention-scaled-by-value-width",
        "You divide the scores by √d_v: the width that counts is d_k, that of queries and keys.",
        attention_scaled_by_value_width,
        _values,
    ),
    Misconception(
        "attention-scaled-by-length",
        "You divide the scores by the square root of the number of keys: the width d_k counts, the "
        "last axis of q.",
        attention_scaled_by_length,
        _values,
    ),
    Misconception(
        "attention-multiplied-by-scale",
        "You multiply the scores by √d_k: divide by it.",
        attention_multiplied_by_scale,
        _values,
    ),
    Misconception(
        "attention-scaled-after-softmax",
        "You divide by √d_k after the softmax: then the weights no longer sum to 1. Divide the "
        "scores, before.",
        attention_scaled_after_softmax,
        _values,
    ),
    Misconception(
        "attention-softmax-over-queries",
        "Your softmax runs over the queries: each query shares its weight out among the keys, "
        "which lie along the last axis of the scores.",
        attention_softmax_over_queries,
        _values,
    ),
    Misconception(
        "attention-softmax-over-axis-1",
        "Your softmax runs along axis 1, which is that of the keys only where there is no batch "
        "dimension: use dim=-1.",
        attention_softmax_over_axis_1,
        _values,
    ),
    Misconception(
        "attention-no-softmax",
        "You use the scores themselves as weights: the softmax between them is missing.",
        attention_no_softmax,
        _values,
    ),
    Misconception(
        "attention-without-batch",
        "You transpose k with .t() or .T, which works for matrices only: swap the last two axes "
        "with transpose(-2, -1) or .mT, whatever stands before them.",
        attention_without_batch,
        _values,
    ),
    Misconception(
        "attention-one-batch-axis",
        "You count axes from the front, so that exactly one batch dimension works: count from the "
        "end, with transpose(-2, -1) and @.",
        attention_one_batch_axis,
        _values,
    ),
    Misconception(
        "attention-without-maximum",
        "You exponentiate the scores as they are, which overflows: use your stable softmax.",
        attention_without_maximum,
        _large,
    ),
    Misconception(
        "attention-in-float32",
        "Your result is float32 whatever came in: keep the dtype of the inputs.",
        attention_in_float32,
        _dtypes,
    ),
    Misconception(
        "attention-in-place",
        "You change the caller's queries: `q /= …` works on them directly. Write `q = q / …`.",
        attention_in_place,
        _changed,
    ),
    Misconception(
        "attention-weights-detached",
        "No gradient reaches queries and keys: detach, .data and no_grad cut the weights off, so "
        "where to look could never be learned.",
        attention_weights_detached,
        _gradient,
    ),
    Misconception(
        "attention-weights-too",
        "You return the weights as well: the output alone is asked for.",
        attention_weights_too,
        _values,
    ),
)
