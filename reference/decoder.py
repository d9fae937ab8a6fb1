"""Transformer decoder: what is written so far looks back at itself, and across at a memory.

Slides "Masked self-attention", "Transformer Encoder-decoder" (the decoder block); Vaswani et al.
2017, §3.1, §3.2.3. Between the encoder's two sub-layers stands a third, cross-attention: queries
from the decoder, keys and values from the memory, which is what the encoder returned.

    self-attention     x to x         a position sees itself and the past
    cross-attention    x to memory    every position sees all of it, but for padding
    feed-forward       x              each position by itself

Around each stand the residual sum and LayerNorm, in the order that `encoder` explains. The causal
mask is the layer's own: what a decoder is asked for is the next token, which it must not see.

>>> import torch
>>> decoder = Decoder(n_layers=2, d_model=8, n_heads=2)
>>> x, memory = torch.randn(3, 5, 8), torch.randn(3, 7, 8)
>>> outputs, changed = decoder(x, memory), decoder(x.index_fill(-2, torch.tensor([4]), 0), memory)
>>> torch.equal(outputs[:, :4], changed[:, :4])  # the last input is the future of the first four
True

Left out: dropout on the attention weights, a cache of keys and values (see `generation`).
Proved by: torch.nn.TransformerDecoderLayer and TransformerDecoder with copied weights (outputs, all
gradients); no gradient from an output to a later input, and one to each earlier input and each
token of the memory; the encoder's layer, which this becomes where cross-attention returns 0.
"""

from functools import partial

from jaxtyping import Bool, Float
from torch import Tensor, nn

from reference.attention import causal_mask
from reference.encoder import AddAndNorm
from reference.feed_forward import Activation, FeedForward
from reference.multihead_attention import MultiHeadAttention


class DecoderLayer(nn.Module):
    """Masked self-attention, cross-attention, feed-forward, each inside an `AddAndNorm`."""

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
        self.cross_attention = MultiHeadAttention(d_model, n_heads)
        self.feed_forward = FeedForward(d_model, d_ff, activation)
        around = partial(AddAndNorm, d_model, norm_first=norm_first, dropout=dropout, eps=eps)
        self.around_attention = around()
        self.around_cross_attention = around()
        self.around_feed_forward = around()

    def forward(
        self,
        x: Float[Tensor, "*batch n d_model"],
        memory: Float[Tensor, "*batch m d_model"],
        mask: Bool[Tensor, "*#batch #n #n"] | None = None,
        memory_mask: Bool[Tensor, "*#batch #n #m"] | None = None,
    ) -> Float[Tensor, "*batch n d_model"]:
        """Gather from the past, ask the memory, and let each position work by itself.

        Both masks are for padding, True where a position (row) may attend. `mask` forbids more than
        the causal mask, never less. Memory is normed where it was made: here only x is.
        """
        sees = causal_mask(x.shape[-2], device=x.device)  # (n, n)
        sees = sees if mask is None else sees & mask
        x = self.around_attention(x, partial(self.attention, mask=sees))
        ask = partial(self.cross_attention, memory=memory, mask=memory_mask)
        x = self.around_cross_attention(x, ask)
        return self.around_feed_forward(x, self.feed_forward)


class Decoder(nn.Module):
    """A stack of `n_layers` layers of one shape, all of which ask the same memory."""

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
            DecoderLayer,
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
        memory: Float[Tensor, "*batch m d_model"],
        mask: Bool[Tensor, "*#batch #n #n"] | None = None,
        memory_mask: Bool[Tensor, "*#batch #n #m"] | None = None,
    ) -> Float[Tensor, "*batch n d_model"]:
        """Apply the layers in order, all under the same masks."""
        for layer in self.layers:
            x = layer(x, memory, mask, memory_mask)
        return self.norm(x)
