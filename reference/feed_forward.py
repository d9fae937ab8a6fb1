"""Feed-forward network: the nonlinearity between two attentions, at each position by itself.

Slide "Adding Nonlinearities"; Vaswani et al. 2017, §3.3; GELU: Hendrycks & Gimpel 2016, §2.
Attention takes weighted means of values, and a stack of means is a mean. So each output vector
then goes through FFN(x) = ReLU(x W_1 + b_1) W_2 + b_2, the same for all positions, with
d_ff = 4 d_model in practice. BERT and GPT put GELU, x Φ(x), in the place of ReLU:

>>> gelu(torch.tensor([-1.0, 0.0, 1.0]))  # Φ(1) = 0.8413
tensor([-0.1587,  0.0000,  0.8413])
>>> layer = FeedForward(d_model=8)
>>> layer.d_ff, tuple(layer(torch.randn(2, 5, 8)).shape)
(32, (2, 5, 8))

Left out: dropout between the two maps, gated variants, GPT-2's approximation of GELU by tanh.
Proved by: torch.nn.Sequential with copied weights in values and all gradients, torch's gelu and
SciPy's Φ, a network worked by hand; each position's output depends on that position alone.
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

Activation = Literal["relu", "gelu"]


def gelu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Give x Φ(x), where Φ(x) = erfc(-x / √2) / 2 is the share of a standard normal below x."""
    return x * torch.erfc(-x / math.sqrt(2)) / 2


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": torch.relu, "gelu": gelu}


class FeedForward(nn.Module):
    """Two linear maps with an activation between them: wider, bent, and back to d_model."""

    def __init__(
        self,
        d_model: int,
        d_ff: int | None = None,
        activation: Activation = "relu",
        *,
        bias: bool = True,
    ) -> None:
        """Make `first` (W_1, b_1) and `second` (W_2, b_2); without `d_ff`, it is 4 d_model."""
        super().__init__()
        d_ff = 4 * d_model if d_ff is None else d_ff
        if d_model < 1 or d_ff < 1:
            raise ValueError(
                f"d_model and d_ff must be 1 or more: got d_model={d_model}, d_ff={d_ff}; "
                "leave d_ff out for 4 * d_model"
            )
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {', '.join(ACTIVATIONS)}: got {activation!r}; "
                "'relu' is the slide's, 'gelu' is BERT's"
            )
        self.d_model, self.d_ff, self.activation = d_model, d_ff, activation
        self.first = nn.Linear(d_model, d_ff, bias=bias)
        self.second = nn.Linear(d_ff, d_model, bias=bias)

    def forward(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Transform each vector of x; the axes before the last never mix."""
        if x.ndim < 1 or x.shape[-1] != self.d_model:
            raise ValueError(
                f"x must have shape (…, d_model) with d_model={self.d_model}: got "
                f"{tuple(x.shape)}; the last axis is the one that is transformed"
            )
        hidden = ACTIVATIONS[self.activation](self.first(x))  # (…, d_ff)
        return self.second(hidden)  # (…, d_model)
