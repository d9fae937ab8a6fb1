"""The study's table in the repository: it is what the code makes, and shows what README says."""

import json
from pathlib import Path

import pytest

import reference
from reference.commands.study import settings
from reference.findings import read_findings
from reference.learning_rate_rule import RateRule
from reference.scaling_table import read_points, read_runs
from reference.study import FULL, Run, source, train
from reference.study_table import CURVES, MADE, RUNS

DATA = Path(reference.__path__[0], "data")


@pytest.fixture(scope="module")
def found():
    return read_findings(DATA)


@pytest.fixture(scope="module")
def made():
    return json.loads((DATA / MADE).read_text())


@pytest.fixture(scope="module")
def runs(made):
    """The runs that the plan asks for, by the rule that was found."""
    return FULL.runs(RateRule(**made["rule"]).rate)


def test_it_holds_the_runs_of_the_plan_and_their_curves(runs):
    table, points = read_runs(DATA / RUNS), read_points(DATA / CURVES)
    for column in ("budget", "d_model", "seed", "n_params", "n_tokens", "learning_rate"):
        assert getattr(table, column).tolist() == [getattr(run, column) for run in runs]
    assert set(points.run.tolist()) == set(table.run.tolist())
    assert sum((DATA / name).stat().st_size for name in (RUNS, CURVES)) < 1e6  # bytes


def test_it_was_made_with_the_settings_of_the_code(made):
    """But for the versions: they are those of the machine that trained."""
    versions = {"torch", "numpy", "machine"}
    now = {name: value for name, value in settings().items() if name not in versions}
    assert {name: made[name] for name in now} == now
    assert versions <= made.keys()
    assert made["entropy_rate"] == pytest.approx(source().entropy_rate)
    assert made["command"] == "python -m reference study"
    assert len(made["sweep"]) == len(FULL.sweep())


def test_its_rates_are_hardly_outside_what_the_sweep_tried(runs):
    """The largest models' rates are extrapolated, by a factor of 1.5 at most."""
    rates = [run.learning_rate for run in runs]
    assert min(FULL.sweep_rates) / 1.5 < min(rates)
    assert max(rates) < max(FULL.sweep_rates)


def test_a_run_trained_again_gives_its_loss(runs):
    """The cheapest run. Other processors round sums otherwise, and 100 steps carry that on."""
    cheapest = min(range(len(runs)), key=lambda i: runs[i].seconds)
    again = train(runs[cheapest])
    assert again.loss == pytest.approx(read_runs(DATA / RUNS).loss[cheapest], abs=0.01)
    changed = Run(**{**vars(runs[cheapest]), "learning_rate": 2 * runs[cheapest].learning_rate})
    assert train(changed).loss != pytest.approx(again.loss, abs=0.01)


def test_no_loss_is_below_the_entropy(found):
    assert found.runs.loss.min() > source().entropy_rate


def test_every_budget_has_its_best_size_inside(found):
    assert len(found.profiles) == len(FULL.budgets)
    for profile in found.profiles:
        assert profile.parabola is not None
        smallest, largest = profile.n_params.min(), profile.n_params.max()
        assert 1.5 * smallest < profile.parabola.n_params < largest / 1.5


def test_what_readme_says_of_the_table(found):
    """Three intervals hold 0.50; one law does not hold for all runs; long ones find the entropy."""
    remarks = found.remarks(source().entropy_rate)
    assert not any("disagree" in remark or "edge" in remark for remark in remarks)
    for exponents in found.exponents:
        assert exponents.a_interval[0] < 0.50 < exponents.a_interval[1]
    assert found.law_intervals["E"][0] > source().entropy_rate
    assert any(remark.startswith("One law does not hold") for remark in remarks)
    low, high = found.laws_of_longer_runs[-1].e_interval
    assert low < source().entropy_rate < high
