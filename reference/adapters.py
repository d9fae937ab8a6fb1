"""Adapters: small networks with a narrow waist, put behind each sub-layer of a frozen model.

Slide "Lightweight Fine-tuning"; Houlsby et al. 2019, §2.1. An adapter takes a vector down to m
entries, bends it, takes it up again, and adds it to what came:

    adapter(h) = h + W_up gelu(W_down h + b_down) + b_up        2 m d + d + m parameters

One stands behind the attention's last map, one behind the feed-forward network's, before the
residual sum: two a layer. W_up is zero at first, so the model starts out as it was. (The paper
draws it too, with a deviation of 0.01: nearly as it was.) The norms are trained along with them.

>>> adapter = Adapter(d_model=8, d_bottleneck=2)
>>> sum(p.numel() for p in adapter.parameters())  # 2 · 2 · 8 + 8 + 2
42
>>> h = torch.randn(3, 5, 8)
>>> torch.equal(adapter(h), h)
True

Left out: adapters in parallel to a sub-layer, one a layer (Pfeiffer et al. 2021), fusion of tasks.
Proved by: transformers' BERT, its layers' results bent by hand; a case by hand; the identity at
first; counts by the formula above, for BERT-base as for any other.
"""

from collections.abc import Collection

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.feed_forward import gelu
from reference.trainable import freeze, modules_named

LAST_MAPS = ("output", "second")  # what ends the attention, and the feed-forward network
INITIAL_STD = 0.01  # of W_down; Houlsby et al. 2019, §3.6


class Adapter(nn.Module):
    """Down to `d_bottleneck` entries, GELU, up to `d_model`, and the residual sum."""

    def __init__(
        self, d_model: int, d_bottleneck: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        if d_bottleneck < 1:
            raise ValueError(
                f"d_bottleneck must be 1 or more: got {d_bottleneck}; the paper tries 1 to 512"
            )
        self.down = nn.Linear(d_model, d_bottleneck)
        self.up = nn.Linear(d_bottleneck, d_model)
        nn.init.normal_(self.down.weight, std=INITIAL_STD, generator=generator)
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)

    def forward(self, h: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Add to each vector what the waist lets through."""
        return h + self.up(gelu(self.down(h)))


class AdaptedLinear(nn.Module):
    """A frozen linear map, and an adapter on what it returns."""

    def __init__(
        self, base: nn.Linear, d_bottleneck: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.base = base
        self.adapter = Adapter(base.out_features, d_bottleneck, generator).to(base.weight)

    def forward(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_out"]:
        """Map x, then adapt."""
        return self.adapter(self.base(x))


def add_adapters(
    model: nn.Module,
    *,
    d_bottleneck: int,
    behind: Collection[str] = LAST_MAPS,
    train_norms: bool = True,
    generator: torch.Generator | None = None,
) -> None:
    """Freeze the model but for its norms, and put an adapter behind each map of these names."""
    freeze(model)
    for path, linear in modules_named(model, behind, nn.Linear).items():
        model.set_submodule(path, AdaptedLinear(linear, d_bottleneck, generator))
    if train_norms:
        for norm in modules_named(model, ["norm"], nn.Module).values():
            norm.requires_grad_(True)
