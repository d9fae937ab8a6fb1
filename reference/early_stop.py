"""An optimiser that stopped early: how row 3 of the lecture's table came to say a = 0.46.

Slide "Joint data-model scaling laws", row 3; Hoffmann et al. 2022, App. D.3; Besiroglu et al. 2024.
L-BFGS-B, as SciPy has it, stops when a step gains less than 2.2e-9 of max(f, 1), or no derivative
exceeds 1e-5. The objective, Huber's loss of log-losses, is a mean of some 4e-6 over the runs, and
each of its derivatives is below δ = 1e-3 times a term's share: so 2.2e-9 is no share but half a
thousandth of all there is, and the scales A and B hardly move from where they start. Which
coefficients come out depends on the starts: those of the paper from log A = log B = 6, a = 0.457;
others, as low as 0.45, from the grid that the paper names. Multiplied by 1e5, the same objective is
minimised from the same starts.

>>> from reference.joint_law import JointLaw
>>> law = JointLaw(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
>>> n, d = (g.ravel() for g in np.meshgrid(np.logspace(7, 10, 8), np.logspace(9, 12, 8)))
>>> start = np.array([[6.0, 0.3, 6.0, 0.3, 0.5]])
>>> for factor in (1.0, 1e5):
...     (stop,) = stops(n, d, law.loss(n, d), start, factor=factor)
...     print(f"{stop.law.A:.0f} {stop.law.B:.0f}")
402 404
480 2100

Left out: other optimisers that can stop early.
Proved by: the coefficients that Hoffmann et al. printed, from starts of log A = log B = 6; SciPy's
own finite differences for the gradient; `joint_law`, which finds the minimum by other means.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.optimize import minimize

from reference.joint_law import JointLaw
from reference.log_sum_fit import huber, logarithms

HUBER_DELTA = 1e-3
FACTOR = 1e5  # of the objective: 1e3, often enough, still stops early from some starts
HALVES = np.arange(0, 2.5, 0.5)
# log A, α, log B, β, log E
PAPER_STARTS = np.array(  # Hoffmann et al. 2022, App. D.3: 4,500
    list(product(range(0, 30, 5), HALVES, range(0, 30, 5), HALVES, HALVES - 1))
)
NEAR_STARTS = np.array(
    list(product([6.0], (0.2, 0.3, 0.4, 0.5), [6.0], (0.2, 0.3, 0.4, 0.5), (0.0, 0.5, 1.0)))
)


class Stop(NamedTuple):
    """Where a search stopped, the objective there (a sum over runs), and SciPy's reason."""

    law: JointLaw
    objective: float
    reason: str


def objective_and_gradient(
    theta: Float[ndarray, " 5"],
    x: Float[ndarray, " runs"],
    y: Float[ndarray, " runs"],
    target: Float[ndarray, " runs"],
) -> tuple[float, Float[ndarray, " 5"]]:
    """Give the mean of Huber's loss at (log A, α, log B, β, log E), and its gradient.

    x, y and target are the logarithms of N, D and the loss.
    """
    log_a, alpha, log_b, beta, log_e = theta
    exponents = np.stack([log_a - alpha * x, log_b - beta * y, np.full_like(x, log_e)])
    top = exponents.max(axis=0)
    powers = np.exp(exponents - top)
    total = powers.sum(axis=0)
    r = top + np.log(total) - target
    share_a, share_b, share_e = powers / total * np.clip(r, -HUBER_DELTA, HUBER_DELTA) / len(r)
    gradient = [share_a.sum(), -share_a @ x, share_b.sum(), -share_b @ y, share_e.sum()]
    return float(huber(r, HUBER_DELTA).mean()), np.array(gradient)


def stops(
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    starts: Float[ndarray, "starts 5"],
    *,
    factor: float = 1.0,
) -> list[Stop]:
    """Minimise `factor` times the mean from each start by L-BFGS-B as it comes; lowest first."""
    x, y, target = logarithms(5, n_params=n_params, n_tokens=n_tokens, loss=loss)

    def scaled(theta: ndarray) -> tuple[float, ndarray]:
        value, gradient = objective_and_gradient(theta, x, y, target)
        return factor * value, factor * gradient

    found = []
    for start in starts:
        result = minimize(scaled, start, jac=True, method="L-BFGS-B")
        found.append(Stop(_law(result.x), result.fun / factor * len(x), str(result.message)))
    return sorted(found, key=lambda stop: stop.objective)


def descent(
    law: JointLaw,
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    *,
    factor: float = FACTOR,
) -> list[Stop]:
    """Go on from a law with the scaled objective; give every step on the way, the law first."""
    x, y, target = logarithms(5, n_params=n_params, n_tokens=n_tokens, loss=loss)

    def scaled(theta: ndarray) -> tuple[float, ndarray]:
        value, gradient = objective_and_gradient(theta, x, y, target)
        return factor * value, factor * gradient

    start = np.array([np.log(law.A), law.alpha, np.log(law.B), law.beta, np.log(law.E)])
    thetas = [start]
    minimize(
        scaled,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=lambda theta: thetas.append(theta.copy()),
    )
    return [
        Stop(_law(theta), objective_and_gradient(theta, x, y, target)[0] * len(x), "on the way")
        for theta in thetas
    ]


def _law(theta: Float[ndarray, " 5"]) -> JointLaw:
    log_a, alpha, log_b, beta, log_e = theta.tolist()
    a, b, e = np.exp([log_a, log_b, log_e]).tolist()
    return JointLaw(E=e, A=a, B=b, alpha=alpha, beta=beta)
