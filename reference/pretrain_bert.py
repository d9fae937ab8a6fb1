"""Pre-training a small BERT: both tasks at once, on real text, from random weights.

Slides "BERT pre-training"; Devlin et al. 2019, §3.1, A.2. Each step draws rows: a place in the
text, a pair of segments from there (`next_sentence`), 15% of the tokens to predict (`masked_lm`);
its loss is the sum of both tasks'. Every step corrupts anew.

What was learned is measured on documents held out, at the places that hold [MASK]: elsewhere the
token itself can be seen, and repeating it is no feat. The baseline knows no context, only how often
each token occurs: its best guess is the most frequent one, at every place.

>>> seen, targets = torch.tensor([3, 3, 3, 4]), torch.tensor([3, 4])
>>> accuracy, loss = unigram_baseline(seen, targets, vocab_size=5)
>>> accuracy, round(loss, 4)
(0.5, 1.1575)

Left out: BERT's scale (3.3 billion words, 1M steps of 256 rows of 512) and its last tenth of steps
with longer rows; dropout on attention weights.
Proved by: a resumed run equals an unbroken one bit for bit; the baseline by hand; the loss falls;
rows hold what `pack_pair` and `mask_tokens`, proved by themselves, say.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn
from torch.nn import functional as F

from reference.basic_tokenizer import basic_tokenize
from reference.bert import BertConfig, BertForPreTraining
from reference.corpus import Text
from reference.data_parallel import Mean, loss_of_part
from reference.masked_lm import IGNORED, mask_tokens, masked_lm_loss
from reference.next_sentence import next_segment_pair, next_sentence_loss, pack_pair
from reference.training import Training
from reference.wordpiece import SPECIAL_TOKENS, WordPiece, train_wordpiece

PAD, _, CLS, SEP, MASK = range(len(SPECIAL_TOKENS))  # ids: the vocabulary starts with these


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run depends on. The defaults learn visibly within three minutes on two cores."""

    steps: int = 2000
    warmup: int = 200
    batch_size: int = 32  # rows
    max_length: int = 64  # tokens a row
    vocab_size: int = 1000
    n_layers: int = 2
    d_model: int = 128
    n_heads: int = 4
    dropout: float = 0.0
    lr: float = 2e-3
    seed: int = 0


class Rows(NamedTuple):
    """A batch: what the model sees, and what it should say."""

    input_ids: Int[Tensor, "b n"]
    token_type_ids: Int[Tensor, "b n"]
    attention_mask: Int[Tensor, "b n"]
    labels: Int[Tensor, "b n"]
    is_next: Bool[Tensor, " b"]


def make_vocabulary(documents: Sequence[Text], vocab_size: int) -> WordPiece:
    """Train a WordPiece vocabulary on the documents' words."""
    words = Counter(word for text in documents for s in text for word in basic_tokenize(s))
    return WordPiece(train_wordpiece(words, vocab_size))


class Examples:
    """Documents as ids, from which rows are drawn."""

    def __init__(self, documents: Sequence[Text], tokenizer: WordPiece, settings: Settings) -> None:
        self.settings, self.vocab_size = settings, len(tokenizer.pieces)
        self.documents = [[tokenizer.encode(sentence) for sentence in text] for text in documents]
        # A last sentence has no next one. Without those, exactly half of the pairs are IsNext.
        self.starts = [
            (d, s) for d, text in enumerate(self.documents) for s in range(len(text) - 1)
        ]
        if not self.starts:
            raise ValueError(
                "a pair needs a sentence that another follows: got no document with two "
                f"sentences among {len(documents)}; pass longer ones"
            )
        self.tokens = torch.tensor([i for text in self.documents for s in text for i in s])

    def rows(self, n_rows: int, generator: torch.Generator) -> Rows:
        """Draw rows, each from any place in the text."""
        room = self.settings.max_length - 3  # [CLS], [SEP], [SEP]
        packed, answers = [], []
        for rank in torch.randint(len(self.starts), (n_rows,), generator=generator).tolist():
            document, sentence = self.starts[rank]
            a, b, is_next = next_segment_pair(self.documents, document, sentence, room, generator)
            packed.append(pack_pair(a, b, room + 3, CLS, SEP, PAD))
            answers.append(is_next)
        ids, types, mask = (torch.stack(part) for part in zip(*packed, strict=True))  # (b, n)
        special = range(len(SPECIAL_TOKENS))
        corrupted, labels = mask_tokens(ids, MASK, self.vocab_size, special, generator)
        return Rows(corrupted, types, mask, labels, torch.tensor(answers))


def means_of(model: nn.Module, rows: Rows) -> list[Mean]:
    """Both tasks' losses, computed where the model is; their sum is what BERT minimises."""
    device = next(model.parameters()).device
    ids, types, mask, labels, is_next = (part.to(device) for part in rows)
    mlm_logits, nsp_logits = model(ids, types, mask)
    return [
        Mean(masked_lm_loss(mlm_logits, labels), (labels != IGNORED).sum()),
        Mean(next_sentence_loss(nsp_logits, is_next), len(is_next)),
    ]


def begin(examples: Examples, device: torch.device | str = "cpu") -> Training:
    """A model with random weights, ready for its first step."""
    s = examples.settings
    torch.manual_seed(s.seed)
    model = BertForPreTraining(
        BertConfig(
            n_layers=s.n_layers,
            d_model=s.d_model,
            n_heads=s.n_heads,
            vocab_size=examples.vocab_size,
            max_length=s.max_length,
            dropout=s.dropout,
        )
    ).to(device)
    return Training(
        model,
        loss_of_part(lambda generator: examples.rows(s.batch_size, generator), means_of),
        lr=s.lr,
        warmup=s.warmup,
        total=s.steps,
        seed=s.seed,
    )


class Report(NamedTuple):
    """How well tokens at [MASK] and next sentences are predicted; losses in nats."""

    mlm_accuracy: float
    mlm_loss: float
    unigram_accuracy: float
    unigram_loss: float
    nsp_accuracy: float
    nsp_loss: float
    n_masked: int
    n_rows: int


@torch.no_grad()
def evaluate(model: nn.Module, rows: Rows, seen: Int[Tensor, " n_seen"]) -> Report:
    """Measure a model on rows, beside the baseline that knows the frequencies of `seen` tokens."""
    model.eval()
    device = next(model.parameters()).device
    hits, surprise, next_hits, next_surprise = 0.0, 0.0, 0.0, 0.0
    hidden = (rows.labels != IGNORED) & (rows.input_ids == MASK)
    for start in range(0, len(hidden), 64):
        part = [whole[start : start + 64].to(device) for whole in (*rows, hidden)]
        ids, types, mask, labels, is_next, at_mask = part
        mlm_logits, nsp_logits = model(ids, types, mask)
        targets = labels.masked_fill(~at_mask, IGNORED)
        hits += float((mlm_logits.argmax(-1) == targets).sum())
        surprise += float(masked_lm_loss(mlm_logits, targets) * at_mask.sum())
        next_hits += float((nsp_logits.argmax(-1) == is_next).sum())
        next_surprise += float(F.cross_entropy(nsp_logits, is_next.long(), reduction="sum"))
    n, n_rows = int(hidden.sum()), len(hidden)
    return Report(
        hits / n,
        surprise / n,
        *unigram_baseline(seen, rows.labels[hidden], mlm_logits.shape[-1]),
        next_hits / n_rows,
        next_surprise / n_rows,
        n,
        n_rows,
    )


def unigram_baseline(
    seen: Int[Tensor, " n_seen"], targets: Int[Tensor, " n_targets"], vocab_size: int
) -> tuple[float, float]:
    """Accuracy of always saying the most frequent token; mean of -log p, each count one more."""
    counts = torch.bincount(seen, minlength=vocab_size)
    p = (counts + 1) / (counts + 1).sum()
    accuracy = (targets == counts.argmax()).double().mean()
    return accuracy.item(), -p[targets].double().log().mean().item()
