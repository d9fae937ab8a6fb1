"""Known mistakes in `training_flops`, each under a name, with what to tell a student.

Left out: counts of attention's own products. Proved by: `autograder validate a7_scaling_laws`.
"""

from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks.numbers import observed
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def flops_forward_alone(n_params, n_tokens):
    """2 N D."""
    return 2.0 * n_params * n_tokens


def flops_backward_like_forward(n_params, n_tokens):
    """4 N D."""
    return 4.0 * n_params * n_tokens


def flops_multiply_adds(n_params, n_tokens):
    """3 N D: a product and its sum as one operation."""
    return 3.0 * n_params * n_tokens


def flops_without_six(n_params, n_tokens):
    """N D."""
    return 1.0 * n_params * n_tokens


def flops_of_one_token(n_params, n_tokens):
    """6 N, at the shape of the tokens."""
    return 6.0 * n_params + 0.0 * n_tokens


def flops_overflowing(n_params, n_tokens):
    """Whole numbers stay whole, and wrap."""
    return 6 * n_params * n_tokens


def _values(student: Any, draw: Draw) -> Observation:
    """Numbers, and columns of floats and of whole numbers that are too large together."""
    n, d = draw.integers(10**9, 10**12, 5).numpy(), draw.integers(10**9, 10**12, 5).numpy()
    given = (1234, 5678), (n.astype(np.float64), d.astype(np.float64)), (n, d)
    return tuple(observe(lambda pair=pair: observed(student(*pair))) for pair in given)


MISCONCEPTIONS = tuple(
    Misconception(name, sentence, implementation, _values)
    for name, sentence, implementation in (
        (
            "flops-forward-alone",
            "2 N D is the cost of the pass forward. Training also goes backward, which costs twice "
            "as much: 6 N D together.",
            flops_forward_alone,
        ),
        (
            "flops-backward-like-forward",
            "You count the pass backward like the one forward. It computes two gradients for each "
            "product, of the weights and of the inputs, and costs twice as much: 6 N D.",
            flops_backward_like_forward,
        ),
        (
            "flops-multiply-adds",
            "You count a product and the sum that it goes into as one operation. They are two: 2 "
            "forward and 4 backward make 6 N D.",
            flops_multiply_adds,
        ),
        (
            "flops-without-six",
            "N D counts how often a parameter meets a token. Each time costs 6 operations in "
            "training: 2 forward and 4 backward.",
            flops_without_six,
        ),
        (
            "flops-of-one-token",
            "6 N is the cost of one token: multiply by the number of tokens.",
            flops_of_one_token,
        ),
        (
            "flops-overflowing",
            "For columns of whole numbers your product exceeds 9.2e18, and NumPy goes on at the "
            "other end without a word. Multiply by 6.0 first: floats reach to 1e308.",
            flops_overflowing,
        ),
    )
)
