"""Model sizes: parameters and FLOPs, counted from a configuration alone.

Slides "How large are large LMs", "BERT pre-training", "T5"; the landscape itself is in `landscape`.
Nothing is built: a linear map of i inputs and o outputs has i o weights (and o biases), costs 2 i o
FLOPs a token forward (a product and a sum for each weight), and twice that backward. What weights
do not show is attention's own products, queries with keys and weights with values. The rule of
thumb C ≈ 6 N D (Kaplan et al. 2020, §2.1) leaves these out and counts embeddings, which cost
nothing to look up:

>>> gpt3 = Architecture(
...     decoder_layers=96,
...     d_model=12_288,
...     n_heads=96,
...     d_ff=4 * 12_288,
...     vocab_size=50_257,
...     positions=2048,
... )
>>> f"{gpt3.parameters().total:,}"
'174,604,259,328'
>>> [round(training_flops(gpt3, 1, n) / six_nd(gpt3, 1), 2) for n in (2048, 100_000)]
[1.03, 2.35]

Left out: softmax, norms and activations among the FLOPs (no products of matrices; under 1% of large
models), recomputed activations, mixtures of experts, a cache.
Proved by: equal to counting the modules of `bert` and `gpt` and transformers' T5, GPT-2 and BERT
on torch's meta device, and to torch's FLOP counter forward and backward; a tiny one by hand.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Parameters(NamedTuple):
    """How many parameters each part has; a tied head has none of its own."""

    embeddings: int
    attention: int
    feed_forward: int
    norms: int
    head: int

    @property
    def total(self) -> int:
        """Give the sum of all parts."""
        return sum(self)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A dense transformer; with layers on both sides, the decoder also attends to the encoder."""

    d_model: int
    n_heads: int
    d_ff: int
    vocab_size: int
    encoder_layers: int = 0
    decoder_layers: int = 0
    d_head: int | None = None  # if not d_model / n_heads
    kv_heads: int | None = None  # heads of keys and values, if fewer than of queries
    positions: int = 0  # learned vectors
    segments: int = 0
    relative_positions: int = 0  # learned biases of the scores, for each head of each stack
    relative_maps: bool = False  # a map of sinusoids of distances in each layer: Transformer-XL's
    gated: bool = False  # three maps in the feed-forward network, not two
    biases: bool = True  # in linear maps and norms
    tied: bool = True  # the head is the matrix of token embeddings
    embedding_norm: bool = False
    final_norm: bool = True
    pooler: bool = False

    def __post_init__(self) -> None:
        if self.d_head is None and self.d_model % self.n_heads:
            raise ValueError(
                f"n_heads must divide d_model: got d_model={self.d_model}, n_heads={self.n_heads}; "
                "or say what d_head is"
            )
        if self.relative_maps and self.encoder_layers:
            raise ValueError(
                "relative_maps are counted in a decoder alone, its keys behind its queries: "
                f"got encoder_layers={self.encoder_layers}; leave one out"
            )
        if self.encoder_layers + self.decoder_layers < 1:
            raise ValueError("a model must have layers: got none; give encoder or decoder_layers")

    @property
    def attentions(self) -> int:
        """Count attentions: one a layer, and two where the decoder attends to an encoder too."""
        cross = self.decoder_layers if self.encoder_layers else 0
        return self.encoder_layers + self.decoder_layers + cross

    @property
    def widths(self) -> tuple[int, int]:
        """Give the widths of all heads' queries together, and of all their keys."""
        d_head = self.d_head or self.d_model // self.n_heads
        return self.n_heads * d_head, (self.kv_heads or self.n_heads) * d_head

    def parameters(self) -> Parameters:
        """Count the parameters of each part."""
        d, (d_q, d_kv), bias = self.d_model, self.widths, int(self.biases)
        layers = self.encoder_layers + self.decoder_layers
        stacks = (self.encoder_layers > 0) + (self.decoder_layers > 0)
        norms = self.attentions + layers + self.embedding_norm + stacks * self.final_norm
        attention = 2 * d * d_q + 2 * d * d_kv + bias * (d_q + 2 * d_kv + d)
        wide = (2 if self.gated else 1) * self.d_ff
        if self.relative_maps:
            # for keys at a distance; and two vectors of content and position, alike for all queries
            attention += d * d_q + 2 * d_q
        feed_forward = d * wide + self.d_ff * d + bias * (wide + d)
        return Parameters(
            embeddings=(self.vocab_size + self.positions + self.segments) * d,
            attention=self.attentions * attention + stacks * self.relative_positions * self.n_heads,
            feed_forward=layers * feed_forward,
            norms=norms * (1 + bias) * d,
            head=(not self.tied) * self.vocab_size * d + self.pooler * (d + bias) * d,
        )


def forward_flops(architecture: Architecture, n: int, source: int = 0) -> int:
    """FLOPs of products of matrices in one pass over n tokens, causal masks not made use of.

    In an encoder-decoder the n tokens are the decoder's, and `source` tokens the encoder's. Logits
    are counted for every token of a decoder; a pooler works on one.
    """
    a, d, (d_q, d_kv) = architecture, architecture.d_model, architecture.widths
    both = a.encoder_layers > 0 and a.decoder_layers > 0
    if n < 1 or (source > 0) != both:
        raise ValueError(
            f"n must be 1 or more, and source too where there is an encoder and a decoder, else 0: "
            f"got n={n}, source={source}; count the tokens of each stack"
        )

    def attention(queries: int, keys: int) -> int:
        maps = 2 * d * (2 * queries * d_q + 2 * keys * d_kv)
        relative = 2 * keys * d_q * (d + queries) * a.relative_maps  # as many distances as keys
        return maps + 4 * queries * keys * d_q + relative

    def layer(tokens: int) -> int:
        return attention(tokens, tokens) + 2 * tokens * (3 if a.gated else 2) * d * a.d_ff

    flops = a.encoder_layers * layer(source if both else n) + a.decoder_layers * layer(n)
    flops += a.decoder_layers * attention(n, source) * both
    flops += 2 * n * d * a.vocab_size * (a.decoder_layers > 0)
    return flops + 2 * d * d * a.pooler


def training_flops(architecture: Architecture, tokens: int | float, n: int) -> float:
    """FLOPs of training one stack on `tokens` in sequences of n: forward, and twice it backward."""
    return 3 * forward_flops(architecture, n) / n * tokens


def six_nd(architecture: Architecture, tokens: int | float) -> float:
    """FLOPs of training by the rule of thumb 6 N D, N all parameters, D the tokens."""
    return 6.0 * architecture.parameters().total * tokens
