"""Double descent: past the point where a model can fit every sample, more parameters help again.

Slide "Why scaling?"; Belkin et al. 2019, Fig. 1 (the curve); Nakkiran et al. 2020, §5 (networks by
width), §7 (more samples that hurt); Nakkiran et al. 2021, Lemma 2 (the ridge). With fewer features
than samples, the test error falls, then rises as noise is fitted too. Where they are as many, one
fit alone passes through all noisy samples, however far it has to swing. Beyond, many do; the
shortest is taken (`least_norm`), and the more there are to choose from, the shorter it is.

>>> curve = by_features(Setting(n_repeats=9), n_samples=50, sizes=[20, 50, 500])
>>> few, as_many, more = curve.median.tolist()
>>> more < few < as_many
True

What it does not say: that size by itself causes a peak. Noise does, or what the features cannot
express; the right ridge removes it. And "more is better" holds for fits that prefer short weights.

Left out: classification; epochs as an axis (Nakkiran et al. 2020, §6).
Proved by: `least_norm`, proved by itself, on the same data; the error in closed form on both sides
of the threshold, within 5 standard errors; peak, second descent and its absence with ridge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from reference.least_norm import fit, optimal_ridge

LABELS = {False: "least norm", True: "optimal ridge"}


def relu_features(
    x: Float[Tensor, "*batch n_samples n_inputs"],
    directions: Float[Tensor, "*batch n_inputs n_features"],
) -> Float[Tensor, "*batch n_samples n_features"]:
    """A hidden layer left at its random weights; for standard normal entries, of mean square 1."""
    return math.sqrt(2 / x.shape[-1]) * (x @ directions).relu()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Targets are linear in standard normal inputs, by weights of length `signal`, plus noise.

    The fit sees ReLU features of `n_inputs` inputs; where that is 0, its features are the inputs.
    """

    n_inputs: int = 10
    signal: float = 1.0  # standard deviation of the targets, without noise
    noise: float = 0.5  # standard deviation; on the training targets only
    n_repeats: int = 30  # each with its own weights, samples and features
    n_test: int = 500  # fresh samples of each repeat
    seed: int = 0


class Errors(NamedTuple):
    """Mean squared errors of each repeat: noisy targets in training, noiseless ones in the test."""

    train: Float[Tensor, " n_repeats"]
    test: Float[Tensor, " n_repeats"]


class _Data:
    """What all repeats draw: inputs, targets, noise; the first n_samples rows are for training."""

    def __init__(self, setting: Setting, n_samples: int, n_inputs: int) -> None:
        if min(n_samples, n_inputs) < 1:
            raise ValueError(
                "n_samples and n_inputs must be 1 or more: got "
                f"n_samples={n_samples}, n_inputs={n_inputs}; only n_features can stand in for none"
            )
        self.generator = torch.Generator().manual_seed(setting.seed)
        self.n_repeats, self.n_samples = setting.n_repeats, n_samples
        direction = self.normal(n_inputs, 1)
        direction *= setting.signal / direction.norm(dim=1, keepdim=True)
        self.x = self.normal(n_samples + setting.n_test, n_inputs)
        self.y = (self.x @ direction).squeeze(-1)
        self.noisy = self.y[:, :n_samples] + setting.noise * self.normal(n_samples)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.n_repeats, *shape, generator=self.generator, dtype=torch.float64)

    def errors(self, predicted: Float[Tensor, "n_repeats n_rows"]) -> Errors:
        n = self.n_samples
        train, test = predicted[:, :n] - self.noisy, predicted[:, n:] - self.y[:, n:]
        return Errors(train.square().mean(1), test.square().mean(1))


def measure_fit(
    setting: Setting, n_samples: int, n_features: int, *, regularised: bool = False
) -> Errors:
    """Fit each repeat in closed form: the least norm, or `regularised` by the optimal ridge."""
    ridge = optimal_ridge(n_features, setting.signal, setting.noise) if regularised else 0.0
    data = _Data(setting, n_samples, setting.n_inputs or n_features)
    features = data.x
    if setting.n_inputs:
        features = relu_features(data.x, data.normal(setting.n_inputs, n_features))
    w = fit(features[:, :n_samples], data.noisy, ridge)
    return data.errors((features @ w[..., None]).squeeze(-1))


def measure_network(
    setting: Setting, n_samples: int, width: int, n_steps: int = 2000, lr: float = 0.02
) -> Errors:
    """Train both layers of a ReLU network in each repeat, by Adam, all samples a step."""
    d = setting.n_inputs
    data = _Data(setting, n_samples, d)
    w_1 = (data.normal(d, width) / math.sqrt(d)).requires_grad_()
    b_1 = data.normal(1, width).zero_().requires_grad_()
    w_2 = (data.normal(width, 1) / math.sqrt(width)).requires_grad_()

    def predict(x: Tensor) -> Tensor:
        return ((x @ w_1 + b_1).relu() @ w_2).squeeze(-1)  # (n_repeats, n_rows)

    optimizer = torch.optim.Adam([w_1, b_1, w_2], lr=lr)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = (predict(data.x[:, :n_samples]) - data.noisy).square().mean(1)
        loss.sum().backward()  # repeats share no weight: each sees its own gradient alone
        optimizer.step()
        falling.step()
    with torch.no_grad():
        return data.errors(predict(data.x))


@dataclass(frozen=True)
class Curve:
    """Errors over sizes; medians, because at the threshold the mean error is infinite."""

    label: str
    along: str  # what the sizes count
    sizes: Sequence[int]
    threshold: int  # the size at which parameters are as many as samples
    errors: Sequence[Errors]  # one for each size

    @property
    def median(self) -> Float[Tensor, " n_sizes"]:
        """Median test error at each size."""
        return torch.stack([e.test.median() for e in self.errors])


def by_features(
    setting: Setting, n_samples: int, sizes: Sequence[int], *, regularised: bool = False
) -> Curve:
    """More features, equally many samples."""
    errors = [measure_fit(setting, n_samples, p, regularised=regularised) for p in sizes]
    return Curve(LABELS[regularised], "features", sizes, n_samples, errors)


def by_samples(
    setting: Setting, n_features: int, sizes: Sequence[int], *, regularised: bool = False
) -> Curve:
    """More samples, equally many features: without ridge, more data can do harm."""
    errors = [measure_fit(setting, n, n_features, regularised=regularised) for n in sizes]
    return Curve(LABELS[regularised], "samples", sizes, n_features, errors)


def by_width(setting: Setting, n_samples: int, widths: Sequence[int]) -> Curve:
    """Wider networks, equally many samples; for them the threshold is a rule of thumb."""
    errors = [measure_network(setting, n_samples, width) for width in widths]
    sizes = [width * (setting.n_inputs + 2) for width in widths]
    return Curve("network, both layers trained", "parameters", sizes, n_samples, errors)
