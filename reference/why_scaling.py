"""Why scaling: the experiments behind the lecture's pictures of double descent and of minima.

Slides "Why scaling?", "All minima are global". Sizes at which each claim shows in a few seconds:

    descents     50 noisy samples, 5 to 800 random features; and 60 features, 10 to 300 samples
    landscapes   24 samples whose targets are noise; a network of 19 weights, and one of 301

The first network cannot fit its samples, the second can: its minima are all alike in loss.

>>> task = noise_task()
>>> [sum(p.numel() for p in task.make(width).parameters()) for width in (FEW, MANY)]
[19, 301]

Left out: classification, real data, networks whose threshold is a rule of thumb.
Proved by: what the pictures claim, asserted on the numbers: peak, second descent, its absence with
ridge; a spread of losses and none, a barrier and a path round it.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import vector_to_parameters

from reference.double_descent import Curve, Setting, by_features, by_samples
from reference.loss_landscape import LossOf, Slice, filter_normalised, slice_around
from reference.minima import Minima, connect, path_losses, train_from_seeds

SETTING = Setting(n_repeats=40)
N_SAMPLES, FEATURES = 50, (5, 10, 18, 28, 38, 45, 50, 56, 66, 85, 120, 200, 400, 800)
N_FEATURES, SAMPLES = 60, (10, 18, 28, 40, 50, 56, 60, 65, 75, 95, 130, 200, 300)
FEW, MANY = 3, 50  # widths
UNIT = "mean square, units of y²"
N_SEEDS = 20
REACH = 0.5  # filter lengths


def descents() -> tuple[list[Curve], list[Curve]]:
    """Measure test errors by features and by samples, each without and with the optimal ridge."""
    ridges = (False, True)
    return (
        [by_features(SETTING, N_SAMPLES, FEATURES, regularised=ridge) for ridge in ridges],
        [by_samples(SETTING, N_FEATURES, SAMPLES, regularised=ridge) for ridge in ridges],
    )


class Task(NamedTuple):
    """Networks of a width, and the loss that they are trained on."""

    make: Callable[[int], nn.Module]
    loss_of: LossOf


def noise_task(n_samples: int = 24, n_inputs: int = 4) -> Task:
    """Make targets that no input explains: whoever fits them has learned them by heart."""
    generator = torch.Generator().manual_seed(0)
    x, y = (
        torch.randn(n_samples, n, generator=generator, dtype=torch.float64) for n in (n_inputs, 1)
    )

    def make(width: int) -> nn.Module:
        network = nn.Sequential(nn.Linear(n_inputs, width), nn.Tanh(), nn.Linear(width, 1))
        return network.double()

    return Task(make, lambda model: (model(x) - y).square().mean())


class Landscapes(NamedTuple):
    """By width: minima of many seeds, slices through the first; by form: losses on paths."""

    minima: dict[str, Minima]
    slices: dict[str, tuple[Slice, Slice]]
    paths: dict[str, Float[Tensor, " n_points"]]


def landscapes(n_seeds: int = N_SEEDS, n_steps: int = 41) -> Landscapes:
    """Train both networks from many seeds; cut through a minimum; connect two of the larger."""
    task = noise_task()
    minima, slices = {}, {}
    for width in (FEW, MANY):
        model = task.make(width)
        label = f"{sum(p.numel() for p in model.parameters())} parameters"
        minima[label] = train_from_seeds(partial(task.make, width), task.loss_of, range(n_seeds))
        vector_to_parameters(minima[label].weights[0], model.parameters())
        generator = torch.Generator().manual_seed(1)
        directions = torch.stack([filter_normalised(model, generator) for _ in range(2)])
        slices[label] = (
            slice_around(model, task.loss_of, directions[:1], n_steps, REACH),
            slice_around(model, task.loss_of, directions, n_steps, REACH),
        )
    start, end = minima[label].weights[:2]
    bent = connect(model, task.loss_of, start, end)
    paths = {
        "straight": path_losses(model, task.loss_of, torch.stack([start, end])),
        "bent": path_losses(model, task.loss_of, bent),
    }
    return Landscapes(minima, slices, paths)
