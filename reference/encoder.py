"""Transformer encoder: attention and feed-forward in turn, and every position sees every other.

Slide "Transformer Encoder"; Vaswani et al. 2017, §3.1, §5.4. A layer has two sub-layers. Around
each stand a residual connection, which adds what went in to what came out, and LayerNorm, which
gives each vector mean 0 and variance 1 before it scales and shifts them. Where LayerNorm stands:

    post-norm   x ← norm(x + sublayer(x))     Vaswani et al. 2017; BERT; the default
    pre-norm    x ← x + sublayer(norm(x))     GPT-2; Xiong et al. 2020, Fig. 1: needs no warm-up

In a pre-norm stack nothing has normed the last sum, so one more LayerNorm ends it.

Sequences of a batch are padded to one length, and no position may attend to padding:

>>> import torch
>>> is_token = torch.tensor([[True, True, True], [True, True, False]])
>>> padding_mask(is_token).tolist()
[[[True, True, True]], [[True, True, False]]]
>>> encoder = Encoder(n_layers=2, d_model=8, n_heads=2)
>>> tuple(encoder(torch.randn(2, 3, 8), padding_mask(is_token)).shape)
(2, 3, 8)

Left out: embeddings and positions (see `positions`, `bert`), dropout on the attention weights.
Proved by: torch.nn.TransformerEncoderLayer and TransformerEncoder with copied weights (outputs, all
gradients); permuted outputs for permuted inputs; no influence of padding; the identity a pre-norm
layer becomes when its sub-layers return 0.
"""

from collections.abc import Callable
from functools import partial

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from reference.feed_forward import Activation, FeedForward
from reference.multihead_attention import MultiHeadAttention


def padding_mask(
    is_token: Bool[Tensor, "*batch n"] | Int[Tensor, "*batch n"],
) -> Bool[Tensor, "*batch 1 n"]:
    """Let every position attend to the tokens (True or 1) and to no padding (False or 0).

    `&` joins it with other masks. A padded position is computed all the same, and means nothing.
    """
    if is_token.is_floating_point():
        raise TypeError(
            "is_token must be boolean or integer, True or 1 for a token, False or 0 for padding: "
            f"got {is_token.dtype}; convert with mask == 0 if it was made of 0 and -inf to be added"
        )
    return is_token.bool().unsqueeze(-2)


class AddAndNorm(nn.Module):
    """What stands around a sub-layer: dropout on what it returns, the residual sum, LayerNorm."""

    def __init__(
        self,
        d_model: int,
        *,
        norm_first: bool = False,
        dropout: float = 0.0,
        eps: float = 1e-5,
        norm: Callable[..., nn.Module] = nn.LayerNorm,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.norm = norm(d_model, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "*batch d_model"], sublayer: Callable[[Tensor], Tensor]
    ) -> Float[Tensor, "*batch d_model"]:
        """Apply the sub-layer to x, or to its norm, and add x to what comes out."""
        if self.norm_first:
            return x + self.dropout(sublayer(self.norm(x)))
        return self.norm(x + self.dropout(sublayer(x)))


class EncoderLayer(nn.Module):
    """Multi-head self-attention, then a feed-forward network, each inside an `AddAndNorm`."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_ff: int | None = None,
        *,
        activation: Activation = "relu",
        norm_first: bool = False,
        dropout: float = 0.0,
        eps: float = 1e-5,
    ) -> None:
        """Make the parts. `norm_first` means pre-norm; `dropout` acts in training only."""
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        around = partial(AddAndNorm, d_model, norm_first=norm_first, dropout=dropout, eps=eps)
        self.around_attention = around()
        self.around_feed_forward = around()

    def forward(
        self,
        x: Float[Tensor, "*batch n d_model"],
        mask: Bool[Tensor, "*#batch #n #n"] | None = None,
    ) -> Float[Tensor, "*batch n d_model"]:
        """Let the positions exchange what they hold, then let each work on it by itself.

        The mask, (n, n) or (…, n, n), is True where a position (row) may attend to another.
        """
        x = self.around_attention(x, partial(self.attention, mask=mask))
        return self.around_feed_forward(x, self.feed_forward)


class Encoder(nn.Module):
    """A stack of `n_layers` layers of one shape, each with weights of its own."""

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
        """Make the layers, and for pre-norm the LayerNorm that ends the stack."""
        super().__init__()
        if n_layers < 1:
            raise ValueError(
                f"n_layers must be 1 or more: got {n_layers}; the first Transformer had 6"
            )
        layer = partial(
            EncoderLayer,
            d_model,
            n_heads,
            d_ff,
            activation=activation,
            norm_first=norm_first,
            dropout=dropout,
            eps=eps,
        )
        self.layers = nn.ModuleList(layer() for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model, eps=eps) if norm_first else nn.Identity()

    def forward(
        self,
        x: Float[Tensor, "*batch n d_model"],
        mask: Bool[Tensor, "*#batch #n #n"] | None = None,
    ) -> Float[Tensor, "*batch n d_model"]:
        """Apply the layers in order, all under the same mask."""
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)
