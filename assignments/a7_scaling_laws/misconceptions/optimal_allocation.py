"""Wrong ways to write `optimal_allocation`, and what shows each."""

from dataclasses import asdict
from typing import Any

from assignments.a7_scaling_laws.checks.joint_runs import SMALL, drawn_law
from assignments.a7_scaling_laws.checks.numbers import observed
from assignments.a7_scaling_laws.checks.optimal import budgets
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def allocation_without_six(flops, E, A, B, alpha, beta):
    """C = N D."""
    total = alpha + beta
    g = (alpha * A / (beta * B)) ** (1 / total)
    return g * flops ** (beta / total), flops ** (alpha / total) / g


def allocation_inference(flops, E, A, B, alpha, beta):
    """C = 2 N D: the forward pass alone."""
    total = alpha + beta
    g = (alpha * A / (beta * B)) ** (1 / total)
    return g * (flops / 2) ** (beta / total), (flops / 2) ** (alpha / total) / g


def allocation_without_scale(flops, E, A, B, alpha, beta):
    """G forgotten."""
    total = alpha + beta
    return (flops / 6) ** (beta / total), (flops / 6) ** (alpha / total)


def allocation_scale_inverted(flops, E, A, B, alpha, beta):
    """1 / G."""
    total = alpha + beta
    g = (beta * B / (alpha * A)) ** (1 / total)
    return g * (flops / 6) ** (beta / total), (flops / 6) ** (alpha / total) / g


def allocation_scale_not_rooted(flops, E, A, B, alpha, beta):
    """G without its exponent."""
    total = alpha + beta
    g = alpha * A / (beta * B)
    return g * (flops / 6) ** (beta / total), (flops / 6) ** (alpha / total) / g


def allocation_scale_on_both(flops, E, A, B, alpha, beta):
    """G times both."""
    total = alpha + beta
    g = (alpha * A / (beta * B)) ** (1 / total)
    return g * (flops / 6) ** (beta / total), g * (flops / 6) ** (alpha / total)


def allocation_exponents_swapped(flops, E, A, B, alpha, beta):
    """a and b swapped."""
    total = alpha + beta
    g = (alpha * A / (beta * B)) ** (1 / total)
    return g * (flops / 6) ** (alpha / total), (flops / 6) ** (beta / total) / g


def allocation_order(flops, E, A, B, alpha, beta):
    """Tokens first."""
    total = alpha + beta
    g = (alpha * A / (beta * B)) ** (1 / total)
    return (flops / 6) ** (alpha / total) / g, g * (flops / 6) ** (beta / total)


def allocation_equal_terms(flops, E, A, B, alpha, beta):
    """Where both terms are equal, not where they change alike."""
    total = alpha + beta
    n = (A / B * (flops / 6) ** beta) ** (1 / total)
    return n, flops / 6 / n


def allocation_twenty_tokens(flops, E, A, B, alpha, beta):
    """The rule of 20 tokens a parameter."""
    n = (flops / 120) ** 0.5
    return n, 20 * n


def allocation_even_split(flops, E, A, B, alpha, beta):
    """As many tokens as parameters."""
    n = (flops / 6) ** 0.5
    return n, n


def allocation_tokens_of_all_flops(flops, E, A, B, alpha, beta):
    """D = C / N."""
    total = alpha + beta
    n = (alpha * A / (beta * B)) ** (1 / total) * (flops / 6) ** (beta / total)
    return n, flops / n


def allocation_tokens_from_one_parameter(flops, E, A, B, alpha, beta):
    """Minimised over N with D held fixed: the largest model always wins."""
    n = flops / 6
    return n, 1.0


def _allocations(optimal_allocation: Any, draw: Draw) -> Observation:
    law = drawn_law(draw, SMALL)
    return tuple(
        observe(lambda c=flops: observed(optimal_allocation(c, **asdict(law))))
        for flops in budgets(draw, SMALL)
    )


MISCONCEPTIONS = (
    Misconception(
        "allocation-without-six",
        "You spend the budget as if C = N D: training costs 6 FLOPs a parameter and token, so "
        "N D = C / 6.",
        allocation_without_six,
        _allocations,
    ),
    Misconception(
        "allocation-inference",
        "You count 2 FLOPs a parameter and token, the forward pass alone: with the backward pass "
        "training costs 6.",
        allocation_inference,
        _allocations,
    ),
    Misconception(
        "allocation-without-scale",
        "G is missing: the exponents say how the best size grows, and G where it starts.",
        allocation_without_scale,
        _allocations,
    ),
    Misconception(
        "allocation-scale-inverted",
        "Your G is upside down: the larger A and α, the more a larger model is worth.",
        allocation_scale_inverted,
        _allocations,
    ),
    Misconception(
        "allocation-scale-not-rooted",
        "You don't raise (α A) / (β B) to the power of 1 / (α + β).",
        allocation_scale_not_rooted,
        _allocations,
    ),
    Misconception(
        "allocation-scale-on-both",
        "You multiply both by G: what N gains D loses, so D is divided by it.",
        allocation_scale_on_both,
        _allocations,
    ),
    Misconception(
        "allocation-exponents-swapped",
        "N grows with a = β / (α + β) and D with b = α / (α + β): yours are swapped.",
        allocation_exponents_swapped,
        _allocations,
    ),
    Misconception(
        "allocation-order",
        "You return the tokens first: the order is (n_params, n_tokens).",
        allocation_order,
        _allocations,
    ),
    Misconception(
        "allocation-equal-terms",
        "You make A / N^α equal to B / D^β, so that G is (A / B)^(1 / (α + β)). The loss is least "
        "where a little more of either would change it alike, α A / N^α = β B / D^β.",
        allocation_equal_terms,
        _allocations,
    ),
    Misconception(
        "allocation-twenty-tokens",
        "You use the rule of 20 tokens a parameter: this law has a best ratio of its own.",
        allocation_twenty_tokens,
        _allocations,
    ),
    Misconception(
        "allocation-even-split",
        "You train on as many tokens as there are parameters: the law says how to share it.",
        allocation_even_split,
        _allocations,
    ),
    Misconception(
        "allocation-tokens-of-all-flops",
        "Your tokens are C / N: the 6 is missing there, D = C / (6 N).",
        allocation_tokens_of_all_flops,
        _allocations,
    ),
    Misconception(
        "allocation-tokens-from-one-parameter",
        "All of your budget goes to the model, and one token is left: D shrinks as N grows.",
        allocation_tokens_from_one_parameter,
        _allocations,
    ),
)
