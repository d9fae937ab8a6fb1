"""Pre-training a small T5: lost spans, on real text, from random weights.

Slide "LLMs Taxonomy: Encoder-Decoder Models"; Raffel et al. 2020, §3.1.2, §3.1.4. Each step draws
stretches of text (`pretrain_gpt`) and cuts spans out of each (`span_corruption`): the encoder reads
what is left, the decoder writes what is lost. As many tokens are lost in as many spans from every
stretch, so that rows of a batch have one length and none is padded:

    stretch    64 tokens
    inputs     54 kept, 3 sentinels, the end
    targets    10 lost in 3 spans, 4 sentinels, the end

What was learned is measured on documents held out, on the lost tokens alone: sentinels and ends
come where they must, which is soon learned. The baselines are `pretrain_gpt`'s, on the same tokens:
how often each occurs, and how often after the one before it in the text, lost or not. The model is
told no less: what stands before a gap is in the inputs, what stands in it before a token is in the
targets so far. It is told more, too: what comes behind the gap.

The optimiser is T5's own, and the decoder's first weights are such that it learns within minutes
to look into the inputs: see `t5_training`. On Python's documentation the default run ends at 3.52
nats, below the bigram's 4.09 and the unigram's 5.99, after some four minutes of one core.

>>> settings = Settings(vocab_size=50)
>>> rows = span_rows(torch.arange(10, 40).repeat(5), 2, settings, torch.Generator())
>>> rows.inputs.shape, rows.targets.shape
(torch.Size([2, 58]), torch.Size([2, 15]))

Left out: T5's scale (34 billion tokens of C4, rows of 512) and its learning rate's 1 / √step.
Proved by: rows hold what `corrupt` and `restore`, proved by themselves, say; a model that knows the
answers; baselines on the lost tokens by hand; a resumed run equals an unbroken one bit for bit; on
a made text a run falls below both baselines.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from reference import pretrain_gpt
from reference.data_parallel import Mean, loss_of_part
from reference.encoder_decoder import shift_right
from reference.masked_lm import masked_lm_loss
from reference.pretrain_gpt import Report, bigram_probs, unigram_probs, windows
from reference.span_corruption import corrupt, random_spans, sentinel_ids
from reference.t5 import T5, T5Config
from reference.t5_training import adafactor, look_up
from reference.training import Training, warmup_cosine

START = 0  # the padding's id, which starts a target: the text must not hold it


@dataclass(frozen=True, kw_only=True)
class Settings(pretrain_gpt.Settings):
    """What a run depends on: `max_length` of a stretch, `vocab_size` of the text alone.

    A step asks for 320 lost tokens, where GPT's asks for 2,016. So it takes more of them; and one
    layer a stack, which at first learns as fast as two, at half the cost. Every step cuts the text
    anew, so that it is not soon known by heart.
    """

    steps: int = 3000
    warmup: int = 300
    n_layers: int = 1
    dropout: float = 0.0
    lr: float = 3e-2  # of each weight's size: see `t5_training`
    n_sentinels: int = 32  # their ids follow those of the text
    end_id: int = 1  # behind inputs and targets


class Rows(NamedTuple):
    """A batch: what the encoder reads, what the decoder writes, and which of that was lost text."""

    inputs: Int[Tensor, "b m"]
    targets: Int[Tensor, "b n"]
    before: Int[Tensor, "b n"]  # in the text, the token before each target; -1 at the text's start
    is_text: Bool[Tensor, "b n"]  # neither sentinel nor end


def sentinels_of(settings: Settings) -> list[int]:
    """Give the sentinels' ids, which follow those of the text."""
    return sentinel_ids(settings.vocab_size + settings.n_sentinels, settings.n_sentinels)


def span_rows(
    tokens: Int[Tensor, " n_tokens"],
    n_rows: int,
    settings: Settings,
    generator: torch.Generator,
) -> Rows:
    """Draw stretches, and cut spans out of each."""
    s, sentinels = settings, sentinels_of(settings)
    parts = []
    for text in windows(tokens, n_rows, s.max_length, generator).tolist():
        spans = random_spans(len(text), generator)
        inputs, targets = corrupt(text, spans, sentinels)
        # corrupted alike, the places in the text show which token each target is
        _, places = corrupt(range(len(text)), spans, [-1 - i for i in range(len(spans) + 1)])
        before = [text[i - 1] if i > 0 else -1 for i in places]
        is_text = [i >= 0 for i in places]
        parts.append(([*inputs, s.end_id], [*targets, s.end_id], [*before, -1], [*is_text, False]))
    return Rows(*(torch.tensor(part) for part in zip(*parts, strict=True)))


def logits_of(model: nn.Module, rows: Rows) -> Tensor:
    """Ask the model, where it is, for every token of the targets from those before it."""
    device = next(model.parameters()).device
    return model(rows.inputs.to(device), shift_right(rows.targets, START).to(device))


def begin(
    tokens: Int[Tensor, " n_tokens"], settings: Settings, device: torch.device | str = "cpu"
) -> Training:
    """A model with random weights, ready for its first step."""
    s = settings
    if bool((tokens == START).any()):
        raise ValueError(
            f"id {START} starts each target: got a text that holds it; keep it for padding"
        )
    torch.manual_seed(s.seed)
    model = T5(
        T5Config(
            n_layers=s.n_layers,
            d_model=s.d_model,
            n_heads=s.n_heads,
            d_head=s.d_model // s.n_heads,
            d_ff=4 * s.d_model,
            vocab_size=s.vocab_size + s.n_sentinels,
            tied=False,  # as in T5 1.1
            start_id=START,
            dropout=s.dropout,
        )
    ).to(device)
    look_up(model)

    def draw(generator: torch.Generator) -> Rows:
        return span_rows(tokens, s.batch_size, s, generator)

    def means_of(model: nn.Module, rows: Rows) -> list[Mean]:
        loss = masked_lm_loss(logits_of(model, rows), rows.targets.to(device))
        return [Mean(loss, rows.targets.numel())]

    return Training(
        model,
        loss_of_part(draw, means_of),
        lr=s.lr,
        warmup=s.warmup,
        total=s.steps,
        seed=s.seed,
        schedule=warmup_cosine,
        optimizer=adafactor(model, s.lr),
    )


@torch.no_grad()
def evaluate(
    model: nn.Module, rows: Rows, seen: Int[Tensor, " n_seen"], settings: Settings
) -> Report:
    """Predict the lost tokens of the rows; the baselines have counted the `seen` tokens.

    A lost token at the start of its stretch has no token before it: there nothing is compared.
    """
    model.eval()
    counted = rows.is_text & (rows.before >= 0)
    surprise = []
    for start in range(0, len(counted), 64):
        part = Rows(*(whole[start : start + 64] for whole in rows))
        log_p = logits_of(model, part).double().log_softmax(-1).cpu()
        surprise.append(-log_p.gather(-1, part.targets[..., None]).squeeze(-1))
    before, targets = rows.before[counted], rows.targets[counted]
    unigram = unigram_probs(seen, settings.vocab_size)[targets]
    bigram = bigram_probs(seen, settings.vocab_size)[before, targets]
    return Report(
        torch.cat(surprise)[counted].mean().item(),
        -unigram.log().mean().item(),
        -bigram.log().mean().item(),
        len(targets),
    )
