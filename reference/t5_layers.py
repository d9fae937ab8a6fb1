"""T5's layers: the Transformer's, with fewer parts.

Slide "T5"; Raffel et al. 2020, §2.1. Pre-norm as in `encoder` and `decoder`, but no map has a bias,
no norm subtracts a mean or adds a shift, and scores are not divided by √d_k:

    RMSNorm     w x / √(mean of x² + ε)           Zhang & Sennrich 2019, §4
    scores      q·k + b, b for the distance       see `t5_positions`
    network     ReLU(x W_1) W_2                   T5
                (GELU(x W_1) ∘ x W_3) W_2         T5 1.1; Shazeer 2020, §2 (GEGLU)

Unscaled scores need queries that start out smaller by √d_k; `t5` draws them so. A head's width is
free: the two largest T5 have heads that are wider together than the model.

The vector (3, 4) has mean square 12.5:

>>> normed = RMSNorm(2)(torch.tensor([3.0, 4.0])) * math.sqrt(12.5)
>>> [round(entry, 3) for entry in normed.tolist()]
[3.0, 4.0]

Left out: dropout on the attention weights and within the network.
Proved by: torch's RMSNorm and attention in values and gradients; transformers' T5 with copied
weights (see `t5`); by hand: a bias of ln 2 doubles a key's weight, a gate of 0 shuts.
"""

import math
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from reference.attention import causal_mask, check_mask, softmax
from reference.encoder import AddAndNorm
from reference.feed_forward import FeedForward
from reference.gpt import tanh_gelu
from reference.multihead_attention import MultiHeadAttention

EPS = 1e-6  # added to the mean square; released configuration


class RMSNorm(nn.Module):
    """Scale each vector to mean square 1, then each entry by a learned weight."""

    def __init__(self, d_model: int, *, eps: float = EPS) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Norm x; squares are summed in float32 or wider, since half precision overflows at 256."""
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        mean_square = wide.square().mean(-1, keepdim=True)
        return self.weight * (wide * torch.rsqrt(mean_square + self.eps)).to(x.dtype)


def unscaled_attention(
    q: Float[Tensor, "*batch h n d"],
    k: Float[Tensor, "*batch h m d"],
    v: Float[Tensor, "*batch h m d_v"],
    mask: Bool[Tensor, "..."] | None = None,
    *,
    bias: Float[Tensor, "h n m"] | None = None,
) -> Float[Tensor, "*batch h n d_v"]:
    """softmax(q kᵀ + bias) v, each head with a bias of its own; a row of no keys gives zeros."""
    e = q @ k.mT  # (…, h, n, m)
    e = e if bias is None else e + bias
    if mask is not None:
        check_mask(mask, e.shape)
        e = e.masked_fill(~mask, -math.inf)
    return softmax(e, dim=-1) @ v


class GatedFeedForward(FeedForward):
    """A network whose hidden layer is a product: what GELU lets through, of a second map of x."""

    def __init__(self, d_model: int, d_ff: int, *, bias: bool = True) -> None:
        """Make `first` (into GELU), `gated` beside it, and `second` (W_1, W_3, W_2)."""
        super().__init__(d_model, d_ff, "gelu", bias=bias)
        self.gated = nn.Linear(d_model, d_ff, bias=bias)

    def forward(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Transform each vector of x by itself; the GELU is GPT-2's, as in T5 1.1's code."""
        return self.second(tanh_gelu(self.first(x)) * self.gated(x))


class T5Layer(nn.Module):
    """Self-attention, in a decoder cross-attention, and the network, each pre-norm."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_head: int,
        d_ff: int,
        *,
        in_decoder: bool,
        gated: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        attention = partial(
            MultiHeadAttention,
            d_model,
            n_heads,
            d_head=d_head,
            bias=False,
            attention=unscaled_attention,
        )
        around = partial(
            AddAndNorm, d_model, norm_first=True, dropout=dropout, eps=EPS, norm=RMSNorm
        )
        self.in_decoder = in_decoder
        self.attention, self.around_attention = attention(), around()
        if in_decoder:
            self.cross_attention, self.around_cross_attention = attention(), around()
        network = GatedFeedForward if gated else FeedForward
        self.feed_forward = network(d_model, d_ff, bias=False)
        self.around_feed_forward = around()

    def forward(
        self,
        x: Float[Tensor, "*batch n d_model"],
        bias: Float[Tensor, "h n n"],
        mask: Bool[Tensor, "*#batch #n #n"] | None = None,
        memory: Float[Tensor, "*batch m d_model"] | None = None,
        memory_mask: Bool[Tensor, "*#batch #n #m"] | None = None,
    ) -> Float[Tensor, "*batch n d_model"]:
        """Exchange, ask the memory, work; a decoder's mask is causal, and `mask` forbids more.

        Only self-attention has a bias: source and target have no common positions.
        """
        if self.in_decoder:
            sees = causal_mask(x.shape[-2], device=x.device)  # (n, n)
            mask = sees if mask is None else sees & mask
        x = self.around_attention(x, partial(self.attention, mask=mask, bias=bias))
        if self.in_decoder:
            ask = partial(self.cross_attention, memory=memory, mask=memory_mask)
            x = self.around_cross_attention(x, ask)
        return self.around_feed_forward(x, self.feed_forward)
