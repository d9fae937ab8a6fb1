"""Wrong ways to treat the mask of `scaled_dot_product_attention`, and what shows each.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import math
from typing import Any

import torch

from assignments.a3_attention.misconceptions.scaled_dot_product_attention import inputs
from autograder import expect
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe, observe_on_meta


def attention_mask_ignored(q, k, v, mask=None):
    """The mask not used."""
    return torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]), dim=-1) @ v


def attention_mask_inverted(q, k, v, mask=None):
    """True taken for forbidden."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_mask_after_softmax(q, k, v, mask=None):
    """Weights set to 0 that the others then lack."""
    weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]), dim=-1)
    if mask is not None:
        weights = weights * mask
    return weights @ v


def attention_masked_scores_zero(q, k, v, mask=None):
    """Scores set to 0, which is not nothing."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores * mask
    return torch.softmax(scores, dim=-1) @ v


def attention_mask_added(q, k, v, mask=None):
    """A boolean mask added to the scores."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores + mask
    return torch.softmax(scores, dim=-1) @ v


def attention_fill_too_small(q, k, v, mask=None):
    """-100 for minus infinity."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is None:
        return torch.softmax(scores, dim=-1) @ v
    weights = torch.softmax(scores.masked_fill(~mask, -100.0), dim=-1)
    return (weights * mask.any(dim=-1, keepdim=True)) @ v


def attention_uniform_where_empty(q, k, v, mask=None):
    """-1e9 for minus infinity."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    return torch.softmax(scores, dim=-1) @ v


def attention_nan_where_empty(q, k, v, mask=None):
    """0 / 0 where nothing may be attended to."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores, dim=-1) @ v


def attention_nan_gradients(q, k, v, mask=None):
    """NaN made and then covered up in the output."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    output = torch.softmax(scores, dim=-1) @ v
    return torch.where(torch.isnan(output), torch.zeros_like(output), output)


def attention_all_zero_if_any_row_is(q, k, v, mask=None):
    """Zeros everywhere as soon as one query has nothing to attend to."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
        if not mask.any(dim=-1).all():
            return torch.zeros(*q.shape[:-1], v.shape[-1], dtype=v.dtype) * q.sum() * v.sum()
    return torch.softmax(scores, dim=-1) @ v


def attention_always_causal(q, k, v, mask=None):
    """A causal mask nobody asked for."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    allowed = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).tril()
    if mask is not None:
        allowed = allowed & mask
    return torch.softmax(scores.masked_fill(~allowed, -math.inf), dim=-1).nan_to_num(0.0) @ v


def attention_mask_used_as_index(q, k, v, mask=None):
    """`scores[~mask]`, which does not broadcast."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores[~mask] = -math.inf
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_mask_of_matrices_only(q, k, v, mask=None):
    """A mask (n, m) taken for granted."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        n, m = mask.shape
        scores = scores.masked_fill(~mask.view(n, m), -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def attention_mask_on_the_cpu(q, k, v, mask=None):
    """A tensor made on the default device."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        forbidden = torch.full(scores.shape, -math.inf, dtype=scores.dtype)
        scores = torch.where(mask, scores, forbidden)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v


def _masked(attention: Any, draw: Draw) -> Observation:
    plain = observe(lambda: attention(*inputs(draw)))
    masked = observe(lambda: attention(*inputs(draw), draw.mask(4, 5)))
    one_each = draw.mask(3, 4, 5)
    return plain, masked, observe(lambda: attention(*inputs(draw, 3), mask=one_each))


def _empty(attention: Any, draw: Draw) -> Observation:
    masked = observe(lambda: attention(*inputs(draw, 2), draw.mask(4, 5)))
    return masked, observe(lambda: attention(*inputs(draw), draw.mask(4, 5, empty_rows=2)))


def _empty_gradient(attention: Any, draw: Draw) -> Observation:
    mask, cotangent = draw.mask(4, 5, empty_rows=1), draw.normal(4, 3)
    plain = observe(lambda: attention(*inputs(draw), mask))
    leaves = {str(i): x.requires_grad_() for i, x in enumerate(inputs(draw))}

    def found() -> object:
        output = attention(*leaves.values(), mask)
        return list(expect.gradients(output, leaves, cotangent, what="").values())

    return plain, observe(found)


def _faint(attention: Any, draw: Draw) -> Observation:
    """Allowed scores near -400, forbidden ones near 0."""
    q, k, v = inputs(draw)
    mask = draw.mask(1, 5).expand(4, 5)
    aside = torch.where(mask[0, :, None], -10.0 * q[:1], 0.0 * k)
    plain = observe(lambda: attention(q, k, v, mask.clone()))
    return plain, observe(lambda: attention(100.0 * q[:1], aside, v, mask[:1].clone()))


def _broadcast(attention: Any, draw: Draw) -> Observation:
    shapes = ((3, 4, 5), (4, 5), (5,), (1, 4, 5))
    return tuple(observe(lambda s=s: attention(*inputs(draw, 3), draw.mask(*s))) for s in shapes)


def _device(attention: Any, draw: Draw) -> Observation:
    mask = draw.mask(4, 5)
    here = observe(lambda: attention(*inputs(draw), mask))
    there = [x.to("meta") for x in (*inputs(draw), mask)]
    return here, *(observe_on_meta(lambda a=a: attention(*a)) for a in (there[:3], there))


MISCONCEPTIONS = (
    Misconception(
        "attention-mask-ignored",
        "You do not use the mask: scores of forbidden keys must become -inf before the softmax.",
        attention_mask_ignored,
        _masked,
    ),
    Misconception(
        "attention-mask-inverted",
        "Your mask works the wrong way round: True means may attend, so fill where it is False "
        "(masked_fill(~mask, …)).",
        attention_mask_inverted,
        _masked,
    ),
    Misconception(
        "attention-mask-after-softmax",
        "You set weights to 0 after the softmax: those that are left no longer sum to 1. Mask the "
        "scores, before.",
        attention_mask_after_softmax,
        _masked,
    ),
    Misconception(
        "attention-masked-scores-zero",
        "You set forbidden scores to 0: exp(0) is 1, so they still get weight. Set them to -inf.",
        attention_masked_scores_zero,
        _masked,
    ),
    Misconception(
        "attention-mask-added",
        "You add the boolean mask to the scores, which only favours allowed keys by 1: fill the "
        "forbidden scores with -inf.",
        attention_mask_added,
        _masked,
    ),
    Misconception(
        "attention-fill-too-small",
        "You fill forbidden scores with a number that real scores can fall below, and then the "
        "forbidden keys win: fill with -inf.",
        attention_fill_too_small,
        _faint,
    ),
    Misconception(
        "attention-uniform-where-empty",
        "A query with nothing to attend to gets the mean of all values, forbidden ones too: with a "
        "large negative number for -inf, all its scores are equal. It must get zeros.",
        attention_uniform_where_empty,
        _empty,
    ),
    Misconception(
        "attention-nan-where-empty",
        "A query with nothing to attend to gets NaN: softmax of nothing but -inf is 0/0. It must "
        "get zeros, as your own softmax can give.",
        attention_nan_where_empty,
        _empty,
    ),
    Misconception(
        "attention-nan-gradients",
        "You cover up NaN in the output, but the gradients still go through it and are NaN: keep "
        "NaN from arising, by making the weights 0.",
        attention_nan_gradients,
        _empty_gradient,
    ),
    Misconception(
        "attention-all-zero-if-any-row-is",
        "As soon as one query has nothing to attend to, all get zeros: only that one should.",
        attention_all_zero_if_any_row_is,
        _empty,
    ),
    Misconception(
        "attention-always-causal",
        "You always hide the future: only the mask that is passed counts, and without one every "
        "key may be attended to.",
        attention_always_causal,
        _masked,
    ),
    Misconception(
        "attention-mask-used-as-index",
        "`scores[~mask] = …` needs a mask of exactly the scores' shape: masked_fill and "
        "torch.where broadcast it.",
        attention_mask_used_as_index,
        _broadcast,
    ),
    Misconception(
        "attention-mask-of-matrices-only",
        "You take the mask to be (n, m): it may have any shape that broadcasts to (…, n, m).",
        attention_mask_of_matrices_only,
        _broadcast,
    ),
    Misconception(
        "attention-mask-on-the-cpu",
        "You make a tensor on the default device, which fails when the inputs live on a GPU: use "
        "masked_fill, torch.full_like or device=q.device.",
        attention_mask_on_the_cpu,
        _device,
    ),
)
