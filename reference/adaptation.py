"""All ways to adapt one model, side by side: what each trains, and how much that is.

Slides "Adaptation: Probing", "… Fine-tuning", "… Lightweight Fine-tuning". The last says that fewer
than 1% of the parameters are trained. That depends on the model and on the sizes chosen (here for a
task of two classes, with its new head, of the parameters of everything together):

                                 MiniLM   BERT-base   BERT-large    GPT-2
    probing
    fine-tuning

>>> from reference.minilm import MINILM
>>> make = lambda: Bert(MINILM)
>>> for name, method in METHODS.items():
...     print(f"{name:<14} {share_of(method, make, MINILM.d_model).share:.2%}")

Left out: choosing each method's sizes by held-out data; combinations of methods.
Proved by: counts by hand of every method; equal draws for equal seeds; frozen parameters stay
bit-identical, for our encoder and our decoder; a run on a task that can be learned.
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
    """How a model is prepared, and the learning rate that validation chose for MiniLM."""

    adapt: Adapt
    lr: float  # 0: the head alone is trained, to its optimum


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
    "prompt tuning": Method(adapt=_prompt, lr=1e-2),
    "BitFit": Method(adapt=_bitfit, lr=3e-3),
    "LoRA": Method(adapt=_lora, lr=2e-3),
    "prefix tuning": Method(adapt=_prefix, lr=1e-2),
    "adapters": Method(adapt=_adapters, lr=1e-3),
    "fine-tuning": Method(adapt=_fine_tuning, lr=2e-4),
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
