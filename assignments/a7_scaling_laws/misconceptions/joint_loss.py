"""Wrong ways to write `joint_loss(n, d, E, A, B, alpha, beta)`, and what shows each."""

from dataclasses import asdict
from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks.joint_loss import sides
from assignments.a7_scaling_laws.checks.joint_runs import SMALL, drawn_law
from assignments.a7_scaling_laws.checks.numbers import observed
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def law_sizes_swapped(n, d, E, A, B, alpha, beta):
    """Tokens where sizes belong, and the other way round."""
    return E + A / d**alpha + B / n**beta


def law_exponents_swapped(n, d, E, A, B, alpha, beta):
    """Alpha for data."""
    return E + A / n**beta + B / d**alpha


def law_scales_swapped(n, d, E, A, B, alpha, beta):
    """B over N^alpha."""
    return E + B / n**alpha + A / d**beta


def law_one_exponent(n, d, E, A, B, alpha, beta):
    """Alpha for both."""
    return E + A / n**alpha + B / d**alpha


def law_floor_forgotten(n, d, E, A, B, alpha, beta):
    """No E."""
    return A / n**alpha + B / d**beta


def law_data_forgotten(n, d, E, A, B, alpha, beta):
    """No term of data."""
    return E + A / n**alpha + 0 * d


def law_size_forgotten(n, d, E, A, B, alpha, beta):
    """No term of size."""
    return E + B / d**beta + 0 * n


def law_growing(n, d, E, A, B, alpha, beta):
    """Multiplied by powers, not divided."""
    return E + A * n**alpha + B * d**beta


def law_scale_in_the_power(n, d, E, A, B, alpha, beta):
    """(A / N)^alpha: A within the power, as in Kaplan's laws."""
    return E + (A / n) ** alpha + (B / d) ** beta


def law_of_kaplan(n, d, E, A, B, alpha, beta):
    """The law of Kaplan et al. 2020, which combines both terms within one power."""
    return E + (A / n ** (alpha / beta) + B / d) ** beta


def law_product(n, d, E, A, B, alpha, beta):
    """Terms multiplied."""
    return E + A / n**alpha * B / d**beta


def law_logarithm(n, d, E, A, B, alpha, beta):
    """The logarithm of the loss."""
    return np.log(E + A / n**alpha + B / d**beta)


def law_floor_as_logarithm(n, d, E, A, B, alpha, beta):
    """exp(E): E taken for its logarithm."""
    return np.exp(E) + A / n**alpha + B / d**beta


def law_products(n, d, E, A, B, alpha, beta):
    """alpha N for N^alpha."""
    return E + A / (alpha * n) + B / (beta * d)


def law_of_flops(n, d, E, A, B, alpha, beta):
    """FLOPs where tokens belong."""
    return E + A / n**alpha + B / (6 * n * d) ** beta


def law_summed(n, d, E, A, B, alpha, beta):
    """One number for all runs."""
    return np.sum(E + A / n**alpha + B / d**beta)


def law_flat(n, d, E, A, B, alpha, beta):
    """Runs in a flat list, in pairs."""
    pairs = zip(np.ravel(n), np.ravel(d), strict=False)
    return np.array([E + A / x**alpha + B / y**beta for x, y in pairs])


def _values(joint_loss: Any, draw: Draw) -> Observation:
    """A table, and a list of runs."""
    law = drawn_law(draw, SMALL)
    n, d = sides(draw, law)
    return tuple(
        observe(lambda x=size, y=tokens: observed(joint_loss(x.copy(), y.copy(), **asdict(law))))
        for size, tokens in ((n, d), (n[:, 0], d[:3]))
    )


def _mistake(name: str, sentence: str, implementation: Any) -> Misconception:
    return Misconception(name, sentence, implementation, _values)


MISCONCEPTIONS = (
    _mistake(
        "law-sizes-swapped",
        "Parameters and tokens are swapped: A / N^α has the parameters n, B / D^β the tokens d.",
        law_sizes_swapped,
    ),
    _mistake(
        "law-exponents-swapped",
        "Your exponents are swapped: α belongs to the parameters and β to the tokens.",
        law_exponents_swapped,
    ),
    _mistake(
        "law-scales-swapped",
        "A and B are swapped: A belongs to the parameters and B to the tokens.",
        law_scales_swapped,
    ),
    _mistake(
        "law-one-exponent",
        "You use α for both terms: the term of data has an exponent of its own, β.",
        law_one_exponent,
    ),
    _mistake(
        "law-floor-forgotten",
        "E is missing, the loss that remains however large the model and however much data it "
        "reads.",
        law_floor_forgotten,
    ),
    _mistake(
        "law-data-forgotten",
        "The term B / D^β is missing: what the model loses because its data ended.",
        law_data_forgotten,
    ),
    _mistake(
        "law-size-forgotten",
        "The term A / N^α is missing: what the model loses because it has N parameters only.",
        law_size_forgotten,
    ),
    _mistake(
        "law-growing",
        "Your loss grows with size and data: divide A and B by the powers.",
        law_growing,
    ),
    _mistake(
        "law-scale-in-the-power",
        "You raise A and B to the powers too, (A / N)^α: only N and D are raised, A / N^α.",
        law_scale_in_the_power,
    ),
    _mistake(
        "law-of-kaplan",
        "That is the form of Kaplan et al. 2020, with both terms within one power: here each "
        "term has its own, and they are added.",
        law_of_kaplan,
    ),
    _mistake(
        "law-product",
        "You multiply the terms of size and data: add them.",
        law_product,
    ),
    _mistake(
        "law-logarithm",
        "You return the logarithm of the loss: return the loss, in nats a token. The fit takes "
        "logarithms itself.",
        law_logarithm,
    ),
    _mistake(
        "law-floor-as-logarithm",
        "You exponentiate E: only within the fit, where e = log E is sought, is that right.",
        law_floor_as_logarithm,
    ),
    _mistake(
        "law-products",
        "You divide by α N and β D: N^α is a power, `n**alpha`.",
        law_products,
    ),
    _mistake(
        "law-of-flops",
        "You put the cost 6ND where the tokens D belong.",
        law_of_flops,
    ),
    _mistake(
        "law-summed",
        "You add up the losses of all runs: return one loss for each.",
        law_summed,
    ),
    _mistake(
        "law-flat",
        "You go through n and d in pairs, so that a column of sizes and a row of tokens give no "
        "table: work on whole arrays, which broadcast.",
        law_flat,
    ),
)
