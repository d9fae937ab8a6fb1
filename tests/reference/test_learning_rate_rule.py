"""The rule for the learning rate: bottoms of parabolas, and a plane through them."""

import math

import pytest

from reference.learning_rate_rule import RateRule, best_rate, rate_rule
from reference.study import FULL, Finished


def test_the_best_rate_is_the_bottom_of_a_parabola():
    rates = [0.001 * 2**k for k in range(6)]
    losses = [2 + 0.3 * math.log(rate / 0.005) ** 2 for rate in rates]
    assert best_rate(rates, losses) == pytest.approx(0.005)
    assert best_rate(rates[::-1], losses[::-1]) == pytest.approx(0.005)


@pytest.mark.parametrize("kept", [slice(0, 3), slice(3, 6)])
def test_a_best_rate_at_the_edge_is_none(kept):
    rates = [0.001 * 2**k for k in range(6)][kept]
    losses = [2 + 0.3 * math.log(rate / 0.0055) ** 2 for rate in rates]
    assert best_rate(rates, losses) is None


def finished_sweep(rule):
    """Runs of a sweep whose best rates follow a rule exactly."""
    return [
        Finished(
            one,
            2 + math.log(one.learning_rate / rule.rate(one.n_params, one.n_tokens)) ** 2,
            [],
            1.0,
        )
        for one in FULL.sweep()
    ]


def test_a_rule_is_found_again():
    rule = RateRule(-1.5, -0.4, 0.1)
    assert rate_rule(finished_sweep(rule)) == pytest.approx(rule)


def test_sweeps_that_never_passed_the_best_rate_give_no_rule():
    with pytest.raises(ValueError, match="in 0 of 8 sweeps; add lower and higher rates"):
        rate_rule(finished_sweep(RateRule(3.0, 0.0, 0.0)))
