"""Wrong ways to write `optimal_exponents`, and what shows each."""

from typing import Any

from assignments.a7_scaling_laws.checks.numbers import observed
from assignments.a7_scaling_laws.checks.optimal import pairs
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def exponents_swapped(alpha, beta):
    """a and b swapped: each exponent's own share."""
    return alpha / (alpha + beta), beta / (alpha + beta)


def exponents_alone(alpha, beta):
    """Alpha and beta themselves."""
    return alpha, beta


def exponents_half(alpha, beta):
    """Hoffmann's headline: both alike."""
    return 0.5, 0.5


def exponents_of_kaplan(alpha, beta):
    """The lecture's row of Kaplan."""
    return 0.73, 0.27


def exponents_of_the_loss(alpha, beta):
    """How the least loss falls with C."""
    both = alpha * beta / (alpha + beta)
    return both, 1 - both


def exponents_not_shared(alpha, beta):
    """β / α and α / β."""
    return beta / alpha, alpha / beta


def exponents_of_reciprocals(alpha, beta):
    """1 / α and 1 / β, which do not add up to 1."""
    return 1 / alpha, 1 / beta


def exponents_inverted(alpha, beta):
    """(α + β) / β."""
    return (alpha + beta) / beta, (alpha + beta) / alpha


def exponents_a_alone(alpha, beta):
    """b forgotten."""
    return beta / (alpha + beta)


def exponents_as_dict(alpha, beta):
    """A dict."""
    return {"a": beta / (alpha + beta), "b": alpha / (alpha + beta)}


def _exponents(optimal_exponents: Any, draw: Draw) -> Observation:
    return tuple(
        observe(lambda x=alpha, y=beta: observed(optimal_exponents(x, y)))
        for alpha, beta in pairs(draw, 3)
    )


MISCONCEPTIONS = (
    Misconception(
        "exponents-swapped",
        "a and b are swapped. With a large α a larger model soon helps no more, so that the budget "
        "goes to data: a = β / (α + β).",
        exponents_swapped,
        _exponents,
    ),
    Misconception(
        "exponents-alone",
        "You return α and β, with which the loss falls: how N and D grow with the budget follows "
        "from both, a = β / (α + β).",
        exponents_alone,
        _exponents,
    ),
    Misconception(
        "exponents-half",
        "You return one half twice, which holds only where α = β.",
        exponents_half,
        _exponents,
    ),
    Misconception(
        "exponents-of-kaplan",
        "You return the numbers of Kaplan et al.: work them out from α and β.",
        exponents_of_kaplan,
        _exponents,
    ),
    Misconception(
        "exponents-of-the-loss",
        "α β / (α + β) tells how the least loss falls with the budget; the size grows with "
        "a = β / (α + β).",
        exponents_of_the_loss,
        _exponents,
    ),
    Misconception(
        "exponents-not-shared",
        "Your a and b do not add up to 1, as they must since C = 6 N D: divide by α + β.",
        exponents_not_shared,
        _exponents,
    ),
    Misconception(
        "exponents-of-reciprocals",
        "1 / α and 1 / β are in the right proportion, but must be shares: divide by their sum.",
        exponents_of_reciprocals,
        _exponents,
    ),
    Misconception(
        "exponents-inverted",
        "Your fractions are upside down, and above 1: a = β / (α + β).",
        exponents_inverted,
        _exponents,
    ),
    Misconception(
        "exponents-a-alone",
        "You return a alone: return the pair (a, b).",
        exponents_a_alone,
        _exponents,
    ),
    Misconception(
        "exponents-as-dict",
        "You return a dict: return the tuple (a, b).",
        exponents_as_dict,
        _exponents,
    ),
)
