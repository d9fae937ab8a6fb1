"""Least-norm regression: of all weights that fit the samples best, the shortest; and its error.

Slide "Why scaling?" (double descent); Hastie et al. 2022, Theorem 1. With more features than
samples, infinitely many weights fit every sample. Gradient descent from 0 finds the shortest of
them, because it never leaves the span of the samples; the singular value decomposition gives it
in closed form. Ridge, which charges for length, tends to it as the charge tends to 0.

One sample, 3 w_1 + 4 w_2 = 5: (0.6, 0.8) is the shortest solution. Ridge makes it shorter still.

>>> features, targets = torch.tensor([[3.0, 4.0]]), torch.tensor([5.0])
>>> [[round(w, 3) for w in fit(features, targets, ridge).tolist()] for ridge in (0.0, 25.0)]
[[0.6, 0.8], [0.3, 0.4]]

Left out: an intercept, features of unequal variance (also there), ridge below 0.
Proved by: numpy's lstsq, and SciPy's on the system that ridge extends; interpolation, least norm,
gradient descent from 0, the limit of small ridge; the error in closed form, and the exact one of
finite samples, within 5 standard errors of measured ones.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def fit(
    features: Float[Tensor, "*batch n_samples n_features"],
    targets: Float[Tensor, "*batch n_samples"],
    ridge: float = 0.0,
) -> Float[Tensor, "*batch n_features"]:
    """Minimise |features w - targets|² + ridge |w|²; with ridge 0, take the shortest minimiser."""
    if features.ndim < 2 or features.shape[:-1] != targets.shape:
        raise ValueError(
            "features (…, n_samples, n_features) need one target for each row: got shapes "
            f"{tuple(features.shape)} and {tuple(targets.shape)}; pass targets (…, n_samples)"
        )
    if ridge < 0:
        raise ValueError(f"ridge must be 0 or more: got {ridge}; 0 asks for the least norm")
    u, s, vt = torch.linalg.svd(features, full_matrices=False)
    rounding = max(features.shape[-2:]) * torch.finfo(s.dtype).eps  # as in numpy's lstsq
    inverse = (s / (s.square() + ridge)).where(s > rounding * s[..., :1], 0)
    return (vt.mT @ (inverse[..., None] * (u.mT @ targets[..., None]))).squeeze(-1)


def optimal_ridge(n_features: int, signal: float, noise: float) -> float:
    """Return the ridge of least expected test error, σ² n_features / r², for isotropic features.

    It is the noise's variance over that of one weight: signal² is spread over n_features of them.
    Nakkiran et al. 2021, Lemma 2: the same for any number of samples.
    """
    if signal <= 0:
        raise ValueError(
            f"signal must be positive: got {signal}; without one, no finite ridge is best"
        )
    return noise**2 * n_features / signal**2


def isotropic_error(gamma: float, signal: float, noise: float) -> float:
    """Test error of the least-norm fit for n → ∞, γ = features / samples: Theorem 1.

    Below 1 all of it is variance, σ²γ/(1 - γ). Above, samples no longer reach all directions:
    bias r²(1 - 1/γ), and variance σ²/(γ - 1), which falls.
    """
    if gamma <= 0:
        raise ValueError(f"gamma must be positive: got {gamma}; pass n_features / n_samples")
    if gamma == 1:
        return math.inf if noise else 0.0
    if gamma < 1:
        return noise**2 * gamma / (1 - gamma)
    return signal**2 * (1 - 1 / gamma) + noise**2 / (gamma - 1)
