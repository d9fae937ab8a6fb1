"""LoRA: learn the change of a matrix as a product of two thin ones.

Slide "Lightweight Fine-tuning"; Hu et al. 2021, §4.1, §4.2. A frozen map W_0 gets a branch beside
it,

    h = W_0 x + (α / r) B A x        A: (r, d_in), drawn at random    B: (d_out, r), zero at first

so that the model starts out as it was, and r (d_in + d_out) numbers are trained in the place of
d_in d_out. α / r keeps the size of the change as r varies; α is not r in general, and forgetting
the division shows only then. The branch is linear, so W_0 + (α / r) B A does the same at no cost
once training is over: `merge`. Adapted are the maps to queries and values (§4.2), unless named.

>>> model = nn.ModuleDict({"query": nn.Linear(6, 4), "key": nn.Linear(6, 4)})
>>> add_lora(model, rank=2, alpha=8.0, targets=["query"])
>>> [name for name, parameter in model.named_parameters() if parameter.requires_grad]
['query.down', 'query.up']

Exact means: a merged map differs from the branch by rounding, since (W_0 + W) x and W_0 x + W x are
rounded in other places; `unmerge` gives back W_0 bit for bit, since it was kept, not subtracted.

Left out: dropout before the branch, maps other than nn.Linear, several tasks at once, quantisation.
Proved by: peft with copied weights (outputs, gradients, merged weights) at α ≠ r; the dense matrix
built by hand; the rank of the change; the paper's count for GPT-3.
"""

import math
from collections.abc import Collection

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.trainable import freeze, modules_named

QUERY_AND_VALUE = ("query", "value")  # Hu et al. 2021, §4.2


class LoRALinear(nn.Module):
    """A frozen linear map with a trained branch of rank r beside it."""

    original: Tensor | None  # the map's own weight while the branch is merged into it

    def __init__(
        self, base: nn.Linear, rank: int, alpha: float, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        limit = min(base.in_features, base.out_features)
        if not 1 <= rank <= limit:
            raise ValueError(
                f"rank must be from 1 to min(d_in, d_out)={limit}: got {rank}; a higher one adds "
                "parameters, and no matrix that this one cannot reach"
            )
        self.base = base
        self.scale = alpha / rank
        weight = base.weight
        self.down = nn.Parameter(weight.new_empty(rank, base.in_features))  # A
        self.up = nn.Parameter(weight.new_zeros(base.out_features, rank))  # B
        # entries of A x are then about as large as those of x
        nn.init.normal_(self.down, std=1 / math.sqrt(base.in_features), generator=generator)
        self.register_buffer("original", None, persistent=False)

    def forward(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_out"]:
        """Map x, and add the branch unless the map holds it."""
        if self.original is not None:
            return self.base(x)
        return self.base(x) + self.scale * (x @ self.down.T @ self.up.T)

    @torch.no_grad()
    def merge(self) -> None:
        """Add the change to the map's weight, and keep the weight as it was."""
        if self.original is not None:
            raise RuntimeError("the branch must not be merged yet: got a merged one; unmerge first")
        self.original = self.base.weight.detach().clone()
        self.base.weight += self.scale * self.up @ self.down

    @torch.no_grad()
    def unmerge(self) -> None:
        """Give the map its own weight back."""
        if self.original is None:
            raise RuntimeError("the branch must be merged: got one that is not; merge first")
        self.base.weight.copy_(self.original)
        self.original = None


def add_lora(
    model: nn.Module,
    *,
    rank: int,
    alpha: float,
    targets: Collection[str] = QUERY_AND_VALUE,
    generator: torch.Generator | None = None,
) -> None:
    """Freeze the model, and give each linear map of these names a branch that is trained."""
    freeze(model)
    for path, linear in modules_named(model, targets, nn.Linear).items():
        model.set_submodule(path, LoRALinear(linear, rank, alpha, generator))


def merge(model: nn.Module) -> None:
    """Merge every branch: the model computes the same, as fast as before it was adapted."""
    for module in _branches(model):
        module.merge()


def unmerge(model: nn.Module) -> None:
    """Undo `merge`, bit for bit: to train on, or to swap one task's branches for another's."""
    for module in _branches(model):
        module.unmerge()


def _branches(model: nn.Module) -> list[LoRALinear]:
    return [module for module in model.modules() if isinstance(module, LoRALinear)]
