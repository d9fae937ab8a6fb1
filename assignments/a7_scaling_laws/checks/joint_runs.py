"""Runs for checks of the joint law: laws, sizes, tokens and losses, drawn at two scales.

`SMALL` is the study's: models of some 5e3 to 4e5 parameters that read 7e4 to 7e6 tokens. `LARGE` is
that of Hoffmann et al. 2022, §3. At each of six budgets stand eight sizes round the best, as in the
study, and all runs are in random order. Left out: noise that depends on the size.
Proved by: tests/assignments/test_a7_joint_law.py.
"""

from dataclasses import dataclass

import numpy as np
import torch

from autograder.draw import Draw
from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN, JointLaw

Runs = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Parameters, tokens and losses, a row a run."""

BUDGETS, SIZES = 6, 8
WIDTH = 4.0
"""Sizes go from 1/4 of what the rule of 20 tokens a parameter says to 4 times that."""
TOKENS_PER_PARAMETER = 20  # Hoffmann et al. 2022, table 3
NOISE = 2e-3
"""Deviation of log-losses: two deltas, where Huber's loss is least like squares or absolutes."""
ERRORS = 3
"""Losses that are grossly wrong, of 48: 6%."""


@dataclass(frozen=True)
class Scale:
    """Where runs and their laws lie: FLOPs, E, and exponents of N and of D."""

    flops: tuple[float, float]
    irreducible: tuple[float, float]
    alpha: tuple[float, float]
    beta: tuple[float, float]

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Parameters and tokens of all runs."""
        budgets = np.geomspace(*self.flops, BUDGETS)[:, None]
        products = budgets / FLOPS_PER_PARAMETER_AND_TOKEN
        best = np.sqrt(products / TOKENS_PER_PARAMETER)
        n = best * np.geomspace(1 / WIDTH, WIDTH, SIZES)
        return n.ravel(), (products / n).ravel()


SMALL = Scale((3e10, 1e12), (2.2, 2.6), (0.3, 0.6), (0.3, 0.6))
LARGE = Scale((1e18, 1e22), (1.5, 1.9), (0.25, 0.45), (0.25, 0.45))
UNEVEN = (
    Scale((3e10, 1e12), (1.0, 3.0), (0.15, 0.25), (0.7, 1.0)),
    Scale((3e10, 1e12), (1.0, 3.0), (0.7, 1.0), (0.15, 0.25)),
)
"""One helps slowly and the other fast."""


def drawn_law(draw: Draw, scale: Scale) -> JointLaw:
    """A law of which each term matters at that scale."""
    n, d = scale.grid()
    by_size, by_data = draw.uniform(0.15, 0.5, 2).tolist()  # nats, for the run in the middle
    e, alpha, beta = (
        float(draw.uniform(*bounds)) for bounds in (scale.irreducible, scale.alpha, scale.beta)
    )
    middle_n, middle_d = np.exp(np.log(n).mean()), np.exp(np.log(d).mean())
    return JointLaw(
        E=e,
        A=float(by_size * middle_n**alpha),
        B=float(by_data * middle_d**beta),
        alpha=alpha,
        beta=beta,
    )


def drawn_runs(
    draw: Draw, law: JointLaw, scale: Scale, *, noise: float = 0.0, errors: int = 0
) -> Runs:
    """The law's losses with noise, `errors` of them too high by 15 to 50%; rows in random order."""
    n, d = np.stack(scale.grid())[:, draw.order(BUDGETS * SIZES)]
    factors = np.exp(draw.normal(len(n), dtype=torch.float64, scale=noise).numpy())
    wrong = np.array(draw.order(len(n))[:errors], dtype=int)
    factors[wrong] *= draw.uniform(1.15, 1.5, errors).numpy()
    return n, d, law.loss(n, d) * factors


def held_out(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of size and data in between the runs, and beyond: ten times larger and longer."""
    n, d = (np.geomspace(column.min(), column.max() * 10, 6) for column in runs[:2])
    table = np.meshgrid(n, d)
    return table[0].ravel(), table[1].ravel()
