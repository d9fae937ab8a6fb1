"""bench_fits.py: both reach the same minimum, ours in less time; the exit code follows."""

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from reference.commands import bench_fits as bench
from reference.commands.bench_fits import Times, measure, scipy_loop, starts_of, synthetic_runs
from reference.joint_law import fit_joint_law
from reference.published_runs import Columns


@pytest.fixture(scope="module")
def times():
    """Of 60 runs: the ratio is the smaller, the longer each evaluation is against its overhead."""
    return measure(synthetic_runs(60), rounds=1)


def test_both_reach_the_same_objective(times):
    assert times.our_objective == pytest.approx(times.their_objective, rel=1e-6)
    assert times.our_objective <= times.their_objective * (1 + 1e-6)


def test_ours_is_the_faster(times):
    """By processor time; how much faster, the bench says: a busy machine is no wrong answer."""
    assert times.ours_s[0] < times.theirs_s[0]
    assert times.ratio == times.ours_s[0] / times.theirs_s[0]


def test_the_ratio_is_of_medians():
    assert Times([1.0, 9.0, 2.0], [8.0, 4.0, 90.0], 1.0, 1.0).ratio == 0.25


def test_synthetic_runs_are_the_same_each_time_and_follow_their_law():
    runs, again = synthetic_runs(), synthetic_runs()
    assert isinstance(runs, Columns)
    assert len(runs.loss) == 240
    for column, same in zip(runs, again, strict=True):
        np.testing.assert_array_equal(column, same)
    law = fit_joint_law(*runs)
    # an exponent of 240 runs with noise of 0.5%: about 0.01
    assert (law.alpha, law.beta) == pytest.approx((0.35, 0.37), abs=0.04)
    assert np.abs(np.log(law.loss(*runs[:2]) / runs.loss)).mean() < 0.01


def test_the_loop_takes_the_best_of_its_starts():
    runs = synthetic_runs(40)
    starts = starts_of(runs)
    assert starts.shape == (100, 5)
    one_by_one = [scipy_loop(runs, starts[i : i + 1]) for i in (0, 22, 55)]
    assert scipy_loop(runs, starts[[0, 22, 55]]) == min(one_by_one)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Times([0.05], [1.0], 1.0, 1.0), 0),
        (Times([0.2], [1.0], 1.0, 1.0), 1),  # too slow
        (Times([0.05], [1.0], 1.001, 1.0), 1),  # faster, but not at the minimum
    ],
)
def test_the_exit_code_says_whether_it_is_fast_enough_and_right(found, code, monkeypatch):
    monkeypatch.setattr(bench, "measure", lambda runs, rounds: found)
    app = typer.Typer()
    app.command()(bench.bench_fits)
    result = CliRunner().invoke(app, [], env={"COLUMNS": "150"})
    assert result.exit_code == code
    assert f"{found.ratio:.3f}" in result.output
    assert ("Wanted" in result.output) == bool(code)
