"""Right ways to write `scaled_dot_product_attention(q, k, v, mask=None)`."""

import math

import torch
import torch.nn.functional as F

import reference.attention
from autograder.misconception import RightImplementation


def attention_library(q, k, v, mask=None):
    """F.scaled_dot_product_attention, and zeros where nothing may be attended to."""
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v)
    mask = mask.expand(*q.shape[:-1], k.shape[-2])
    some = mask.any(dim=-1, keepdim=True)
    output = F.scaled_dot_product_attention(q, k, v, attn_mask=mask | ~some)
    return output.masked_fill(~some, 0.0)


def attention_einsum(q, k, v, mask=None):
    """Einsum, and weights with NaN replaced."""
    scores = torch.einsum("...nd,...md->...nm", q, k) / q.size(-1) ** 0.5
    if mask is not None:
        scores = torch.where(mask, scores, -torch.inf)
    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    return torch.einsum("...nm,...md->...nd", weights, v)


def attention_lowest_number(q, k, v, mask=None):
    """The lowest finite number, and weights of empty rows set to 0."""
    scores = torch.matmul(q * (1.0 / math.sqrt(q.shape[-1])), k.transpose(-1, -2))
    if mask is None:
        return torch.softmax(scores, dim=-1) @ v
    scores = scores.masked_fill(mask.logical_not(), torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    return weights.masked_fill(mask.logical_not(), 0) @ v


def attention_minus_1e9(q, k, v, mask=None):
    """-1e9, and outputs of empty rows set to 0."""
    scores = (q @ k.mT) / math.sqrt(q.shape[-1])
    if mask is None:
        return scores.softmax(-1) @ v
    output = scores.masked_fill(~mask, -1e9).softmax(-1) @ v
    return output * mask.any(-1, keepdim=True).to(output.dtype)


def attention_query_by_query(q, k, v, mask=None):
    """One query at a time."""
    if mask is not None:
        mask = mask.expand(*q.shape[:-1], k.shape[-2])
    outputs = []
    for i in range(q.shape[-2]):
        scores = (k * q[..., i : i + 1, :]).sum(dim=-1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask[..., i, :], -math.inf)
        weights = torch.nan_to_num(torch.softmax(scores, dim=-1))
        outputs.append((weights.unsqueeze(-1) * v).sum(dim=-2))
    return torch.stack(outputs, dim=-2)


def attention_flat_batches(q, k, v, mask=None):
    """All batch dimensions made one, then bmm."""
    batch, n, m = q.shape[:-2], q.shape[-2], k.shape[-2]
    flat_q, flat_k, flat_v = (x.reshape(-1, *x.shape[-2:]) for x in (q, k, v))
    scores = torch.bmm(flat_q, flat_k.permute(0, 2, 1)) / torch.sqrt(
        torch.tensor(q.shape[-1], dtype=q.dtype, device=q.device)
    )
    if mask is not None:
        forbidden = ~mask.broadcast_to(*batch, n, m).reshape(-1, n, m)
        scores[forbidden] = -math.inf
    weights = torch.softmax(scores, dim=-1)
    weights = torch.where(torch.isnan(weights), torch.zeros_like(weights), weights)
    return torch.bmm(weights, flat_v).reshape(*batch, n, v.shape[-1])


def attention_branch_on_empty_rows(q, k, v, mask=None):
    """Ordinary Python looks whether a row is empty."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(k.shape[-1])
    if mask is None:
        return torch.softmax(scores, dim=-1) @ v
    bias = torch.zeros_like(scores).masked_fill(~mask, -math.inf)
    scores = scores + bias
    empty = ~mask.any(dim=-1, keepdim=True)
    if bool(empty.any()):
        scores = scores.masked_fill(empty, 0.0)
        return (torch.softmax(scores, dim=-1) @ v).masked_fill(empty, 0.0)
    return torch.softmax(scores, dim=-1) @ v


def attention_by_hand(q, k, v, mask=None):
    """Exponentials of allowed scores alone."""
    scores = (q / q.shape[-1] ** 0.25) @ (k / k.shape[-1] ** 0.25).transpose(-2, -1)
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand_as(scores)
    top = scores.masked_fill(~allowed, -math.inf).amax(-1, keepdim=True).detach()
    top = torch.where(top.isfinite(), top, torch.zeros_like(top))
    e = torch.exp((scores - top).masked_fill(~allowed, -math.inf))
    total = e.sum(-1, keepdim=True)
    return (e @ v) / total.masked_fill(total == 0, 1)


RIGHT = (
    RightImplementation(
        "reference", "the reference", reference.attention.scaled_dot_product_attention
    ),
    RightImplementation("library", "F.scaled_dot_product_attention", attention_library),
    RightImplementation("einsum", "einsum", attention_einsum),
    RightImplementation("lowest-number", "finfo.min, then zeroed", attention_lowest_number),
    RightImplementation("minus-1e9", "-1e9, then zeroed", attention_minus_1e9),
    RightImplementation("loop", "one query at a time", attention_query_by_query),
    RightImplementation("flat-batches", "reshape and bmm", attention_flat_batches),
    RightImplementation("branch", "an if on empty rows", attention_branch_on_empty_rows),
    RightImplementation("by-hand", "no softmax function at all", attention_by_hand),
)
