"""What lets a small T5 learn to look into its inputs: T5's optimiser, and queries like keys.

Raffel et al. 2020, §3.1.2; Shazeer & Stern 2018, §8 (steps relative to a weight's size); Trockman &
Kolter 2023, abstract (queries and keys whose product begins near the identity).

The hard part of `pretrain_t5` is a span's first token. To tell it, the decoder must find the span's
sentinel in the inputs, and the encoder must have gathered there what stands around it; neither
helps before the other is there. From T5's own first weights 3,000 steps of AdamW found neither: a
first token cost 5.90 nats, no less than its frequency says, where the bigram has 4.15. With what is
here it costs 5.5 after 360 steps and 4.4 after 600; without larger steps for position biases, or
without queries like keys, still 5.95 after 400.

>>> from reference.t5 import T5Config
>>> model = T5(T5Config(n_layers=1, d_model=8, n_heads=2, d_head=4, d_ff=16, vocab_size=50))
>>> look_up(model)
>>> cross = model.decoder.layers[0].cross_attention
>>> torch.equal(cross.query.weight, cross.key.weight / 2)
True
>>> [len(group["params"]) for group in adafactor(model, lr=0.03).param_groups]
[24, 2]

Left out: T5's schedule, 1 / √step (`pretrain_t5` has the cosine of GPT's).
Proved by: a fresh model's sentinels look for themselves; steps measured against the weights' sizes.
"""

import math
from typing import Any

import torch

from reference.t5 import T5
from reference.t5_layers import T5Layer
from reference.t5_positions import RelativePositionBias

BIAS_SIZE = 4.0  # e⁴ is about as many as a row has tokens


@torch.no_grad()
def look_up(model: T5) -> None:
    """Let each token of the targets begin by looking for itself in the inputs; so, a sentinel.

    The scale is that of T5's own first queries, smaller than keys by √d_head.
    """
    for layer in model.decoder.modules():
        if isinstance(layer, T5Layer):
            attention = layer.cross_attention
            attention.query.weight.copy_(attention.key.weight / math.sqrt(model.config.d_head))


def adafactor(model: T5, lr: float) -> torch.optim.Adafactor:
    """Step by a share `lr` of each weight's size; of position biases, as if that were BIAS_SIZE.

    Embeddings start near 1, queries near 0.01: no one size of AdamW's steps suits both. But biases
    start near 0, and a head needs one of 5 or so to look at one neighbour among 60.
    """
    biases = [m.table.weight for m in model.modules() if isinstance(m, RelativePositionBias)]
    others = [p for p in model.parameters() if all(p is not bias for bias in biases)]
    groups: list[dict[str, Any]] = [
        {"params": others},
        {"params": biases, "eps": (None, BIAS_SIZE)},
    ]
    return torch.optim.Adafactor(groups, lr=lr)
