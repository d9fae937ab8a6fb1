"""T5: an encoder-decoder for which every task is text to text.

Slides "T5", "T5 comes in different sizes"; Raffel et al. 2020, §2.1, §3.1.2, §3.7. Its layers are
in `t5_layers`, its positions in `t5_positions`: one table of biases for the whole encoder, one for
the decoder. It is pre-trained on spans (`span_corruption`): the encoder reads a text with gaps, the
decoder writes what is missing, and so the fine-tuning tasks, texts all, need no new parts.

                 layers   d_model    heads x width    d_ff       parameters
    t5-small      6 + 6       512          8 x  64    2,048      60,506,624
    t5-base     12 + 12       768         12 x  64    3,072     222,903,552
    t5-large    24 + 24     1,024         16 x  64    4,096     737,668,096
    t5-3b       24 + 24     1,024         32 x 128   16,384   2,851,598,336
    t5-11b      24 + 24     1,024        128 x 128   65,536  11,307,321,344

>>> import torch
>>> from reference.encoder_decoder import shift_right
>>> from reference.masked_lm import masked_lm_loss
>>> config = T5Config(n_layers=1, d_model=8, n_heads=2, d_head=4, d_ff=16, vocab_size=50)
>>> model = T5(config)
>>> source_ids, targets = torch.tensor([[7, 11, 49, 3, 1]]), torch.tensor([[49, 12, 48, 1]])
>>> logits = model(source_ids, shift_right(targets, config.start_id))
>>> tuple(logits.shape), masked_lm_loss(logits, targets).shape
((1, 4, 50), torch.Size([]))

The loss is `masked_lm_loss`: mean cross-entropy of all target tokens, -100 where there is padding.
T5 1.1 (the released continuation) is `gated`, and not `tied`: its head is a matrix of its own.

Left out: dropout within layers (see `t5_layers`), a cache of keys and values, beam search.
Proved by: transformers' T5ForConditionalGeneration with copied weights, both versions (outputs,
loss, all gradients) and its counts; no logits have a gradient to a later token; padding has no
influence; a text moved along has the same states; a fresh model's loss is that of logits of
variance 1.
"""

import math
from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from reference.encoder import padding_mask
from reference.t5_layers import RMSNorm, T5Layer
from reference.t5_positions import MAX_DISTANCE, N_BUCKETS, RelativePositionBias


@dataclass(frozen=True, kw_only=True)
class T5Config:
    """The sizes of a T5; `n_layers` in each stack; `dropout` acts in training only."""

    n_layers: int
    d_model: int
    n_heads: int
    d_head: int
    d_ff: int
    vocab_size: int = 32_128  # 32,000 wordpieces, 100 sentinels, and 28 for a round number
    n_buckets: int = N_BUCKETS
    max_distance: int = MAX_DISTANCE
    gated: bool = False  # T5 1.1
    tied: bool = True  # head and embeddings; not in T5 1.1
    start_id: int = 0  # the padding's: released configuration
    dropout: float = 0.1  # §3.1.2


T5_SIZES = {
    "t5-small": T5Config(n_layers=6, d_model=512, n_heads=8, d_head=64, d_ff=2048),  # §3.7
    "t5-base": T5Config(n_layers=12, d_model=768, n_heads=12, d_head=64, d_ff=3072),
    "t5-large": T5Config(n_layers=24, d_model=1024, n_heads=16, d_head=64, d_ff=4096),
    "t5-3b": T5Config(n_layers=24, d_model=1024, n_heads=32, d_head=128, d_ff=16_384),
    "t5-11b": T5Config(n_layers=24, d_model=1024, n_heads=128, d_head=128, d_ff=65_536),
}


class T5Stack(nn.Module):
    """An encoder, or a decoder: layers that share a table of biases, then RMSNorm."""

    def __init__(self, config: T5Config, *, in_decoder: bool) -> None:
        super().__init__()
        c = config
        self.bias = RelativePositionBias(
            c.n_heads,
            two_sided=not in_decoder,
            n_buckets=c.n_buckets,
            max_distance=c.max_distance,
        )
        self.layers = nn.ModuleList(
            T5Layer(
                c.d_model,
                c.n_heads,
                c.d_head,
                c.d_ff,
                in_decoder=in_decoder,
                gated=c.gated,
                dropout=c.dropout,
            )
            for _ in range(c.n_layers)
        )
        self.norm = RMSNorm(c.d_model)
        self.dropout = nn.Dropout(c.dropout)

    def forward(
        self,
        x: Float[Tensor, "*batch n d_model"],
        mask: Bool[Tensor, "*#batch #n #n"] | None = None,
        memory: Float[Tensor, "*batch m d_model"] | None = None,
        memory_mask: Bool[Tensor, "*#batch #n #m"] | None = None,
    ) -> Float[Tensor, "*batch n d_model"]:
        """Apply the layers in order, all with the same bias and masks."""
        x, n = self.dropout(x), x.shape[-2]
        bias = self.bias(n, n)  # (h, n, n)
        for layer in self.layers:
            x = layer(x, bias, mask, memory, memory_mask)
        return self.dropout(self.norm(x))


class T5(nn.Module):
    """Embeddings, encoder, decoder, and the head."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        if config.n_layers < 1:
            raise ValueError(
                f"n_layers must be 1 or more: got {config.n_layers}; the smallest T5 has 6"
            )
        self.config = config
        self.token = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = T5Stack(config, in_decoder=False)
        self.decoder = T5Stack(config, in_decoder=True)
        if not config.tied:
            self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self._initialise()

    def forward(
        self,
        source_ids: Int[Tensor, "*batch m"],
        target_ids: Int[Tensor, "*batch n"],
        source_is_token: Bool[Tensor, "*batch m"] | Int[Tensor, "*batch m"] | None = None,
    ) -> Float[Tensor, "*batch n V"]:
        """Return, for each position of the shifted target, the logits of what comes next.

        `source_is_token` is 1 or True for a token, 0 or False for padding. A target is padded on
        the right, where no token sees it, and its padding is labelled -100.
        """
        mask = None if source_is_token is None else padding_mask(source_is_token)
        memory = self.encoder(self.token(source_ids), mask)
        states = self.decoder(self.token(target_ids), None, memory, mask)
        if not self.config.tied:
            return self.head(states)
        # embeddings have entries near 1, so that products with them are √d_model as large
        return F.linear(states / math.sqrt(self.config.d_model), self.token.weight)

    def _initialise(self) -> None:
        """Draw weights that keep the sums of their products near 1, and queries of 1 / √d_head."""
        c = self.config
        shrink = {"query.weight": c.d_model * c.d_head, "output.weight": c.n_heads * c.d_head}
        shrink |= {"second.weight": c.d_ff, "token.weight": 1}
        for name, parameter in self.named_parameters():
            if not name.endswith("norm.weight"):
                inputs = next((n for end, n in shrink.items() if name.endswith(end)), c.d_model)
                nn.init.normal_(parameter, std=inputs**-0.5)
