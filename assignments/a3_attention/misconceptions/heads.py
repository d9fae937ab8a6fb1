"""Wrong ways to cut `MultiHeadAttention` into heads and join them.

Each class stands alone, so that it can be pasted into a notebook: hence the length and the
repetition.
"""

import math

import torch
from torch import nn

from assignments.a3_attention.misconceptions.modules import batches, values
from autograder.misconception import Misconception


class ScrambledHeads(nn.Module):
    """Heads cut out by view alone, across positions."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        d = x.shape[-1] // self.n_heads
        q = self.query(x).reshape(*x.shape[:-2], self.n_heads, x.shape[-2], d)
        k = self.key(source).reshape(*source.shape[:-2], self.n_heads, source.shape[-2], d)
        v = self.value(source).reshape(*source.shape[:-2], self.n_heads, source.shape[-2], d)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).reshape(x.shape))


class HeadsNotMovedBack(nn.Module):
    """Heads joined by reshape alone, across positions."""

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
        return self.output((weights @ v).reshape(x.shape))


class HeadsInterleaved(nn.Module):
    """Every h-th feature to head h."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        q = self.query(x).unflatten(-1, (-1, self.n_heads)).movedim(-1, -3)
        k = self.key(source).unflatten(-1, (-1, self.n_heads)).movedim(-1, -3)
        v = self.value(source).unflatten(-1, (-1, self.n_heads)).movedim(-1, -3)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).movedim(-3, -1).flatten(-2))


class OneHeadOnly(nn.Module):
    """`n_heads` not used."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        q, k, v = self.query(x), self.key(source), self.value(source)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output(torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v)


class HeadsScaledByModel(nn.Module):
    """Scores divided by √d_model."""

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
        scores = q @ k.transpose(-2, -1) / math.sqrt(x.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class HeadsUnscaled(nn.Module):
    """Scores not divided."""

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
        scores = q @ k.transpose(-2, -1) / math.sqrt(1.0)
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class HeadsAttendToHeads(nn.Module):
    """Heads attend to each other within a position."""

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
        q = self.query(x).unflatten(-1, shape)
        k = self.key(source).unflatten(-1, shape)
        v = self.value(source).unflatten(-1, shape)
        weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]), dim=-1)
        return self.output((weights @ v).flatten(-2))


class HeadsAveraged(nn.Module):
    """Heads averaged and repeated instead of set side by side."""

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
        return self.output((weights @ v).mean(dim=-3).repeat_interleave(self.n_heads, dim=-1))


class OneBatchAxis(nn.Module):
    """Shapes of three axes taken for granted."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        b, n, d_model = x.shape
        m, d = source.shape[1], d_model // self.n_heads
        q = self.query(x).view(b, n, self.n_heads, d).transpose(1, 2)
        k = self.key(source).view(b, m, self.n_heads, d).transpose(1, 2)
        v = self.value(source).view(b, m, self.n_heads, d).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(1, 2).reshape(b, n, d_model))


MISCONCEPTIONS = (
    Misconception(
        "heads-scrambled",
        "You cut the projections into heads by view or reshape alone, which mixes positions: "
        "give the features the shape (…, n, h, d) first, then swap n and h.",
        ScrambledHeads,
        values,
    ),
    Misconception(
        "heads-not-moved-back",
        "You join the heads by view or reshape alone, which mixes positions: swap heads and "
        "positions back, to (…, n, h, d), and flatten the last two axes.",
        HeadsNotMovedBack,
        values,
    ),
    Misconception(
        "heads-interleaved",
        "You give head h every n_heads-th feature: it takes d consecutive ones, h·d … (h+1)·d - 1.",
        HeadsInterleaved,
        values,
    ),
    Misconception(
        "heads-one-only",
        "You never use n_heads: the projections must be cut into heads that attend on their own.",
        OneHeadOnly,
        values,
    ),
    Misconception(
        "heads-scaled-by-model",
        "You divide the scores by √d_model: the queries of a head have d_model / n_heads "
        "entries, and that is what counts.",
        HeadsScaledByModel,
        values,
    ),
    Misconception(
        "heads-unscaled",
        "You forgot to divide the scores by the square root of the width of a head.",
        HeadsUnscaled,
        values,
    ),
    Misconception(
        "heads-attend-to-heads",
        "Your heads attend to each other within one position: swap heads and positions, so that "
        "the last two axes are (n, d).",
        HeadsAttendToHeads,
        values,
    ),
    Misconception(
        "heads-averaged",
        "You average the heads: their results stand side by side, d features each.",
        HeadsAveraged,
        values,
    ),
    Misconception(
        "heads-one-batch-axis",
        "You take x to have exactly three axes: there may be no batch dimension, or several. "
        "Count axes from the end (-1, -2, -3).",
        OneBatchAxis,
        batches,
    ),
)
