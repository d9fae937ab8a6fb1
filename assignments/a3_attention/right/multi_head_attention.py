"""Right ways to write `MultiHeadAttention`.

Each class stands alone, so that it can be pasted into a notebook.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

import reference.multihead_attention
from autograder.misconception import RightImplementation


class HeadsInALoop(nn.Module):
    """One head after the other, on chunks of the features."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        if memory is None:
            memory = x
        heads = []
        for q, k, v in zip(
            self.query(x).chunk(self.n_heads, dim=-1),
            self.key(memory).chunk(self.n_heads, dim=-1),
            self.value(memory).chunk(self.n_heads, dim=-1),
            strict=True,
        ):
            scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
            if mask is not None:
                scores = scores.masked_fill(~mask, -math.inf)
            heads.append(torch.softmax(scores, dim=-1).nan_to_num(0.0) @ v)
        return self.output(torch.cat(heads, dim=-1))


class HeadsByEinsum(nn.Module):
    """Einsum, and a buffer for the scale."""

    scale: torch.Tensor

    def __init__(self, d_model, n_heads):
        """Make the four maps, and a buffer."""
        super().__init__()
        self.h, self.d = n_heads, d_model // n_heads
        self.query, self.key, self.value, self.output = (
            nn.Linear(d_model, d_model) for _ in range(4)
        )
        self.register_buffer("scale", torch.tensor(float(self.d)).rsqrt())

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        memory = memory if memory is not None else x
        q = self.query(x).view(*x.shape[:-1], self.h, self.d)
        k = self.key(memory).view(*memory.shape[:-1], self.h, self.d)
        v = self.value(memory).view(*memory.shape[:-1], self.h, self.d)
        scores = torch.einsum("...nhd,...mhd->...hnm", q, k) * self.scale
        if mask is not None:
            forbidden = ~mask[..., None, :, :]
            scores = scores.masked_fill(forbidden, torch.finfo(scores.dtype).min)
            weights = torch.softmax(scores, dim=-1).masked_fill(forbidden, 0.0)
        else:
            weights = torch.softmax(scores, dim=-1)
        heads = torch.einsum("...hnm,...mhd->...nhd", weights, v)
        return self.output(heads.reshape(x.shape))


class OneFusedProduct(nn.Module):
    """Keys and values by one product, heads folded into the batch."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        weight = torch.cat([self.key.weight, self.value.weight])
        bias = torch.cat([self.key.bias, self.value.bias])
        both = F.linear(source, weight, bias)
        k, v = both.split(x.shape[-1], dim=-1)
        q, k, v = (self.fold(y) for y in (self.query(x), k, v))
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.shape[-1])
        if mask is not None:
            n, m = scores.shape[-2:]
            mask = mask.expand(*x.shape[:-2], n, m).reshape(-1, 1, n, m)
            mask = mask.expand(-1, self.n_heads, n, m).reshape(-1, n, m)
            scores = scores.masked_fill(~mask, -math.inf)
        heads = torch.bmm(torch.softmax(scores, dim=-1).nan_to_num(0.0), v)
        heads = heads.view(-1, self.n_heads, x.shape[-2], heads.shape[-1])
        return self.output(heads.permute(0, 2, 1, 3).reshape(x.shape))

    def fold(self, y):
        """(…, n, d_model) to (… · h, n, d)."""
        y = y.reshape(-1, y.shape[-2], self.n_heads, y.shape[-1] // self.n_heads)
        return y.permute(0, 2, 1, 3).flatten(0, 1)


class LibraryHeads(nn.Module):
    """F.scaled_dot_product_attention on unflattened heads."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        memory = x if memory is None else memory
        q, k, v = (
            linear(y).unflatten(-1, (self.n_heads, -1)).swapaxes(-2, -3)
            for linear, y in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        if mask is None:
            heads = F.scaled_dot_product_attention(q, k, v)
        else:
            mask = mask.unsqueeze(-3)
            some = mask.any(dim=-1, keepdim=True)
            heads = F.scaled_dot_product_attention(q, k, v, attn_mask=mask | ~some)
            heads = heads * some
        return self.output(heads.swapaxes(-2, -3).flatten(-2))


class OutputSummedOverHeads(nn.Module):
    """No concatenation: each head through its own columns of the output map, then summed."""

    def __init__(self, d_model, n_heads):
        """Make the four maps."""
        super().__init__()
        self.d_model, self.n_heads, self.d = d_model, n_heads, d_model // n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None):
        """Attend."""
        source = x if memory is None else memory
        q, k, v = self.query(x), self.key(source), self.value(source)
        total = self.output.bias
        for h in range(self.n_heads):
            part = slice(h * self.d, (h + 1) * self.d)
            scores = q[..., part] @ k[..., part].mT * self.d**-0.5
            if mask is not None:
                scores = torch.where(mask, scores, torch.full_like(scores, -math.inf))
            weights = torch.softmax(scores, dim=-1)
            weights = torch.where(weights.isnan(), torch.zeros_like(weights), weights)
            total = total + weights @ v[..., part] @ self.output.weight[:, part].T
        return total


RIGHT = (
    RightImplementation(
        "reference", "the reference", reference.multihead_attention.MultiHeadAttention
    ),
    RightImplementation("loop", "chunks, one head at a time", HeadsInALoop),
    RightImplementation("einsum", "einsum, with a buffer", HeadsByEinsum),
    RightImplementation("fused", "fused product, heads in the batch", OneFusedProduct),
    RightImplementation("library", "F.scaled_dot_product_attention", LibraryHeads),
    RightImplementation("summed", "heads summed, never joined", OutputSummedOverHeads),
)
