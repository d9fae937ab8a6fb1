"""Right ways to write `softmax(x, dim=-1)`."""

import math

import torch
import torch.nn.functional as F

import reference.attention
from autograder.misconception import RightImplementation


def softmax_library(x, dim=-1):
    """torch.softmax, with NaN replaced."""
    return torch.softmax(x, dim=dim).nan_to_num(0.0)


def softmax_functional_where(x, dim=-1):
    """F.softmax, and zeros where all is -inf."""
    empty = (x == float("-inf")).all(dim=dim, keepdim=True)
    return torch.where(empty, torch.zeros_like(x), F.softmax(x, dim))


def softmax_logsumexp(x, dim=-1):
    """exp(x - logsumexp(x))."""
    total = torch.logsumexp(x, dim=dim, keepdim=True)
    return torch.exp(x - total.masked_fill(total == -math.inf, 0.0))


def softmax_own_copy_in_place(x, dim=-1):
    """In place, on a copy."""
    e = x.clone()
    top = e.max(dim=dim, keepdim=True)[0]
    top[top == -math.inf] = 0
    e -= top
    e = e.exp()
    total = e.sum(dim=dim, keepdim=True)
    total = torch.where(total > 0, total, torch.ones_like(total))
    return e / total


def softmax_rows_in_a_loop(x, dim=-1):
    """One row at a time, by ordinary Python."""
    rows = x.movedim(dim, -1)
    done = []
    for row in rows.reshape(-1, rows.shape[-1]):
        if row.max().item() == float("-inf"):
            done.append(torch.zeros_like(row))
        else:
            e = torch.exp(row - row.max())
            done.append(e / e.sum())
    return torch.stack(done).reshape(rows.shape).movedim(-1, dim)


def softmax_clamped_maximum(x, dim=-1):
    """A finite maximum and a guarded denominator."""
    top = x.detach().amax(dim, keepdim=True).clamp(min=torch.finfo(x.dtype).min)
    e = (x - top).exp()
    return e / e.sum(dim, keepdim=True).clamp(min=torch.finfo(x.dtype).tiny)


def softmax_guarded(x, dim=-1):
    """A guard of 1e-9 in the denominator, in float64."""
    wide = x.double()
    top = wide.max(dim=dim, keepdim=True).values
    e = torch.exp(wide - torch.where(torch.isinf(top), torch.zeros_like(top), top))
    return (e / (e.sum(dim=dim, keepdim=True) + 1e-9)).to(x.dtype)


RIGHT = (
    RightImplementation("reference", "the reference", reference.attention.softmax),
    RightImplementation("library", "torch.softmax and nan_to_num", softmax_library),
    RightImplementation("functional-where", "F.softmax and where", softmax_functional_where),
    RightImplementation("logsumexp", "exp(x - logsumexp(x))", softmax_logsumexp),
    RightImplementation("own-copy", "in place on a copy", softmax_own_copy_in_place),
    RightImplementation("loop", "a Python loop over rows", softmax_rows_in_a_loop),
    RightImplementation("clamped", "clamped maximum and sum", softmax_clamped_maximum),
    RightImplementation("guarded", "a harmless epsilon", softmax_guarded),
)
