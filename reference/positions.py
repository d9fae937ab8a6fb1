"""Sinusoidal positions: what tells self-attention the order of its inputs.

Slide "Positional Encoding"; Vaswani et al. 2017, §3.5. Self-attention treats its inputs as a set,
so a vector p_i is added to each: x_i ← x_i + p_i. It is a row of d/2 clock hands, the pairs (sin,
cos) of the angles i / 10000^(2j/d), each hand slower than the one before. A move by s positions
turns every hand by an angle that depends on s alone: p_(i+s) is the same rotation of p_i for every
i, so a linear map can read relative positions.

The slide and the paper count differently, and their tables differ:

    indexing    positions        frequencies          angle a step, fastest hand to slowest
    "slide"     i = 1 … n        j = 1 … d/2          10000^(-2/d) to 10000^(-1)
    "vaswani"   i = 0 … n-1      j = 0 … d/2 - 1      1 to 10000^(2/d - 1)

>>> sinusoidal_positions(3, 2, indexing="vaswani")
tensor([[ 0.0000,  1.0000],
        [ 0.8415,  0.5403],
        [ 0.9093, -0.4161]])

Left out: learned positions (BERT, GPT), rotations inside attention (RoPE).
Proved by: every entry against arithmetic of 40 digits, tables worked by hand, the rotation by s.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

FIRST = {"slide": 1, "vaswani": 0}  # where positions i and frequencies j start


def sinusoidal_positions(
    n: int,
    d_model: int,
    *,
    indexing: Literal["slide", "vaswani"] = "slide",
    device: torch.device | str | None = None,
) -> Float[Tensor, "n d_model"]:
    """Give the vectors p_i to add to the inputs x_i, one a row, in float32.

    Computed in float64 on the CPU, then moved: an angle of thousands leaves float32 few digits for
    its sine, not every accelerator has float64, and so all devices agree to the last bit.
    """
    if indexing not in FIRST:
        raise ValueError(f"indexing must be 'slide' or 'vaswani': got {indexing!r}; choose one")
    if n < 0 or d_model < 2 or d_model % 2:
        raise ValueError(
            f"n must be 0 or more and d_model even, 2 or more: got n={n}, d_model={d_model}; "
            "every frequency takes two entries, its sine and its cosine"
        )
    first = FIRST[indexing]
    i = torch.arange(first, first + n, dtype=torch.float64, device="cpu")
    j = torch.arange(first, first + d_model // 2, dtype=torch.float64, device="cpu")
    angles = i[:, None] / 10000 ** (2 * j / d_model)  # (n, d_model / 2)
    p = torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(-2)  # (n, d_model)
    return p.float().to(torch.get_default_device() if device is None else device)
