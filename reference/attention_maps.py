"""What each head looks at: the attention weights of a whole model, taken down while it runs.

Slide "Multi-head Attention": each head can focus on different positions. `MultiHeadAttention`
returns what its heads found, not where they looked. So for one call of the model, every such layer
gets an attention that computes the same and keeps its weights. The maps come by the layer's name
in the model, each of shape (…, h, n, m): row i shows how head h shares its attention out at
position i, and sums to 1.

>>> from reference.encoder import Encoder
>>> maps = attention_maps(Encoder(n_layers=2, d_model=8, n_heads=4), torch.randn(3, 5, 8))
>>> {name: tuple(weights.shape) for name, weights in maps.items()}
{'layers.0.attention': (3, 4, 5, 5), 'layers.1.attention': (3, 4, 5, 5)}

A weight is not an explanation: what flows is weight times value, and later layers mix it on (Jain
& Wallace 2019, §1). Clark et al. 2019, §3, read BERT's heads in this way.

Left out: attentions other than scaled dot products (T5 has its own); gradients of the weights.
Proved by: transformers' attentions of MiniLM; weights times values, joined, are the layer's output;
a model is after the call what it was before.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.attention import attention_scores, scaled_dot_product_attention, softmax
from reference.multihead_attention import Attention, MultiHeadAttention

Maps = dict[str, Float[Tensor, "..."]]


@torch.no_grad()
def attention_maps(model: nn.Module, *inputs: Any, **options: Any) -> Maps:
    """Call the model; give each layer's weights (…, h, n, m), of a repeated layer its last ones."""
    layers = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, MultiHeadAttention)
    }
    other = [
        name
        for name, layer in layers.items()
        if layer.attention is not scaled_dot_product_attention
    ]
    if other or not layers:
        raise ValueError(
            "model must have layers of scaled dot-product attention, and no others: got "
            f"{len(layers) - len(other)} of these and {len(other)} others {other[:3]}; pass one "
            "made of MultiHeadAttention, or the part of it that is"
        )
    maps: Maps = {}
    for name, layer in layers.items():
        layer.attention = _recorded(maps, name)
    try:
        model(*inputs, **options)
    finally:
        for layer in layers.values():
            layer.attention = scaled_dot_product_attention
    return maps


def _recorded(maps: Maps, name: str) -> Attention:
    def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        maps[name] = softmax(attention_scores(q, k, mask), dim=-1)
        return scaled_dot_product_attention(q, k, v, mask)

    return attention
