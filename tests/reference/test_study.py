"""The study: its runs, its rule for the learning rate, and how a model is measured."""

import math

import pytest
import torch
from torch import nn

from reference.gpt import GPT
from reference.study import (
    FULL,
    QUICK,
    Finished,
    HeldOut,
    RateRule,
    Run,
    best_rate,
    config,
    curve_steps,
    draw,
    n_params,
    rate_rule,
    source,
    train,
)


@pytest.fixture(scope="module")
def held_out():
    return HeldOut(300)


class Knows(nn.Module):
    """A model that says what the source would, but for a share of doubt."""

    def __init__(self, doubt=0.0):
        super().__init__()
        self.doubt = doubt

    def forward(self, ids):
        v = source().vocab_size
        whole = nn.functional.pad(ids[:, 1:], (0, 1))  # the last letter tells nothing here
        p = (1 - self.doubt) * source().next_token_probs(whole) + self.doubt / v
        return nn.functional.pad(p, (0, 1)).log()  # the token that begins a sequence never comes


def run(**changes):
    return Run(**{"budget": 1e8, "d_model": 8, "seed": 0, "learning_rate": 0.01, **changes})


def test_the_study_spans_what_it_should():
    runs = FULL.runs(lambda n, d: 0.01)
    budgets = sorted({one.budget for one in runs})
    assert len(budgets) >= 6
    assert budgets[-1] / budgets[0] >= 30
    for budget in budgets:
        assert len({one.d_model for one in runs if one.budget == budget}) >= 7
    assert len({one.name for one in runs}) == len(runs)
    assert sum(one.seconds for one in FULL.sweep() + runs) < 2 * 2 * 60 * 60  # two cores, two hours
    quick = QUICK.sweep() + QUICK.runs(lambda n, d: 0.01)
    assert sum(one.seconds for one in quick) < 2 * 3 * 60


@pytest.mark.parametrize("plan", [FULL, QUICK])
def test_every_run_costs_what_its_budget_says(plan):
    for one in plan.runs(lambda n, d: 0.01):
        assert 6 * one.n_params * one.n_tokens == pytest.approx(one.budget, rel=0.01)


@pytest.mark.parametrize("d_model", [8, 48])
def test_parameters_are_those_of_the_modules(d_model):
    modules = GPT(config(d_model))
    assert n_params(d_model) == sum(p.numel() for p in modules.parameters())


def test_the_rule_of_the_learning_rate_reaches_the_runs():
    runs = QUICK.runs(lambda n, d: n / d)
    for one in runs:
        assert one.learning_rate == pytest.approx(one.n_params / one.n_tokens, rel=0.01)


def test_a_sequence_begins_with_a_token_of_its_own():
    ids = draw(50, torch.Generator().manual_seed(0))
    assert ids.shape == (50, 33)
    assert (ids[:, 0] == 32).all()
    assert ids[:, 1:].max() < 32


def test_who_knows_the_source_has_its_entropy_as_loss(held_out):
    """Up to the rounding of float32 probabilities."""
    assert held_out.loss(Knows()) == pytest.approx(source().entropy_rate, abs=1e-6)


def test_doubt_costs_what_the_divergence_says(held_out):
    p = held_out.probs.double()
    q = 0.9 * p + 0.1 / 32
    divergence = torch.special.xlogy(p, p / q).sum(-1).mean().item()
    assert divergence > 0.03
    assert held_out.loss(Knows(0.1)) == pytest.approx(source().entropy_rate + divergence, abs=1e-5)


def test_the_loss_of_a_sample_tends_to_the_loss_that_is_measured(held_out):
    """Cross-entropy of the letters themselves: the same but for the luck of the draw."""
    model = Knows(0.1)
    log_q = model(held_out.ids[:, :-1]).log_softmax(-1)
    cost = -log_q.gather(-1, held_out.ids[:, 1:, None])
    spread = cost.std().item() / math.sqrt(cost.numel())
    assert abs(cost.mean().item() - held_out.loss(model)) < 5 * spread


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


def test_a_run_gives_the_same_again_and_another_seed_another():
    one, same, other = train(run()), train(run()), train(run(seed=1))
    assert one[:3] == same[:3]
    assert one.loss != other.loss


def test_training_helps_and_its_curve_says_so():
    finished = train(run(budget=2e9))
    tokens = [point for point, _ in finished.curve]
    assert tokens == [512 * step for step in curve_steps(finished.run.steps)]
    assert tokens[-1] == finished.run.n_tokens
    losses = [loss for _, loss in finished.curve]
    assert source().entropy_rate < losses[-1] < losses[0] < math.log(33) + 0.1
    assert finished.loss == pytest.approx(losses[-1], abs=0.03)  # other sequences held out
    assert finished.loss < 2.6  # who knows letters alone, and no words, has 3.1


def test_a_finished_run_survives_json():
    finished = Finished(run(), 2.5, [(512, 3.0), (1024, 2.5)], 1.5)
    assert Finished.from_json(finished.as_json()) == finished
