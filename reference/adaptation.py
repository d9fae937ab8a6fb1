"""All ways to adapt one model, side by side: what each trains, and how much that is.

Slides "Adaptation: Probing", "… Fine-tuning", "… Lightweight Fine-tuning". The last slide has fewer
than 1% of the parameters trained. Whether that is so depends on the model and on the sizes chosen.
With those chosen here and a new head for two classes, in percent of all parameters:

                     MiniLM   BERT-base   BERT-large    GPT-2   T5-base
    probing           0.003       0.001        0.001    0.001     0.001
    prompt tuning     0.037       0.015        0.007    0.014     0.008   20 vectors
    BitFit            0.118       0.095        0.082    0.083         -   all biases; T5 has none
    LoRA              0.327       0.270        0.235    0.238     0.396   rank 8, queries and values
    prefix tuning     0.407       0.337        0.293    0.297     0.494   20 an attention
    adapters          2.600       2.163        1.888    1.908     2.621   64 wide, and the norms
    fine-tuning     100         100          100      100       100

Adapters of the usual width are above 1% even at BERT-large. A layer has some 12 d² parameters and a
lightweight method a few times d, so that in a tiny model no such method is below.

>>> from reference.bert import BERT_BASE, Bert
>>> share = share_of(METHODS["LoRA"], lambda: Bert(BERT_BASE), BERT_BASE.d_model)
>>> share.trainable, f"{share.share:.3%}"
(296450, '0.270%')

Left out: sizes chosen by held-out data; two methods at once.
Proved by: counts by hand of every method, for six models; frozen parameters stay bit-identical and
trained ones move, in an encoder, a decoder and both together; the trained part, loaded into a fresh
model, gives the same outputs; a task that every method learns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from reference.adapters import add_adapters
from reference.bitfit import train_biases
from reference.fine_tuning import Classifier, Rows, VectorOf, accuracy, fine_tune, mean_state
from reference.lora import add_lora
from reference.prefix_tuning import add_prefix
from reference.probing import fit_linear_probe
from reference.prompt_tuning import SoftPrompt, add_prompt
from reference.trainable import Share, freeze, trainable_share

# Freezes a model, adds to it, and returns the prompt that rows must begin with, if there is one.
Adapt = Callable[[nn.Module, torch.Generator | None], SoftPrompt | None]


@dataclass(frozen=True, kw_only=True)
class Method:
    """How a model is prepared, and a learning rate for some 80 steps of MiniLM.

    The rate is the best of those `tried`, by validation sentences (`python -m reference adapt`).
    """

    adapt: Adapt
    lr: float  # 0: the head alone is trained, to its optimum
    tried: tuple[float, ...] = ()


def _probing(model: nn.Module, _: torch.Generator | None) -> None:
    freeze(model)


def _fine_tuning(model: nn.Module, _: torch.Generator | None) -> None:
    model.requires_grad_(True)


def _prompt(model: nn.Module, generator: torch.Generator | None) -> SoftPrompt:
    return add_prompt(model, n_prompt=20, generator=generator)


def _prefix(model: nn.Module, generator: torch.Generator | None) -> None:
    add_prefix(model, n_prefix=20, generator=generator)


def _adapters(model: nn.Module, generator: torch.Generator | None) -> None:
    add_adapters(model, d_bottleneck=64, generator=generator)


def _lora(model: nn.Module, generator: torch.Generator | None) -> None:
    add_lora(model, rank=8, alpha=16.0, generator=generator)


def _bitfit(model: nn.Module, _: torch.Generator | None) -> None:
    train_biases(model)


METHODS = {
    "probing": Method(adapt=_probing, lr=0.0),
    "prompt tuning": Method(adapt=_prompt, lr=9e-3, tried=(9e-3, 3e-2, 9e-2)),
    "BitFit": Method(adapt=_bitfit, lr=1e-3, tried=(1e-3, 4e-3, 1e-2)),
    "LoRA": Method(adapt=_lora, lr=1e-3, tried=(3e-4, 1e-3, 3e-3)),
    "prefix tuning": Method(adapt=_prefix, lr=1e-2, tried=(3e-3, 1e-2, 3e-2)),
    "adapters": Method(adapt=_adapters, lr=3e-3, tried=(3e-4, 1e-3, 3e-3)),
    "fine-tuning": Method(adapt=_fine_tuning, lr=6e-5, tried=(6e-5, 2e-4, 6e-4)),
}


class Result(NamedTuple):
    """What one run trained, and what came of it."""

    trainable: int
    total: int
    accuracy: float


def share_of(method: Method, make: Callable[[], nn.Module], d_model: int) -> Share:
    """Count what a method trains of a model and a head for two classes, without any weights."""
    with torch.device("meta"):
        classifier = Classifier(make(), d_model=d_model, n_classes=2)
        method.adapt(classifier.model, None)
    return trainable_share(classifier)


def with_prompt(rows: Rows, prompt: SoftPrompt) -> Rows:
    """Begin every row with the prompt."""
    mask = F.pad(rows.attention_mask, (len(prompt.vectors), 0), value=1)
    return rows._replace(input_ids=prompt.before(rows.input_ids), attention_mask=mask)


def adapt_and_measure(
    method: Method,
    model: nn.Module,
    train: Rows,
    test: Rows,
    *,
    d_model: int,
    steps: int,
    seed: int,
    vector_of: VectorOf = mean_state,
    on_step: Callable[[float], None] = lambda loss: None,
) -> Result:
    """Adapt the model to the rows of `train`, and say how many of `test` it then gets right.

    Every method sees the same rows at each step of one seed; the model is changed for good.
    """
    generator = torch.Generator().manual_seed(seed)
    n_classes = int(train.labels.max()) + 1
    classifier = Classifier(
        model, d_model=d_model, n_classes=n_classes, vector_of=vector_of, generator=generator
    )
    prompt = method.adapt(model, generator)
    if prompt:
        train, test = with_prompt(train, prompt), with_prompt(test, prompt)
    if method.lr:
        fine_tune(classifier, train, steps=steps, lr=method.lr, seed=seed, on_step=on_step)
    else:
        classifier.eval()
        with torch.no_grad():
            vectors = [
                vector_of(model, part.input_ids, part.attention_mask)
                for part in map(train.take, torch.arange(len(train.labels)).split(64))
            ]
        classifier.head = fit_linear_probe(torch.cat(vectors), train.labels)
    return Result(*trainable_share(classifier), accuracy(classifier, test))
