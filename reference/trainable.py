"""What adaptation trains and what it leaves alone: to freeze, to count, and to keep the rest.

Slides "Adaptation". PyTorch says of each parameter whether it is trained (`requires_grad`). A
method of adaptation freezes a model and then adds or releases a few parameters, found by their
names: our models call the maps of attention `query`, `key`, `value` and `output`, those of the
feed-forward network `first` and `second`, the vocabulary's vectors `token` and every norm `norm`.

One model then serves many tasks: a task's file holds what was trained for it, and nothing else.

>>> model = nn.Sequential(nn.Linear(9, 10), nn.Linear(10, 1))
>>> freeze(model[0])
>>> trainable_share(model)
Share(trainable=11, total=111)
>>> f"{trainable_share(model).share:.1%}"
'9.9%'

Left out: buffers, which our models have none of; parameters trained in part.
Proved by: counts by hand; what is frozen stays bit-identical under training; a model loaded from
the file of its trained part equals the one that was saved, bit for bit; files of others are
refused.
"""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import nn

M = TypeVar("M", bound=nn.Module)


class Share(NamedTuple):
    """How many parameters are trained, and how many there are, each shared one counted once."""

    trainable: int
    total: int

    @property
    def share(self) -> float:
        """The trained ones among all, from 0 to 1."""
        return self.trainable / self.total


def freeze(model: nn.Module) -> None:
    """Train nothing of the model: from here on its parameters keep their values."""
    model.requires_grad_(False)


def trainable_share(model: nn.Module) -> Share:
    """Count the parameters that are trained, and all of them."""
    parameters = list(model.parameters())
    trainable = sum(p.numel() for p in parameters if p.requires_grad)
    return Share(trainable, sum(p.numel() for p in parameters))


def modules_named(model: nn.Module, names: Collection[str], kind: type[M]) -> dict[str, M]:
    """Find the modules of a kind whose own names, the last parts of their paths, are these."""
    found = {
        path: module
        for path, module in model.named_modules()
        if isinstance(module, kind) and path.rpartition(".")[2] in names
    }
    if not found:
        there = sorted({p.rpartition(".")[2] for p, m in model.named_modules() if type(m) is kind})
        raise ValueError(
            f"the model has no {kind.__name__} named {' or '.join(sorted(names))}: got "
            f"{', '.join(there) or 'none at all'}; pass the names that it uses"
        )
    return found


def save_trainable(model: nn.Module, path: Path) -> None:
    """Write the trained parameters by name, as safetensors."""
    trained = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
    save_file({name: tensor.contiguous() for name, tensor in trained.items()}, path)


def load_trainable(model: nn.Module, path: Path) -> None:
    """Put a file's values into a model that was made and adapted as the one that was saved."""
    stored = load_file(path)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    differ = sorted(
        name
        for name in stored.keys() | trained.keys()
        if name not in stored or name not in trained or stored[name].shape != trained[name].shape
    )
    if differ:
        raise ValueError(
            f"{path} must hold exactly what the model trains: got other names or shapes for "
            f"{', '.join(differ[:3])}{' …' if differ[3:] else ''}; adapt the model as the one that "
            "was saved, with the same sizes"
        )
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(stored[name])
