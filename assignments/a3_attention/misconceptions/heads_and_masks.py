"""Wrong ways to mask the heads of `MultiHeadAttention`, and dropout.

Each class stands alone, so that it can be pasted into a notebook: hence the length and the
repetition.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from assignments.a3_attention.misconceptions.modules import masks, training, values
from autograder.misconception import Misconception


class MaskIgnored(nn.Module):
    """The mask not used."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        shape = (self.n_heads, -1)
        q = self.query(x).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        del mask
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class MaskIgnoredWithMemory(nn.Module):
    """The mask used in self-attention only."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        shape = (self.n_heads, -1)
        q = self.query(x).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None and memory is None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class MaskInverted(nn.Module):
    """True taken for forbidden."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        shape = (self.n_heads, -1)
        q = self.query(x).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class MaskWithoutHeadAxis(nn.Module):
    """The mask handed on without an axis for the heads."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        shape = (self.n_heads, -1)
        q = self.query(x).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class MaskOnFirstHead(nn.Module):
    """The mask on the first head only."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        shape = (self.n_heads, -1)
        q = self.query(x).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            forbidden = ~mask.unsqueeze(-3).expand(scores.shape).clone()
            forbidden[..., 1:, :, :] = False
            scores = scores.masked_fill(forbidden, -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class NanWhereEmpty(nn.Module):
    """0 / 0 where nothing may be attended to."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        shape = (self.n_heads, -1)
        q = self.query(x).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class Dropout(nn.Module):
    """Dropout on the weights."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        shape = (self.n_heads, -1)
        q = self.query(x).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        weights = F.dropout(weights, p=0.1, training=self.training)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


MISCONCEPTIONS = (
    Misconception(
        "heads-mask-ignored",
        "You do not use the mask: scores of forbidden keys must become -inf in every head.",
        MaskIgnored,
        values,
    ),
    Misconception(
        "heads-mask-ignored-with-memory",
        "You use the mask in self-attention only: it counts with a memory too.",
        MaskIgnoredWithMemory,
        values,
    ),
    Misconception(
        "heads-mask-inverted",
        "Your mask works the wrong way round: in `mask`, True means may attend.",
        MaskInverted,
        values,
    ),
    Misconception(
        "heads-mask-without-head-axis",
        "You hand the mask on as it is: a mask (…, n, m) lines its batch axis up with the "
        "heads. Give it an axis for them, mask.unsqueeze(-3).",
        MaskWithoutHeadAxis,
        masks,
    ),
    Misconception(
        "heads-mask-on-first-head",
        "Your mask reaches the first head only: it is the same for every head.",
        MaskOnFirstHead,
        masks,
    ),
    Misconception(
        "heads-nan-where-empty",
        "A query with nothing to attend to gives NaN: its heads must give zeros, as your "
        "scaled_dot_product_attention does.",
        NanWhereEmpty,
        masks,
    ),
    Misconception(
        "heads-dropout",
        "Your module behaves differently in train() and eval(): there is no dropout here.",
        Dropout,
        training,
    ),
)
