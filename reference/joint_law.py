"""The joint law: loss from model size and data, L(N, D) = E + A / N^α + B / D^β.

Slide "Joint data-model scaling laws"; Hoffmann et al. 2022, §3.3, App. D.3. E is what no model can
predict; A / N^α is lost because the model has N parameters only, B / D^β because it saw D tokens
only. Training costs C ≈ 6 N D floating-point operations (Kaplan et al. 2020, §2.1). Of all (N, D)
of one cost, the law's best are, with G = (α A / (β B))^(1 / (α + β)),

    N_opt = G (C / 6)^a,  a = β / (α + β);        D_opt = (C / 6)^b / G,  b = α / (α + β).

>>> law = JointLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)  # as published, App. D.3
>>> [round(x, 2) for x in law.optimal_exponents()]
[0.45, 0.55]
>>> n, d = law.optimal_allocation(5.76e23)  # the budget of Gopher, §4
>>> round(n / 1e9), round(d / 1e9)
(32, 2982)

The published coefficients are those of an optimiser that stopped early: at the minimum of the same
objective on the points of the paper's Figure 4, a is 0.51 (Besiroglu et al. 2024 refit 0.513). So
the fit here starts from a grid of exponents, each term a third of the loss, and goes on from every
start until the objective stands still.

Left out: noise that grows with the loss, correlated errors, other forms of the law.
Proved by: the coefficients of the paper's points, fitted with independent code; scipy's L-BFGS-B
from the same starts and its minimum along N D = C / 6; exact recovery where there is no noise.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from reference.log_sum_fit import bootstrap_weights, fit_log_sum, logarithms

FLOPS_PER_PARAMETER_AND_TOKEN = 6  # forward 2, backward 4: Kaplan et al. 2020, §2.1
START_EXPONENTS = np.linspace(0.1, 1, 10)  # for α and for β: 100 starts


@dataclass(frozen=True)
class JointLaw:
    """L(N, D) = E + A / N^alpha + B / D^beta, in nats a token."""

    E: float
    A: float
    B: float
    alpha: float
    beta: float

    def loss(self, n: float | ndarray, d: float | ndarray) -> float | ndarray:
        """Predict the loss of n parameters that were trained on d tokens."""
        return self.E + self.A / n**self.alpha + self.B / d**self.beta

    def optimal_exponents(self) -> tuple[float, float]:
        """Give (a, b): the best N grows as C^a, the best D as C^b, and a + b = 1."""
        total = self.alpha + self.beta
        return self.beta / total, self.alpha / total

    def optimal_allocation(self, flops: float | ndarray) -> tuple[float | ndarray, float | ndarray]:
        """Give the parameters and the tokens of least loss among those with 6 N D = flops."""
        if min(self.A, self.B, self.alpha, self.beta) <= 0:
            raise ValueError(
                f"A, B, alpha and beta must be positive: got {self}; a law in which size or data "
                "does not help has no best compromise between them"
            )
        a, b = self.optimal_exponents()
        g = (self.alpha * self.A / (self.beta * self.B)) ** (1 / (self.alpha + self.beta))
        product = flops / FLOPS_PER_PARAMETER_AND_TOKEN
        return g * product**a, product**b / g


def fit_joint_law(
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    *,
    huber_delta: float = 1e-3,
) -> JointLaw:
    """Find the law that is nearest to the runs: least sum of Huber's loss of log-losses."""
    table = _Table(n_params, n_tokens, loss)
    law = table.law(table.best(huber_delta))
    if not (0 < law.A < np.inf and 0 < law.B < np.inf):
        raise ValueError(
            f"the runs must show how the loss depends on size and on data: got {law}, in which one "
            "term is gone; add runs of smaller sizes and of less data"
        )
    return law


def bootstrap_joint_law(
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    *,
    huber_delta: float = 1e-3,
    draws: int = 400,
    seed: int = 0,
) -> list[JointLaw]:
    """Fit as many laws, each to runs drawn with replacement; they start from the law of all."""
    table = _Table(n_params, n_tokens, loss)
    weights = bootstrap_weights(draws, len(table.target), np.random.default_rng(seed))
    starts = np.tile(table.best(huber_delta), (draws, 1))
    scales = starts[:, ::2]  # a view: log A, log B, log E
    scales[:] = np.maximum(scales, table.third - 3)  # a term that is gone would never come back
    thetas, _ = fit_log_sum(
        table.terms, table.target, starts, weights=weights, huber_delta=huber_delta
    )
    return [table.law(theta) for theta in thetas]


class _Table:
    """Runs as logarithms, centred: then a term's scale and its exponent hardly depend."""

    def __init__(self, n_params: ndarray, n_tokens: ndarray, loss: ndarray) -> None:
        x, y, self.target = logarithms(5, n_params=n_params, n_tokens=n_tokens, loss=loss)
        for name, column in (("n_params", x), ("n_tokens", y)):
            distinct = len(np.unique(column))
            if distinct < 3:
                raise ValueError(
                    f"{name} must take 3 distinct values or more: got {distinct}; with fewer, a "
                    "scale and an exponent cannot be told from the constant E, so vary it"
                )
        self.x_mean, self.y_mean = x.mean(), y.mean()
        self.third = self.target.mean() - np.log(3)  # the logarithm of a third of the loss
        one = np.ones_like(x)
        self.terms = [
            np.stack([one, self.x_mean - x], axis=1),  # log A at the mean size, α
            np.stack([one, self.y_mean - y], axis=1),  # log B at the mean data, β
            one[:, None],  # log E
        ]

    def best(self, huber_delta: float) -> Float[ndarray, " 5"]:
        third = self.third
        starts = np.array(
            [[third, a, third, b, third] for a in START_EXPONENTS for b in START_EXPONENTS]
        )
        theta, objective = fit_log_sum(self.terms, self.target, starts, huber_delta=huber_delta)
        return theta[objective.argmin()]

    def law(self, theta: Float[ndarray, " 5"]) -> JointLaw:
        log_a, alpha, log_b, beta, log_e = theta.tolist()
        scales = log_e, log_a + alpha * self.x_mean, log_b + beta * self.y_mean
        with np.errstate(over="ignore"):  # of a draw that does not show a term
            e, a, b = np.exp(scales).tolist()
        return JointLaw(E=e, A=a, B=b, alpha=alpha, beta=beta)
