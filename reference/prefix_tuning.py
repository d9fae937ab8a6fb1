"""Prefix tuning: in every layer, keys and values that no token made.

Slide "Lightweight Fine-tuning"; Li & Liang 2021, §4.2. A prompt (`prompt_tuning`) speaks to the
first layer, and what the others see of it the frozen model makes. A prefix speaks to each: p
learned keys and values stand before those of the text, for every head, and all queries may attend
to them.

    keys ← [P_k; K]    values ← [P_v; V]        2 p d_model parameters an attention

Here they are put into what each head computes (`MultiHeadAttention.attention`). The prefix has no
positions: the text's stay what they were. (Implementations that pass it as a cache of past tokens
move the text's positions by p.) So where scores have a bias for relative positions, as T5's have,
the prefix has none. T5's decoder has two attentions a layer, and a prefix for each.

>>> from reference.bert import Bert, BertConfig
>>> model = Bert(BertConfig(n_layers=2, d_model=8, n_heads=2, vocab_size=50))
>>> add_prefix(model, n_prefix=5)
>>> sum(p.numel() for p in model.parameters() if p.requires_grad)  # 2 layers · 2 · 5 · 8
160

Left out: the network that makes the prefix from a smaller one while it is trained (§4.3).
Proved by: peft with copied weights (outputs, gradients), for an encoder and a decoder; torch's
attention with T5's bias; a prefix made of tokens' own keys and values equals those tokens; heads by
hand; masks hide text, never the prefix.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from reference.multihead_attention import Attention, MultiHeadAttention
from reference.trainable import freeze

INITIAL_STD = 0.02  # of the prefix: scores near 0, an even share for each entry


class PrefixAttention(nn.Module):
    """What each head computes, with learned keys and values before the text's."""

    def __init__(
        self, layer: MultiHeadAttention, n_prefix: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        if n_prefix < 1:
            raise ValueError(
                f"n_prefix must be 1 or more: got {n_prefix}; the paper's tasks use 1 to 200"
            )
        self.attention: Attention = layer.attention
        like = layer.key.weight  # (d_all, d_model)
        shape = layer.n_heads, n_prefix, len(like) // layer.n_heads  # (h, p, d)
        self.keys = nn.Parameter(like.new_empty(shape))
        self.values = nn.Parameter(like.new_empty(shape))
        for parameter in (self.keys, self.values):
            nn.init.normal_(parameter, std=INITIAL_STD, generator=generator)

    def forward(
        self,
        q: Float[Tensor, "*batch h n d"],
        k: Float[Tensor, "*batch h m d"],
        v: Float[Tensor, "*batch h m d"],
        mask: Bool[Tensor, "..."] | None = None,
        *,
        bias: Float[Tensor, "h n m"] | None = None,
    ) -> Float[Tensor, "*batch h n d"]:
        """Attend to the prefix and to what the mask allows of the text; `bias` is T5's."""
        batch, (m, p) = k.shape[:-3], (k.shape[-2], self.keys.shape[-2])
        k = torch.cat([self.keys.expand(*batch, -1, -1, -1), k], -2)  # (…, h, p + m, d)
        v = torch.cat([self.values.expand(*batch, -1, -1, -1), v], -2)  # (…, h, p + m, d)
        if mask is not None:
            mask = F.pad(mask.expand(*mask.shape[:-1], m), (p, 0), value=True)
        if bias is None:
            return self.attention(q, k, v, mask)
        return self.attention(q, k, v, mask, bias=F.pad(bias, (p, 0)))


def add_prefix(
    model: nn.Module, n_prefix: int, *, generator: torch.Generator | None = None
) -> None:
    """Freeze the model, and give each of its multi-head attentions a prefix that is trained."""
    freeze(model)
    layers = [module for module in model.modules() if isinstance(module, MultiHeadAttention)]
    if not layers:
        raise ValueError(
            "the model must have a MultiHeadAttention: got none; a prefix is made of its keys and "
            "values"
        )
    for layer in layers:
        layer.attention = PrefixAttention(layer, n_prefix, generator)
