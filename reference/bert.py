"""BERT: a Transformer encoder that is pre-trained on two tasks at once.

Slides "BERT pre-training"; Devlin et al. 2019, §3, A.2. An input is [CLS] a … [SEP] b … [SEP], as
`next_sentence.pack_pair` makes it. Its embedding is the sum of three: the token, the segment (0 for
a, 1 for b) and the position (learned, unlike the sinusoids). Each token's last state predicts that
token where it was masked (`masked_lm`); the state of [CLS], pooled, says whether b follows a.

                 layers   d_model   heads   parameters                 slide
    BERT_BASE        12       768      12   109,482,240 (109.5M)       110M
    BERT_LARGE       24      1024      16   335,141,888 (335.1M)       340M

Counted are embeddings, encoder and pooler for the 30,522 entries of the released English uncased
vocabulary (the slide's 30,000); the two heads add 0.6M and 1.1M. d_ff is 4 d_model.

>>> model = BertForPreTraining(BertConfig(n_layers=1, d_model=8, n_heads=2, vocab_size=50))
>>> input_ids, token_type_ids = torch.tensor([[2, 11, 3, 21, 3]]), torch.tensor([[0, 0, 0, 1, 1]])
>>> mlm_logits, nsp_logits = model(input_ids, token_type_ids)
>>> tuple(mlm_logits.shape), tuple(nsp_logits.shape)
((1, 5, 50), (1, 2))

Left out: dropout on the attention weights, the fine-tuning heads; the optimiser and its warm-up.
Proved by: transformers' BertForPreTraining with copied weights (outputs, loss, all gradients) and
its counts; padding has no influence; losses worked by hand; a fresh model's are ln V and ln 2.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from reference.encoder import Encoder, padding_mask
from reference.feed_forward import gelu
from reference.masked_lm import masked_lm_loss
from reference.next_sentence import next_sentence_loss

EPS = 1e-12  # added to the variance in LayerNorm; released configuration
INITIAL_STD = 0.02  # of every weight before training; released configuration


@dataclass(frozen=True, kw_only=True)
class BertConfig:
    """The sizes of a BERT; `dropout` acts in training only."""

    n_layers: int
    d_model: int
    n_heads: int
    vocab_size: int = 30_522  # the released English uncased vocabulary
    max_length: int = 512  # §A.2
    dropout: float = 0.1  # §A.2


BERT_BASE = BertConfig(n_layers=12, d_model=768, n_heads=12)  # §3
BERT_LARGE = BertConfig(n_layers=24, d_model=1024, n_heads=16)


class BertEmbeddings(nn.Module):
    """Token + segment + position, all three learned; then LayerNorm."""

    def __init__(
        self, vocab_size: int, max_length: int, d_model: int, *, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model, eps=EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, input_ids: Int[Tensor, "*batch n"], token_type_ids: Int[Tensor, "*batch n"]
    ) -> Float[Tensor, "*batch n d_model"]:
        """Embed each token; `token_type_ids` is 0 in the first segment and 1 in the second."""
        if token_type_ids.shape != input_ids.shape:
            raise ValueError(
                "input_ids and token_type_ids must have one shape (…, n): got "
                f"{tuple(input_ids.shape)} and {tuple(token_type_ids.shape)}; pass one segment, "
                "0 or 1, for each token"
            )
        n, max_length = input_ids.shape[-1], self.position.num_embeddings
        if n > max_length:
            raise ValueError(
                f"input_ids must have at most max_length={max_length} positions: got {n}; cut the "
                "segments, since no vector was learned for a position after these"
            )
        x = self.token(input_ids) + self.segment(token_type_ids)  # (…, n, d_model)
        return self.dropout(self.norm(x + self.position.weight[:n]))


class Bert(nn.Module):
    """Embeddings, a post-norm encoder with GELU, and the pooler on [CLS]."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        d_model, dropout = config.d_model, config.dropout
        self.config = config
        self.embeddings = BertEmbeddings(
            config.vocab_size, config.max_length, d_model, dropout=dropout
        )
        self.encoder = Encoder(
            config.n_layers, d_model, config.n_heads, activation="gelu", dropout=dropout, eps=EPS
        )
        self.pooler = nn.Linear(d_model, d_model)
        self.apply(_initialise)

    def forward(
        self,
        input_ids: Int[Tensor, "*batch n"],
        token_type_ids: Int[Tensor, "*batch n"] | None = None,
        attention_mask: Bool[Tensor, "*batch n"] | Int[Tensor, "*batch n"] | None = None,
    ) -> tuple[Float[Tensor, "*batch n d_model"], Float[Tensor, "*batch d_model"]]:
        """Return the last state of every token, and [CLS]'s after one more layer with tanh.

        Without `token_type_ids` all is one segment. `attention_mask` is 1 or True for a token, 0 or
        False for padding; without it there is no padding.
        """
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        x = self.embeddings(input_ids, token_type_ids)  # (…, n, d_model)
        mask = None if attention_mask is None else padding_mask(attention_mask)
        states = self.encoder(x, mask)
        return states, torch.tanh(self.pooler(states[..., 0, :]))


class MLMHead(nn.Module):
    """One more layer on each state, then its product with every token's embedding, and a bias."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.transform = nn.Linear(config.d_model, config.d_model)
        self.norm = nn.LayerNorm(config.d_model, eps=EPS)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(
        self, states: Float[Tensor, "*batch d_model"], embedding: Float[Tensor, "V d_model"]
    ) -> Float[Tensor, "*batch V"]:
        """Give each token's logit; `embedding` is the matrix that the input was looked up in."""
        return F.linear(self.norm(gelu(self.transform(states))), embedding, self.bias)


class BertForPreTraining(nn.Module):
    """Bert with both heads: which token was masked, and does the second segment follow?"""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.bert = Bert(config)
        self.mlm_head = MLMHead(config)
        self.nsp_head = nn.Linear(config.d_model, 2)
        self.mlm_head.apply(_initialise)
        self.nsp_head.apply(_initialise)

    def forward(
        self,
        input_ids: Int[Tensor, "*batch n"],
        token_type_ids: Int[Tensor, "*batch n"] | None = None,
        attention_mask: Bool[Tensor, "*batch n"] | Int[Tensor, "*batch n"] | None = None,
    ) -> tuple[Float[Tensor, "*batch n V"], Float[Tensor, "*batch 2"]]:
        """Return `mlm_logits`, for every position, and `nsp_logits`, of which column 1 is IsNext.

        The MLM head shares the token embeddings' weights: they are one parameter, not two.
        """
        states, pooled = self.bert(input_ids, token_type_ids, attention_mask)
        mlm_logits = self.mlm_head(states, self.bert.embeddings.token.weight)  # (…, n, V)
        return mlm_logits, self.nsp_head(pooled)


def pretraining_loss(
    mlm_logits: Float[Tensor, "b n V"],
    labels: Int[Tensor, "b n"],
    nsp_logits: Float[Tensor, "b 2"],
    is_next: Bool[Tensor, " b"] | Int[Tensor, " b"],
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the masked tokens plus mean cross-entropy of the pairs, equal weights.

    `labels` is -100 where nothing was masked; if it is everywhere, the first mean is 0. `is_next`
    is 1 or True where the second segment follows the first, and column 1 of `nsp_logits` is its
    logit. (HuggingFace's BertForPreTraining numbers these the other way: its class 0 is IsNext.)
    """
    if nsp_logits.shape != (len(labels), 2) or is_next.shape != labels.shape[:1]:
        raise ValueError(
            "nsp_logits must be (b, 2) and is_next (b,), with as many rows as labels (b, n): got "
            f"{tuple(nsp_logits.shape)}, {tuple(is_next.shape)} and {tuple(labels.shape)}; pass "
            "two logits and one answer for each row"
        )
    return masked_lm_loss(mlm_logits, labels) + next_sentence_loss(nsp_logits, is_next)


def _initialise(module: nn.Module) -> None:
    """Draw small weights, with no biases: then all tokens start out about equally likely."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=INITIAL_STD)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
