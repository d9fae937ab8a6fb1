"""GPT: the decoder alone, which predicts each token from those before it.

Slide "GPT"; Radford et al. 2018, §3.1, §4.1 (the decoder, learned positions, tied head); Radford
et al. 2019, §2.3 (GPT-2: pre-norm, one more LayerNorm at the end, smaller first weights of what is
added to the residual sum). Without an encoder there is no cross-attention: a block is an encoder's
layer under a causal mask. So one pass over n tokens makes n - 1 predictions, each from the past.

                  layers   d_model   heads      parameters
    GPT1              12       768      12     116,534,784   post-norm, rows of 512 (the slide's)
    GPT2_SMALL        12       768      12     124,439,808   pre-norm, rows of 1,024
    GPT2_MEDIUM       24     1,024      16     354,823,168
    GPT2_LARGE        36     1,280      20     774,030,080
    GPT2_XL           48     1,600      25   1,557,611,200
    GPT3["175B"]      96    12,288      96 174,604,259,328   rows of 2,048

Radford et al. 2019, Table 2, has 117M and 345M for GPT-2's first two: not what their layers give.
Two rows of Brown et al. 2020, Table 2.1, cannot be built as printed: 1.3B's 24 heads of 128 are no
share of 2,048 (16 are), nor 13B's 40 of 5,140 (they are of 5,120). GPT3 holds what can.

>>> model = GPT(GPTConfig(n_layers=1, d_model=8, n_heads=2, vocab_size=50))
>>> tuple(model(torch.tensor([[7, 11, 3, 7]])).shape)
(1, 4, 50)
>>> round(next_token_loss(torch.zeros(1, 4, 50), torch.tensor([[7, 11, 3, 7]])).item(), 3)  # ln 50
3.912

`FeedForward` offers ReLU and the exact GELU. GPT-2's weights were trained with an approximation
by tanh, up to 5e-4 away, so `TanhFeedForward` puts that in; attention is used as it is.

Left out: dropout on the attention weights; a mask for padding, which on the right of a sequence no
token sees (its targets are set to -100); a cache (see `generation`); GPT-3's sparse layers.
Proved by: transformers' GPT2LMHeadModel and OpenAIGPTLMHeadModel with copied weights (outputs,
loss, all gradients) and their counts; torch's GELU; no gradient from an output to a later token;
prefixes and permuted pasts.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from reference.attention import causal_mask
from reference.encoder import AddAndNorm
from reference.feed_forward import FeedForward
from reference.masked_lm import masked_lm_loss
from reference.multihead_attention import MultiHeadAttention

EPS = 1e-5  # added to the variance in LayerNorm; released configuration
INITIAL_STD = 0.02  # of every weight before training; Radford et al. 2018, §4.1


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """The sizes of a GPT; d_ff is 4 d_model; `dropout` acts in training only."""

    n_layers: int
    d_model: int
    n_heads: int
    vocab_size: int = 50_257  # 256 bytes, 50,000 merges, one end of text: Radford et al. 2019, §2.2
    max_length: int = 1024  # §2.3
    norm_first: bool = True  # §2.3; GPT-1 norms after each sum, and so not once more at the end
    dropout: float = 0.1  # Radford et al. 2018, §4.1


GPT1 = GPTConfig(  # Radford et al. 2018, §4.1; vocabulary: 478 symbols and 40,000 merges, released
    n_layers=12, d_model=768, n_heads=12, vocab_size=40_478, max_length=512, norm_first=False
)
GPT2_SMALL = GPTConfig(n_layers=12, d_model=768, n_heads=12)  # Table 2; heads: released
GPT2_MEDIUM = GPTConfig(n_layers=24, d_model=1024, n_heads=16)
GPT2_LARGE = GPTConfig(n_layers=36, d_model=1280, n_heads=20)
GPT2_XL = GPTConfig(n_layers=48, d_model=1600, n_heads=25)

GPT3 = {  # Brown et al. 2020, Table 2.1: name, layers, width, heads
    name: GPTConfig(n_layers=n_layers, d_model=d_model, n_heads=n_heads, max_length=2048)
    for name, n_layers, d_model, n_heads in (
        ("125M", 12, 768, 12),
        ("350M", 24, 1024, 16),
        ("760M", 24, 1536, 16),
        ("1.3B", 24, 2048, 16),
        ("2.7B", 32, 2560, 32),
        ("6.7B", 32, 4096, 32),
        ("13B", 40, 5120, 40),
        ("175B", 96, 12_288, 96),
    )
}


def tanh_gelu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Approximate x Φ(x) without the error function (Hendrycks & Gimpel 2016, §2)."""
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


class TanhFeedForward(FeedForward):
    """A feed-forward network with `tanh_gelu` between its two maps."""

    def forward(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Transform each vector of x by itself."""
        return self.second(tanh_gelu(self.first(x)))


class Block(nn.Module):
    """Masked self-attention, then a feed-forward network, each added to what its norm went into."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        around = partial(
            AddAndNorm,
            config.d_model,
            norm_first=config.norm_first,
            dropout=config.dropout,
            eps=EPS,
        )
        self.attention = MultiHeadAttention(config.d_model, config.n_heads)
        self.around_attention = around()
        self.feed_forward = TanhFeedForward(config.d_model)
        self.around_feed_forward = around()

    def forward(self, x: Float[Tensor, "*batch n d_model"]) -> Float[Tensor, "*batch n d_model"]:
        """Let each position gather from itself and the past, then let each work by itself."""
        mask = causal_mask(x.shape[-2], device=x.device)
        x = self.around_attention(x, partial(self.attention, mask=mask))
        return self.around_feed_forward(x, self.feed_forward)


class GPT(nn.Module):
    """Embeddings of tokens and positions, a stack of blocks, and the tied head."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        if config.n_layers < 1:
            raise ValueError(
                f"n_layers must be 1 or more: got {config.n_layers}; the smallest GPT-2 has 12"
            )
        self.config = config
        self.token = nn.Embedding(config.vocab_size, config.d_model)
        self.position = nn.Embedding(config.max_length, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        norm_last = config.norm_first  # nothing has normed the last sum
        self.norm = nn.LayerNorm(config.d_model, eps=EPS) if norm_last else nn.Identity()
        self._initialise()

    def forward(self, input_ids: Int[Tensor, "*batch n"]) -> Float[Tensor, "*batch n V"]:
        """Return for each position the logits of the token that comes next."""
        x = self.embed(input_ids)  # (…, n, d_model)
        for block in self.blocks:
            x = block(x)
        return self.logits(x)

    def embed(
        self, input_ids: Int[Tensor, "*batch n"], first: int = 0
    ) -> Float[Tensor, "*batch n d_model"]:
        """Add the vectors of tokens and positions; the first of these ids stands at `first`."""
        end, max_length = first + input_ids.shape[-1], self.config.max_length
        if end > max_length:
            raise ValueError(
                f"input_ids must have at most max_length={max_length} positions: got {end}; keep "
                "the last ones, since no vector was learned for a position after these"
            )
        return self.dropout(self.token(input_ids) + self.position.weight[first:end])

    def logits(self, x: Float[Tensor, "*batch n d_model"]) -> Float[Tensor, "*batch n V"]:
        """Compare what the last block returned with every token's embedding.

        The head is the matrix of token embeddings, one parameter in two places: a state predicts
        the tokens whose vectors it points to.
        """
        return F.linear(self.norm(x), self.token.weight)

    def _initialise(self) -> None:
        """Draw small weights, and smaller ones where 2 n_layers results are added to one sum."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif name.endswith(("attention.output.weight", "second.weight")):
                nn.init.normal_(parameter, std=INITIAL_STD / math.sqrt(2 * self.config.n_layers))
            elif not name.endswith("norm.weight"):
                nn.init.normal_(parameter, std=INITIAL_STD)


def next_token_loss(
    logits: Float[Tensor, "b n V"], targets: Int[Tensor, "b n"]
) -> Float[Tensor, ""]:
    """Mean of -log p(token | those before it); `targets` are the tokens that went in.

    The logits of position i are asked for the token of position i + 1: nothing predicts the first
    token, and the last logits predict nothing. A target of -100 is passed over (padding).
    """
    if logits.ndim != 3 or targets.shape != logits.shape[:2] or targets.shape[1] < 2:
        raise ValueError(
            "logits must be (b, n, V) and targets (b, n), with n of 2 or more: got shapes "
            f"{tuple(logits.shape)} and {tuple(targets.shape)}; pass the whole sequences that the "
            "model was given, not yet shifted"
        )
    return masked_lm_loss(logits[:, :-1], targets[:, 1:])
