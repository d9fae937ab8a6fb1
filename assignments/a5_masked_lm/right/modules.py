"""Right ways to write `BertEmbeddings`.

Each class stands alone, so that it can be pasted into a notebook.
"""

import torch
import torch.nn.functional as F
from torch import nn

import reference.bert
from autograder.misconception import RightImplementation


class EmbeddingsWithPositions(nn.Module):
    """Positions looked up by arange on the ids' device."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Look up, add, normalise."""
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(positions)
        return self.norm(x)


class EmbeddingsWithBuffer(nn.Module):
    """Positions in a buffer; id 0 is padding; LayerNorm with BERT's own epsilon."""

    positions: torch.Tensor

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables and the buffer."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model, padding_idx=0)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model, eps=1e-12)
        self.register_buffer("positions", torch.arange(max_length), persistent=False)

    def forward(self, input_ids, token_type_ids):
        """Expand the buffer, look up, add, normalise."""
        b, n = input_ids.size()
        positions = self.positions[:n].unsqueeze(0).expand(b, n)
        total = self.position(positions)
        total = total + self.token(input_ids)
        total = total + self.segment(token_type_ids)
        return self.norm(total)


class EmbeddingsByProducts(nn.Module):
    """One-hot products, and the norm written out."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token, self.segment = nn.Embedding(vocab_size, d_model), nn.Embedding(2, d_model)
        self.position, self.norm = nn.Embedding(max_length, d_model), nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Multiply, add, normalise."""
        words = F.one_hot(input_ids, self.token.num_embeddings).to(self.token.weight.dtype)
        first, second = self.segment.weight
        x = words @ self.token.weight + self.position.weight[: input_ids.shape[-1]]
        x = x + torch.where(token_type_ids[..., None] == 1, second, first)
        x = x - x.mean(-1, keepdim=True)
        x = x / (x.square().mean(-1, keepdim=True) + self.norm.eps).sqrt()
        return x * self.norm.weight + self.norm.bias


RIGHT = (
    RightImplementation("reference", "the reference", reference.bert.BertEmbeddings),
    RightImplementation("arange", "arange on the device", EmbeddingsWithPositions),
    RightImplementation("buffer", "a buffer, padding_idx", EmbeddingsWithBuffer),
    RightImplementation("products", "one-hot products", EmbeddingsByProducts),
)
