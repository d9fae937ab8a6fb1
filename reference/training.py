"""A training run that can stop at any step and go on as if it had not.

Devlin et al. 2019, A.2: Adam with weight decay (Loshchilov & Hutter 2019, algorithm 2), and a
learning rate that rises linearly, then falls to 0: linearly, or along a cosine as GPT's did
(Radford et al. 2018, §4.1). What the next step does depends on the weights, on the optimizer's two
moments of each, on the step's number, and on the random numbers drawn so far. A checkpoint that
lacks any of these goes on as another run. (Bit for bit: on the same machine with as many threads;
on a GPU, within `device.deterministic`.)

>>> [warmup_linear(step, warmup=2, total=6) for step in range(7)]
[0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
>>> [round(warmup_cosine(step, warmup=2, total=6), 3) for step in range(7)]
[0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 0.0]

Several processes may share a run (`data_parallel`): each computes a part of every loss.

Left out: gradient accumulation, loss scaling (bfloat16 needs none).
Proved by: 2k steps equal k steps, a checkpoint and k more, bit for bit; both schedules of
transformers; the steps of torch's AdamW; each thing left out of a checkpoint makes a difference.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reference.data_parallel import n_ranks, parallel, summed
from reference.device import dropout_generator

CLIP_NORM = 1.0  # of all gradients together; BERT's released code
WEIGHT_DECAY = 0.01  # Devlin et al. 2019, A.2

LossOf = Callable[[nn.Module, torch.Generator], Tensor]  # draws a batch, and returns its loss
Schedule = Callable[[int, int, int], float]  # (step, warmup, total) -> share of the learning rate


def warmup_linear(step: int, warmup: int, total: int) -> float:
    """Share of the full learning rate at a step: up to 1 in `warmup` steps, down to 0 at `total`.

    Steps count from 0; so the first one changes nothing, as in BERT's own code.
    """
    if not 0 <= warmup < total:
        raise ValueError(
            f"the warm-up must end before the run: got warmup={warmup}, total={total}; "
            "shorten the warm-up, or train for longer"
        )
    if step < warmup:
        return step / warmup
    return max(0.0, (total - step) / (total - warmup))


def warmup_cosine(step: int, warmup: int, total: int) -> float:
    """As `warmup_linear`, but down along half a wave of a cosine."""
    share = warmup_linear(step, warmup, total)
    return share if step < warmup else (1 - math.cos(math.pi * share)) / 2


def adamw(model: nn.Module, lr: float) -> torch.optim.AdamW:
    """AdamW that shrinks matrices alone: biases and LayerNorm's weights have reason to be large."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr)


class Training:
    """A model, its optimizer, the step's number, and the source of all random numbers."""

    def __init__(
        self,
        model: nn.Module,
        loss_of: LossOf,
        *,
        lr: float,
        warmup: int,
        total: int,
        seed: int,
        schedule: Schedule = warmup_linear,
        optimizer: torch.optim.Optimizer | None = None,
    ) -> None:
        """Begin at step 0; `seed` decides the batches, and the masks that dropout draws.

        Without an `optimizer` of its own the model is trained by `adamw`.
        """
        schedule(0, warmup, total)
        self.model, self.loss_of, self.schedule = model, loss_of, schedule
        self.lr, self.warmup, self.total = lr, warmup, total
        self.optimizer = optimizer or adamw(model, lr)
        self.parallel = parallel(model)  # the same parameters; the model itself, if trained alone
        self.device = next(model.parameters()).device
        self.generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)  # dropout takes its numbers from torch's own generators
        self.losses: list[float] = []

    @property
    def step(self) -> int:
        """How many steps were made."""
        return len(self.losses)

    def advance(self) -> float:
        """Make one step; return its loss. On a GPU that has it, the layers compute in bfloat16."""
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr * self.schedule(self.step, self.warmup, self.total)
        mixed = self.device.type == "cuda" and torch.cuda.is_bf16_supported()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=mixed):
            loss = self.loss_of(self.parallel, self.generator)
        self.optimizer.zero_grad()
        (n_ranks() * loss).backward()  # of several processes' gradients the average is taken
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.losses.append(summed(loss).item())
        return self.losses[-1]

    def save(self, path: Path, settings: dict[str, Any]) -> None:
        """Write a checkpoint, whole or not at all; `settings` are what `load` must find again."""
        state = {
            "settings": settings,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "losses": self.losses,
            "generator": self.generator.get_state(),
            "dropout": dropout_generator(self.device).get_state(),
        }
        unfinished = path.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.replace(path)

    def load(self, path: Path, settings: dict[str, Any]) -> None:
        """Go on from a checkpoint that was made with the same settings."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        made_with = state["settings"]
        differ = sorted(
            f"{name}={made_with.get(name)}, now {settings.get(name)}"
            for name in made_with.keys() | settings.keys()
            if made_with.get(name) != settings.get(name)
        )
        if differ:
            raise ValueError(
                f"{path} comes from another run: it has {'; '.join(differ)}. Go on with its "
                "settings, or start anew in another folder"
            )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.losses = state["losses"]
        self.generator.set_state(state["generator"])
        dropout_generator(self.device).set_state(state["dropout"])
