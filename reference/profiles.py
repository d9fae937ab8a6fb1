"""IsoFLOP profiles: loss against size at one budget, and the parabola round its least loss.

Slide "Joint data-model scaling laws", approach 2; Hoffmann et al. 2022, §3.2, Figure 3. At one cost
C = 6 N D a small model sees many tokens and a large one few: both lose, and between them, in log N,
the loss has a bottom. A parabola through the sizes round the least loss says where, more finely
than the sizes that were tried.

>>> n = np.array([1e6, 2e6, 4e6, 8e6, 16e6, 32e6])
>>> (profile,) = isoflop_runs(n, 1e15 / (6 * n), 3 + 0.1 * np.log(n / 5e6) ** 2)
>>> bottom = profile.parabola
>>> f"{profile.flops:.0e} FLOPs: N = {bottom.n_params:.1e}, loss {bottom.loss:.2f}"
'1e+15 FLOPs: N = 5.0e+06, loss 3.00'

Runs that differ in their seed only share a size: where the least loss is, their mean decides, and
the parabola is fitted to all of them.

Left out: other curves than parabolas, weights for runs far from the bottom.
Proved by: numpy's polyfit; bottoms of the joint law, whose best sizes are known; no parabola where
the least loss is at an end.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN
from reference.log_sum_fit import logarithms


@dataclass(frozen=True)
class Parabola:
    """loss + curvature * log(n / n_params)², fitted between the smallest and the largest size."""

    n_params: float
    loss: float
    curvature: float
    smallest: float
    largest: float

    def __call__(self, n: float | ndarray) -> float | ndarray:
        """Predict the loss of n parameters."""
        return self.loss + self.curvature * np.log(n / self.n_params) ** 2


@dataclass(frozen=True)
class Profile:
    """Runs of one budget in the order of their sizes; no parabola where they show no bottom."""

    flops: float
    n_params: Float[ndarray, " runs"]
    loss: Float[ndarray, " runs"]
    parabola: Parabola | None


def isoflop_runs(
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    *,
    width: int = 5,
    same_budget: float = 0.01,
) -> list[Profile]:
    """Split runs into budgets, least first; fit each through `width` sizes round its least loss.

    Runs are of one budget where 6 N D differs by no more than a share of `same_budget` from the
    next.
    """
    if width < 3 or width % 2 == 0:
        raise ValueError(
            f"width must be odd, 3 or more: got {width}; as many sizes on either side of the least"
        )
    log_n, log_d, log_loss = logarithms(6, n_params=n_params, n_tokens=n_tokens, loss=loss)
    log_c = np.log(FLOPS_PER_PARAMETER_AND_TOKEN) + log_n + log_d
    order = np.argsort(log_c)
    gaps = np.flatnonzero(np.diff(log_c[order]) > np.log1p(same_budget))
    found = []
    for runs in np.split(order, gaps + 1):
        runs = runs[np.argsort(log_n[runs])]
        n, losses = np.exp(log_n[runs]), np.exp(log_loss[runs])
        parabola = _parabola(log_n[runs], losses, width // 2)
        found.append(Profile(float(np.exp(log_c[runs].mean())), n, losses, parabola))
    return found


def _parabola(log_n: ndarray, loss: ndarray, reach: int) -> Parabola | None:
    """Fit the sizes up to `reach` from the one of least mean loss; None if they have no bottom."""
    sizes, of_size = np.unique(log_n, return_inverse=True)
    means = np.bincount(of_size, loss) / np.bincount(of_size)
    lowest = int(means.argmin())
    if lowest in (0, len(sizes) - 1):
        return None
    around = np.abs(of_size - lowest) <= reach
    middle = sizes[lowest]
    curvature, slope, least = np.polyfit(log_n[around] - middle, loss[around], 2)
    if curvature <= 0:
        return None
    bottom = -slope / (2 * curvature)
    return Parabola(
        n_params=float(np.exp(middle + bottom)),
        loss=float(least - curvature * bottom**2),
        curvature=float(curvature),
        smallest=float(np.exp(log_n[around].min())),
        largest=float(np.exp(log_n[around].max())),
    )
