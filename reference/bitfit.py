"""BitFit: train the biases, and no matrix.

Slide "Lightweight Fine-tuning"; Ben Zaken et al. 2022, §3. Nothing is added to the model: its
biases are released, those of linear maps and of LayerNorm alike; every product stays as it was
learned. For BERT-base these are 102,912 of 109.5M parameters, the paper's 0.09%:

>>> from reference.bert import BERT_BASE, Bert
>>> from reference.trainable import trainable_share
>>> import torch
>>> with torch.device("meta"):
...     model = Bert(BERT_BASE)
>>> train_biases(model)
>>> trainable_share(model).trainable, f"{trainable_share(model).share:.2%}"
(102912, '0.09%')

Two kinds alone do nearly as well (§4): those of the queries and of the feed-forward network's
first map.

>>> train_biases(model, of=("query", "first"))
>>> f"{trainable_share(model).share:.2%}"
'0.04%'

Left out: models without biases, such as T5; those must be refused, and are.
Proved by: counts by hand and the paper's shares; training moves biases alone, and all of them.
"""

from collections.abc import Collection

from torch import nn

from reference.trainable import freeze


def train_biases(model: nn.Module, of: Collection[str] | None = None) -> None:
    """Freeze the model, and release the biases: all of them, or those of the modules so named."""
    freeze(model)
    released = 0
    for path, parameter in model.named_parameters():
        *_, module, name = ("", *path.split("."))
        if name == "bias" and (of is None or module in of):
            parameter.requires_grad_(True)
            released += 1
    if not released:
        raise ValueError(
            f"the model must have biases{' of ' + ' or '.join(sorted(of)) if of else ''}: got "
            "none; for one without, such as T5, choose another method"
        )
