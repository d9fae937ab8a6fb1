"""Wrong maps in `MultiHeadAttention`, and wrong uses of its memory.

Each class stands alone, so that it can be pasted into a notebook: hence the length and the
repetition.
"""

import math

import torch
from torch import nn

from assignments.a3_attention.misconceptions.modules import parameters, values, wiring
from autograder.misconception import Misconception


class WithoutBias(nn.Module):
    """Maps without bias."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(d_model, d_model, bias=False)
        self.value = nn.Linear(d_model, d_model, bias=False)
        self.output = nn.Linear(d_model, d_model, bias=False)

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
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class SharedMap(nn.Module):
    """One map for queries, keys and values."""

    def __init__(self, d_model, n_heads):
        """Make two maps under four names."""
        super().__init__()
        self.n_heads = n_heads
        self.query = self.key = self.value = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, d_model)

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
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class OutputMissing(nn.Module):
    """No output map at all."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)

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
        return (weights @ v).transpose(-3, -2).flatten(-2)


class OutputUnused(nn.Module):
    """An output map that is never applied."""

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
        return (weights @ v).transpose(-3, -2).flatten(-2)


class KeyAndValueSwapped(nn.Module):
    """Key and value exchanged."""

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
        k = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class MemoryIgnored(nn.Module):
    """Self-attention, always."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x
        shape = (self.n_heads, -1)
        q = self.query(x).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(source).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(source).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class MemoryAsks(nn.Module):
    """Queries from the memory, keys and values from x."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        asking = x if memory is None else memory
        shape = (self.n_heads, -1)
        q = self.query(asking).unflatten(-1, shape).transpose(-3, -2)
        k = self.key(x).unflatten(-1, shape).transpose(-3, -2)
        v = self.value(x).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class MemoryForKeysOnly(nn.Module):
    """Values from x although keys come from the memory."""

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
        v = self.value(x).unflatten(-1, shape).transpose(-3, -2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
        weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
        return self.output((weights @ v).transpose(-3, -2).flatten(-2))


class Residual(nn.Module):
    """The input added to the output."""

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
        return x + self.output((weights @ v).transpose(-3, -2).flatten(-2))


MISCONCEPTIONS = (
    Misconception(
        "maps-without-bias",
        "Your linear maps have no bias: nn.Linear has one unless told otherwise, and it is "
        "asked for.",
        WithoutBias,
        parameters,
    ),
    Misconception(
        "maps-shared",
        "Query, key and value share one linear map: each needs its own weights, or all queries "
        "equal their keys.",
        SharedMap,
        parameters,
    ),
    Misconception(
        "output-missing",
        "There is no map named output: it mixes what the heads found.",
        OutputMissing,
        parameters,
    ),
    Misconception(
        "output-unused",
        "You never apply the map output: it mixes what the heads found.",
        OutputUnused,
        wiring,
    ),
    Misconception(
        "key-and-value-swapped",
        "Key and value are exchanged: `key` makes what queries are compared with, `value` what "
        "is summed.",
        KeyAndValueSwapped,
        values,
    ),
    Misconception(
        "memory-ignored",
        "You ignore memory: when it is given, keys and values come from it.",
        MemoryIgnored,
        values,
    ),
    Misconception(
        "memory-asks",
        "With a memory, you take the queries from it: x asks, the memory answers.",
        MemoryAsks,
        values,
    ),
    Misconception(
        "memory-for-keys-only",
        "With a memory, you take the values from x: keys and values both come from the memory.",
        MemoryForKeysOnly,
        values,
    ),
    Misconception(
        "residual-added",
        "You add x to the output: residual connections come later, around this module.",
        Residual,
        values,
    ),
)
