"""The Transformer whole: an encoder reads the source, a decoder writes the target.

Slides "Transformer Encoder-decoder"; Vaswani et al. 2017, §3.1, §3.4, §5.4, Table 3. Tokens become
vectors, scaled by √d_model so that positions (sinusoids) do not drown them; the encoder turns the
source into a memory; the decoder reads it, and each of its states predicts the next target token.
One matrix embeds the source, embeds the target, and as the head compares a state with every token.

The target goes in shifted right: a start token, then the target but for its last token. So all of
its tokens are learned in one pass, each from those before it:

>>> import torch
>>> shift_right(torch.tensor([[5, 8, 3]]), start_id=0)
tensor([[0, 5, 8]])

                       layers    d_model   heads   parameters   Table 3
    TRANSFORMER_BASE    6 + 6        512       8         63.1M       65M
    TRANSFORMER_BIG     6 + 6      1,024      16        214.2M      213M

>>> config = TransformerConfig(n_layers=1, d_model=8, n_heads=2, vocab_size=50)
>>> tuple(Transformer(config)(torch.tensor([[7, 11, 3]]), torch.tensor([[0, 5]])).shape)
(1, 2, 50)

torch.nn.Transformer ends each of its stacks with a LayerNorm, post-norm or not. The paper's has
none there in post-norm, where the last layer has just normed; ours follows the paper.

Left out: label smoothing, beam search (§5.4, §6.1), dropout on the attention weights.
Proved by: torch.nn.Transformer with copied weights (outputs, all gradients, masks); embedding and
head by hand; padding has no influence; no logits have a gradient to a later target token.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from reference.decoder import Decoder
from reference.encoder import Encoder, padding_mask
from reference.feed_forward import Activation
from reference.masked_lm import IGNORED
from reference.positions import sinusoidal_positions


class EncoderDecoder(nn.Module):
    """Both stacks, from vectors to vectors: `n_layers` layers each."""

    def __init__(
        self,
        n_layers: int,
        d_model: int,
        n_heads: int,
        d_ff: int | None = None,
        *,
        activation: Activation = "relu",
        norm_first: bool = False,
        dropout: float = 0.0,
        eps: float = 1e-5,
    ) -> None:
        """Make an encoder and a decoder of one shape."""
        super().__init__()
        self.encoder, self.decoder = (
            stack(
                n_layers,
                d_model,
                n_heads,
                d_ff,
                activation=activation,
                norm_first=norm_first,
                dropout=dropout,
                eps=eps,
            )
            for stack in (Encoder, Decoder)
        )

    def forward(
        self,
        source: Float[Tensor, "*batch m d_model"],
        target: Float[Tensor, "*batch n d_model"],
        source_is_token: Bool[Tensor, "*batch m"] | Int[Tensor, "*batch m"] | None = None,
        target_is_token: Bool[Tensor, "*batch n"] | Int[Tensor, "*batch n"] | None = None,
    ) -> Float[Tensor, "*batch n d_model"]:
        """Encode the source, and decode the target beside it; no position sees padding (0)."""
        of_source = None if source_is_token is None else padding_mask(source_is_token)
        of_target = None if target_is_token is None else padding_mask(target_is_token)
        memory = self.encoder(source, of_source)
        return self.decoder(target, memory, of_target, of_source)


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """The sizes of a Transformer; d_ff is 4 d_model; `dropout` acts in training only."""

    n_layers: int
    d_model: int
    n_heads: int
    vocab_size: int = 37_000  # shared by English and German: §5.1
    norm_first: bool = False
    dropout: float = 0.1
    indexing: Literal["slide", "vaswani"] = "slide"  # of the positions; see `positions`


TRANSFORMER_BASE = TransformerConfig(n_layers=6, d_model=512, n_heads=8)  # Table 3
TRANSFORMER_BIG = TransformerConfig(n_layers=6, d_model=1024, n_heads=16, dropout=0.3)


class Transformer(nn.Module):
    """Embeddings and positions, both stacks, and the head, which is the embedding again."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.stacks = EncoderDecoder(
            config.n_layers,
            config.d_model,
            config.n_heads,
            norm_first=config.norm_first,
            dropout=config.dropout,
        )
        nn.init.normal_(self.token.weight, std=config.d_model**-0.5)  # scaled by √d_model: 1

    def forward(
        self,
        source_ids: Int[Tensor, "*batch m"],
        target_ids: Int[Tensor, "*batch n"],
        source_is_token: Bool[Tensor, "*batch m"] | Int[Tensor, "*batch m"] | None = None,
        target_is_token: Bool[Tensor, "*batch n"] | Int[Tensor, "*batch n"] | None = None,
    ) -> Float[Tensor, "*batch n V"]:
        """Return, for each position of the shifted target, the logits of what comes next."""
        source, target = self.embed(source_ids), self.embed(target_ids)
        states = self.stacks(source, target, source_is_token, target_is_token)
        return F.linear(states, self.token.weight)  # (…, n, V)

    def embed(self, ids: Int[Tensor, "*batch n"]) -> Float[Tensor, "*batch n d_model"]:
        """Look up the tokens, scale them by √d_model (§3.4), add the positions."""
        x = math.sqrt(self.config.d_model) * self.token(ids)  # (…, n, d_model)
        p = sinusoidal_positions(
            ids.shape[-1], self.config.d_model, indexing=self.config.indexing, device=ids.device
        )
        return self.dropout(x + p.to(x.dtype))


def shift_right(targets: Int[Tensor, "*batch n"], start_id: int) -> Int[Tensor, "*batch n"]:
    """Make the decoder's inputs: each target one place later, behind the start token.

    A target of -100 (padding, for the loss) has no embedding: the start token stands for it, and
    what is computed there is passed over too.
    """
    start = torch.full_like(targets[..., :1], start_id)
    shifted = torch.cat((start, targets[..., :-1]), dim=-1)  # (…, n)
    return shifted.masked_fill(shifted == IGNORED, start_id)
