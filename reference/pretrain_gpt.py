"""Pre-training a small GPT: next tokens, on real text, from random weights.

Slide "LLMs Taxonomy: Decoder-Only Models"; Radford et al. 2018, §3.1, §4.1. All documents are one
long text, each followed by an end token; a row is any stretch of it, over the ends of sentences and
documents alike ("longer segments, not just single sentences"). The learning rate falls along a
cosine.

What was learned is measured on documents held out: the mean of -log p over all their tokens. Two
baselines are to be beaten: one that knows how often each token occurs, and one that knows the token
before, a Kneser–Ney bigram (`ngram`).

>>> seen = torch.tensor([0, 1, 0, 1, 0, 2])
>>> p = bigram_probs(seen, vocab_size=3)
>>> [round(x, 3) for x in p[0].tolist()]  # 0 is followed by 1, 1 and 2
[0.111, 0.611, 0.278]

Left out: GPT's scale (BooksCorpus, 100 epochs of 512 tokens a row); longer n-grams.
Proved by: a resumed run equals an unbroken one bit for bit; models that say what the baselines say;
every token predicted once; a run on a made text falls below both baselines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reference.data_parallel import Mean, loss_of_part
from reference.gpt import GPT, GPTConfig, next_token_loss
from reference.ngram import AddK, KneserNey
from reference.training import Training, warmup_cosine


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run depends on. The defaults read the text some 20 times, not yet by heart."""

    steps: int = 1000
    warmup: int = 100
    batch_size: int = 32  # rows
    max_length: int = 64  # tokens a row
    vocab_size: int = 1000
    n_layers: int = 2
    d_model: int = 128
    n_heads: int = 4
    dropout: float = 0.1
    lr: float = 2e-3
    seed: int = 0


def one_text(documents: Sequence[Sequence[int]], end_id: int) -> Int[Tensor, " n_tokens"]:
    """Join documents of ids, an end token behind each."""
    return torch.tensor([i for document in documents for i in (*document, end_id)])


def windows(
    tokens: Int[Tensor, " n_tokens"], n_rows: int, length: int, generator: torch.Generator
) -> Int[Tensor, "b n"]:
    """Draw stretches of so many tokens, from anywhere in the text."""
    if len(tokens) < length:
        raise ValueError(
            f"a row takes {length} tokens: got a text of {len(tokens)}; make rows shorter"
        )
    starts = torch.randint(len(tokens) - length + 1, (n_rows, 1), generator=generator)
    return tokens[starts + torch.arange(length)]


def begin(
    tokens: Int[Tensor, " n_tokens"], settings: Settings, device: torch.device | str = "cpu"
) -> Training:
    """A model with random weights, ready for its first step."""
    s = settings
    torch.manual_seed(s.seed)
    model = GPT(
        GPTConfig(
            n_layers=s.n_layers,
            d_model=s.d_model,
            n_heads=s.n_heads,
            vocab_size=s.vocab_size,
            max_length=s.max_length,
            dropout=s.dropout,
        )
    ).to(device)

    def draw(generator: torch.Generator) -> Tensor:
        return windows(tokens, s.batch_size, s.max_length, generator)

    def means_of(model: nn.Module, rows: Tensor) -> list[Mean]:
        rows = rows.to(device)
        return [Mean(next_token_loss(model(rows), rows), rows[:, 1:].numel())]

    return Training(
        model,
        loss_of_part(draw, means_of),
        lr=s.lr,
        warmup=s.warmup,
        total=s.steps,
        seed=s.seed,
        schedule=warmup_cosine,
    )


class Report(NamedTuple):
    """How well tokens are predicted: means of -log p, in nats, over the same tokens."""

    loss: float
    unigram_loss: float
    bigram_loss: float
    n_tokens: int


@torch.no_grad()
def evaluate(
    model: nn.Module,
    tokens: Int[Tensor, " n_tokens"],
    seen: Int[Tensor, " n_seen"],
    *,
    max_length: int,
    vocab_size: int,
) -> Report:
    """Predict each token but the first, once; the baselines have counted the `seen` ones.

    Rows overlap by half, and but for the first row only their second halves count: so what is
    predicted has half a row before it at least. A rest too short for half a row is left out.
    """
    model.eval()
    device = next(model.parameters()).device
    half = max_length // 2
    surprise = []
    for rows in tokens.unfold(0, max_length, half).split(64):  # (64, max_length)
        log_p = model(rows.to(device))[:, :-1].double().log_softmax(-1).cpu()
        surprise.append(-log_p.gather(-1, rows[:, 1:, None]).squeeze(-1))
    each = torch.cat(surprise)  # (n_rows, max_length - 1)
    each = torch.cat((each[0], each[1:, -half:].flatten()))  # of tokens 1, 2, …
    before, target = tokens[: len(each)], tokens[1 : len(each) + 1]
    unigram = unigram_probs(seen, vocab_size)[target]
    bigram = bigram_probs(seen, vocab_size)[before, target]
    return Report(
        each.mean().item(), -unigram.log().mean().item(), -bigram.log().mean().item(), len(each)
    )


def unigram_probs(seen: Int[Tensor, " n_seen"], vocab_size: int) -> Float[Tensor, " V"]:
    """How often each token occurs, each count one more, so that none is impossible."""
    return AddK([seen.tolist()], vocab_size=vocab_size, n=1).probs(())


def bigram_probs(seen: Int[Tensor, " n_seen"], vocab_size: int) -> Float[Tensor, "V V"]:
    """Row h: the probabilities of the token after h, by Kneser and Ney."""
    bigram = KneserNey([seen.tolist()], vocab_size=vocab_size, n=2)
    return torch.stack([bigram.probs((h,)) for h in range(vocab_size)])
