"""Minima: where training ends from many seeds, and whether low loss connects the ends.

Slide "All minima are global"; its pictures are those of Liu et al. 2022, Fig. 1. Paths: Garipov et
al. 2018, §3 (quadratic Bézier curves); barrier: Entezari et al. 2022, §2.
With too few parameters, minima are isolated, and the seed decides how good the one found is. With
more than samples, the weights that fit all samples form whole surfaces: every seed ends at loss 0,
and two ends, though a straight line between them is high, are joined by a bent path that is low.

A loss of (w² - 1)² has minima at -1 and 1; on the straight line between them, a barrier of 1:

>>> model = nn.Linear(1, 1, bias=False)
>>> loss_of = lambda m: (m.weight.square().sum() - 1).square()
>>> path = path_losses(model, loss_of, torch.tensor([[-1.0], [1.0]]), n_points=3)
>>> path.tolist(), barrier(path)
([0.0, 1.0, 0.0], 1.0)

What "all minima are global" says: there are theorems for some over-parameterised models (deep
linear ones: Kawaguchi 2016; one layer wider than the samples, almost everywhere: Nguyen & Hein
2017), and gradient descent from the usual random weights finds loss 0 if the width is very large
(Du et al. 2019). What it does not say: that no bad minimum exists. With ReLU, units that are 0 on
every sample have no gradient: any width has plateaus of high loss, and other activations bad minima
too (Ding et al. 2022). Nor that all global minima are equally good: it is the training loss that
is 0, and some of them predict badly (Liu et al. 2020).

Left out: curves of more bends, permutations that align two networks' units, stochastic gradients.
Proved by: one model trained by itself, convex losses (barrier 0), a ring of minima whose path is
known; spread and barrier of a small network under both counts; a plateau that is no global minimum.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import vmap

from reference.device import seeded
from reference.loss_landscape import LossOf, loss_at, weights_of


class Minima(NamedTuple):
    """Where training ended, one row for each seed, and the loss there."""

    weights: Float[Tensor, "n_seeds n_weights"]
    losses: Float[Tensor, " n_seeds"]


def train_from_seeds(
    make: Callable[[], nn.Module],
    loss_of: LossOf,
    seeds: Iterable[int],
    n_steps: int = 1000,
    lr: float = 0.05,
) -> Minima:
    """Make a model after each seed, and train them side by side, by Adam on the whole loss."""
    models = []
    for seed in seeds:
        with seeded(seed):
            models.append(make())
    if not models:
        raise ValueError("seeds must hold one seed at least: got none; pass range(10)")
    weights = torch.stack([weights_of(model) for model in models]).requires_grad_()
    losses = vmap(partial(loss_at, models[0], loss_of))
    # A seed's loss depends on its own weights alone, so the sum trains each as if by itself.
    _descend(weights, lambda: losses(weights).sum(), n_steps, lr)
    with torch.no_grad():
        return Minima(weights.detach(), losses(weights))


def bezier(
    controls: Float[Tensor, "n_controls n_weights"], t: Float[Tensor, ""]
) -> Float[Tensor, " n_weights"]:
    """Point t, 0 to 1, of the curve from the first control to the last, drawn to those between.

    Two controls make a straight line; three (1 - t)² start + 2t (1 - t) bend + t² end.
    """
    while len(controls) > 1:
        controls = torch.lerp(controls[:-1], controls[1:], t)
    return controls[0]


@torch.no_grad()
def path_losses(
    model: nn.Module,
    loss_of: LossOf,
    controls: Float[Tensor, "n_controls n_weights"],
    n_points: int = 51,
) -> Float[Tensor, " n_points"]:
    """Measure the loss at equal steps of t, both ends included."""
    if n_points < 2:
        raise ValueError(f"n_points must be 2 or more: got {n_points}; the ends are two")
    t = torch.linspace(0, 1, n_points, dtype=controls.dtype, device=controls.device)
    return torch.stack([loss_at(model, loss_of, bezier(controls, t_i)) for t_i in t])


def barrier(losses: Float[Tensor, " n_points"]) -> float:
    """How far the path rises above the straight line between the losses at its ends; 0 or more."""
    t = torch.linspace(0, 1, len(losses), dtype=losses.dtype, device=losses.device)
    return (losses - torch.lerp(losses[0], losses[-1], t)).max().item()  # at the ends exactly 0


def connect(
    model: nn.Module,
    loss_of: LossOf,
    start: Float[Tensor, " n_weights"],
    end: Float[Tensor, " n_weights"],
    *,
    seed: int = 0,
    n_steps: int = 500,
    lr: float = 0.05,
    n_draws: int = 16,
) -> Float[Tensor, "3 n_weights"]:
    """Bend a curve between two minima to lower its mean loss over t; return its three controls.

    The ends stay. Each step draws `n_draws` values of t (Garipov et al. draw one).
    """
    generator = torch.Generator().manual_seed(seed)
    # On a straight line whose middle is a saddle, there may be no slope to either side.
    noise = torch.randn(len(start), generator=generator, dtype=start.dtype).to(start.device)
    bend = ((start + end) / 2 + 1e-3 * noise).requires_grad_()
    losses = vmap(
        lambda t, bend: loss_at(model, loss_of, bezier(torch.stack([start, bend, end]), t)),
        in_dims=(0, None),
    )

    def mean_loss() -> Tensor:
        t = torch.rand(n_draws, generator=generator, dtype=start.dtype).to(start.device)
        return losses(t, bend).mean()

    _descend(bend, mean_loss, n_steps, lr)
    return torch.stack([start, bend.detach(), end])


def _descend(weights: Tensor, loss: Callable[[], Tensor], n_steps: int, lr: float) -> None:
    """Change the weights by Adam, at a rate that falls to 0 along a cosine."""
    optimizer = torch.optim.Adam([weights], lr=lr, betas=(0.9, 0.99))
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        falling.step()
