"""Wrong ways to write `BertEmbeddings`: the tables and how they learn.

Each class stands alone, so that it can be pasted into a notebook: hence the length.
"""

import torch
from torch import nn

from assignments.a5_masked_lm.misconceptions.modules import (
    gradients,
    parameters,
    training,
    values,
)
from autograder.misconception import Misconception


class Scaled(nn.Module):
    """Tokens times √d_model."""

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
        x = (
            self.token(input_ids)
            * input_ids.new_tensor(1.0, dtype=torch.float32)
            .mul(self.norm.normalized_shape[0])
            .sqrt()
            + self.segment(token_type_ids)
            + self.position(i)
        )
        return self.norm(x)


class WithDropout(nn.Module):
    """Dropout."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(0.1)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(i)
        return self.dropout(self.norm(x))


class OneTable(nn.Module):
    """Segments and positions as parameters of other names."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.positions = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.token(input_ids) + self.segment(token_type_ids) + self.positions(i)
        return self.norm(x)


class ThreeSegments(nn.Module):
    """A segment for padding."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(3, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(i)
        return self.norm(x)


class Sinusoids(nn.Module):
    """Fixed sines."""

    def __init__(self, vocab_size, max_length, d_model):
        """Make the tables."""
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.position.weight.requires_grad_(False)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        """Embed."""
        i = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.token(input_ids) + self.segment(token_type_ids) + self.position(i)
        return self.norm(x)


class TablesDetached(nn.Module):
    """No gradient to the tables."""

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
        return self.norm(x.detach())


MISCONCEPTIONS = (
    Misconception(
        "embeddings-scaled",
        "You multiply the token vectors by √d_model, as the Transformer of 2017 does: BERT "
        "adds the three vectors as they are.",
        Scaled,
        values,
    ),
    Misconception(
        "embeddings-dropout",
        "There is dropout in your module, so that it gives other results in train(): here "
        "there is none.",
        WithDropout,
        training,
    ),
    Misconception(
        "embeddings-one-table",
        "Your attributes have other names: the tables must be called `token`, `segment` and "
        "`position`, and the LayerNorm `norm`.",
        OneTable,
        parameters,
    ),
    Misconception(
        "embeddings-three-segments",
        "Your segment table has not two rows: there are two segments, 0 and 1, and padding "
        "has type 0.",
        ThreeSegments,
        parameters,
    ),
    Misconception(
        "embeddings-sinusoids",
        "Your position vectors don't learn: BERT's are learned like the others, unlike the "
        "sinusoids of 2017.",
        Sinusoids,
        gradients,
    ),
    Misconception(
        "embeddings-tables-detached",
        "No gradient reaches your tables: detach, .data and no_grad cut the path.",
        TablesDetached,
        gradients,
    ),
)
