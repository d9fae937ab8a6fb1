"""Loss landscapes: the loss of a model around its weights, along one or two directions.

Slide "All minima are global" (its two pictures); Li et al. 2018, §4 (filter normalisation).
A model has too many weights to draw its loss over all of them. A slice shows the loss at
θ + a·d for random directions d. But a network with ReLU is the same function after one layer's
weights are doubled and the next one's halved, and a step of equal length then changes it less:
slices of two models could not be compared. So each filter of d, here a row that makes one output,
gets the length of the same filter of θ. Vectors (biases, gains of LayerNorm) stay where they are.

The weights (3, 4) have length 5, so half a step adds a vector of length 2.5, whatever its angle:

>>> model = nn.Linear(2, 1, bias=False)
>>> _ = model.weight.data.copy_(torch.tensor([[3.0, 4.0]]))
>>> direction = filter_normalised(model, torch.Generator().manual_seed(0))
>>> round((0.5 * direction).norm().item(), 4)
2.5
>>> square = slice_around(model, lambda m: m.weight.square().sum(), direction[None], 3)
>>> [round(loss, 2) for loss in square.losses[1:2].tolist()]  # no step: 3² + 4²
[25.0]

What a slice does not show: where it is flat, another direction may be steep, and a minimum in two
directions may be a saddle in all. What minima there are, and how they connect: see `minima`.

Left out: directions by principal components (§7 there), Hessian eigenvalues, rescaling of single
neurons: that turns a filter of the next layer, and the slice does change.
Proved by: quadratic losses, known everywhere; torch's parameters_to_vector; the model's weights
and buffers bit for bit; equal slices of networks rescaled layer by layer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import parameters_to_vector

LossOf = Callable[[nn.Module], Tensor]  # calls the model on data of its own; returns one number


def weights_of(model: nn.Module) -> Float[Tensor, " n_weights"]:
    """Copy all parameters into one vector, in the order of `model.parameters()`."""
    return parameters_to_vector(model.parameters()).detach().clone()


class _Loss(nn.Module):
    """A loss as a module, so that torch can call it with other weights than the model's."""

    def __init__(self, model: nn.Module, loss_of: LossOf) -> None:
        super().__init__()
        self.model, self.loss_of = model, loss_of

    def forward(self) -> Tensor:
        return self.loss_of(self.model)


def loss_at(
    model: nn.Module, loss_of: LossOf, weights: Float[Tensor, " n_weights"]
) -> Float[Tensor, ""]:
    """Return the loss that the model would have with these weights; it can be differentiated.

    The model is left as it is: weights and buffers are lent to it for this one call.
    """
    named = list(model.named_parameters())
    sizes = [p.numel() for _, p in named]
    if len(weights) != sum(sizes):
        raise ValueError(
            f"weights must be one vector of the model's {sum(sizes)} parameters: got "
            f"{len(weights)}; take those of an equal model with weights_of"
        )
    parts = zip(named, weights.split(sizes), strict=True)
    lent = {f"model.{name}": part.view_as(p).to(p.dtype) for (name, p), part in parts}
    lent |= {f"model.{name}": buffer.clone() for name, buffer in model.named_buffers()}
    loss = functional_call(_Loss(model, loss_of), lent, ())
    if loss.ndim != 0:
        raise ValueError(
            f"loss_of(model) must be one number, a tensor of shape (): got {tuple(loss.shape)}; "
            "take the mean over the samples"
        )
    return loss


def filter_normalised(model: nn.Module, generator: torch.Generator) -> Float[Tensor, " n_weights"]:
    """Draw a direction whose filters are as long as the model's; 0 for biases and gains."""
    parts = []
    for p in model.parameters():
        d = torch.randn(p.shape, generator=generator, dtype=p.dtype).to(p.device)
        if p.ndim < 2:
            parts.append(torch.zeros_like(p).flatten())
            continue
        d, filters = d.flatten(1), p.detach().flatten(1)  # (n_filters, …)
        lengths = filters.norm(dim=1, keepdim=True) / d.norm(dim=1, keepdim=True)
        parts.append((d * lengths).flatten())
    return torch.cat(parts)


@dataclass(frozen=True)
class Slice:
    """Losses at all sums of steps along one direction, or along two: row first, column second."""

    steps: Float[Tensor, " n_steps"]  # in lengths of the filters, if so normalised
    losses: Float[Tensor, "..."]  # (n_steps,) or (n_steps, n_steps)


@torch.no_grad()
def slice_around(
    model: nn.Module,
    loss_of: LossOf,
    directions: Float[Tensor, "n_directions n_weights"],
    n_steps: int = 25,
    reach: float = 1.0,
) -> Slice:
    """Measure the loss from `-reach` to `reach` along each direction, the middle at the weights."""
    if n_steps < 3 or n_steps % 2 == 0:
        raise ValueError(
            f"n_steps must be odd, 3 or more: got {n_steps}; else none is at the weights themselves"
        )
    if len(directions) not in (1, 2):
        raise ValueError(
            f"a slice has 1 or 2 directions: got {len(directions)}; pass direction[None] for one"
        )
    middle = weights_of(model)
    steps = torch.linspace(-reach, reach, n_steps, dtype=middle.dtype, device=middle.device)
    steps[n_steps // 2] = 0
    grid = torch.cartesian_prod(*[steps] * len(directions)).view(-1, len(directions))
    losses = torch.stack([loss_at(model, loss_of, middle + a @ directions) for a in grid])
    return Slice(steps, losses.view([n_steps] * len(directions)))
