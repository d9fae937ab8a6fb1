"""Wrong ways to write `BertEmbeddings`: which vectors are added.

Each class stands alone, so that it can be pasted into a notebook: hence the length.
"""

import torch
from torch import nn

from assignments.a5_masked_lm.misconceptions.modules import values
from autograder.misconception import Misconception


class NotNormalised(nn.Module):
    """The sum as it is."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(i)
        return x


class NormalisedApart(nn.Module):
    """Three norms, then the sum."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device)
        three = self.token(input_ids), self.segment(token_type_ids), self.position(i)
        return sum(self.norm(x) for x in three)


class NoPositions(nn.Module):
    """Positions left out."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        x = self.token(input_ids) + self.segment(token_type_ids)
        return self.norm(x)


class NoSegments(nn.Module):
    """Segments left out."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.token(input_ids) + self.position(i)
        return self.norm(x)


class PositionsFromOne(nn.Module):
    """Positions counted from 1."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device) + 1
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(i)
        return self.norm(x)


class PositionsReversed(nn.Module):
    """Positions counted from the end."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device)
        i = i.flip(0)
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(i)
        return self.norm(x)


class SegmentsAsPositions(nn.Module):
    """Token types as positions."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(token_type_ids)
        return self.norm(x)


class PositionsOfIds(nn.Module):
    """Rows of the batch as positions."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[0], device=input_ids.device)[:, None]
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(i)
        return self.norm(x)


class AlwaysFullLength(nn.Module):
    """Rows of max_length taken for granted."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(self.position.num_embeddings, device=input_ids.device)
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(i)
        return self.norm(x)


MISCONCEPTIONS = (
    Misconception(
        "embeddings-not-normalised",
        "You return the sum as it is: it goes through `norm` (LayerNorm).",
        NotNormalised,
        values,
    ),
    Misconception(
        "embeddings-normalised-apart",
        "You normalise the three vectors one by one: add them first, and normalise the sum.",
        NormalisedApart,
        values,
    ),
    Misconception(
        "embeddings-no-positions",
        "The position vectors are missing from your sum: without them the encoder cannot tell "
        "in which order the tokens come.",
        NoPositions,
        values,
    ),
    Misconception(
        "embeddings-no-segments",
        "The segment vectors are missing from your sum: they say which sentence a token "
        "belongs to.",
        NoSegments,
        values,
    ),
    Misconception(
        "embeddings-positions-from-1",
        "Your positions count from 1: row 0 of the table belongs to the first token, and the "
        "last one has none.",
        PositionsFromOne,
        values,
    ),
    Misconception(
        "embeddings-positions-reversed",
        "Your positions run backwards: the first token has position 0.",
        PositionsReversed,
        values,
    ),
    Misconception(
        "embeddings-segments-as-positions",
        "You look up the position table by token types: positions are 0, 1, 2, … in each row, "
        "torch.arange(n).",
        SegmentsAsPositions,
        values,
    ),
    Misconception(
        "embeddings-positions-of-ids",
        "You number the rows of the batch instead of the positions in a row: the position "
        "runs along axis 1.",
        PositionsOfIds,
        values,
    ),
    Misconception(
        "embeddings-always-full-length",
        "You take every text to have max_length tokens: use the first n positions, n = "
        "input_ids.shape[1].",
        AlwaysFullLength,
        values,
    ),
)
