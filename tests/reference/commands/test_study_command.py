"""`python -m reference study`: its files and its report, and runs that are trained once only."""

import io
import json
import math

import pytest
from rich.console import Console
from typer.testing import CliRunner

import reference.commands.study as command
from reference.__main__ import app
from reference.run_log import RunLog
from reference.scaling_table import read_points, read_runs
from reference.study import FULL, Finished, Run, source, train
from reference.study_table import CURVES, MADE, RUNS


def as_if_trained(run):
    """What a run would give if the source followed a law, with its best learning rate at 0.02."""
    shares = (0.05, 0.1, 0.2, 0.4, 0.7, 1)
    tokens = [round(run.n_tokens * share) for share in shares]
    rate = 0.05 * math.log(run.learning_rate / 0.02) ** 2
    luck = 1e-4 * run.seed
    losses = [1.5 + 12 / run.n_params**0.35 + 60 / d**0.38 + rate + luck for d in tokens]
    return Finished(run, losses[-1], list(zip(tokens, losses, strict=True)), 0.5)


@pytest.fixture
def study(monkeypatch, tmp_path):
    """Run the command in folders of the test's own, with runs that need no training."""
    monkeypatch.setattr(command, "TABLES", tmp_path / "published")
    monkeypatch.setattr(command, "train_all", lambda runs, *_: [as_if_trained(r) for r in runs])

    def run(*options):
        words = ["study", "--folder", str(tmp_path / "out"), *options]
        return CliRunner().invoke(app, words, env={"COLUMNS": "200"})

    return run


def test_it_writes_the_table_and_says_what_it_shows(study, tmp_path):
    result = study()
    assert result.exit_code == 0, result.output
    runs, points = read_runs(tmp_path / "out" / RUNS), read_points(tmp_path / "out" / CURVES)
    assert len(runs.run) == len(FULL.runs(lambda n, d: 0.02))
    assert set(points.run.tolist()) == set(runs.run.tolist())
    assert runs.learning_rate == pytest.approx(0.02, rel=0.01)  # the rule found the best one
    for words in ("1 minimum over curves", "this study", "Hoffmann 2022", "Besiroglu 2024"):
        assert words in result.output
    assert "0.46 (0.454, 0.455)" in result.output  # as published
    assert "entropy of the source" in result.output
    assert not (tmp_path / "published").exists()


def test_how_it_was_made_is_written_too(study, tmp_path):
    study("--quick")
    made = json.loads((tmp_path / "out" / MADE).read_text())
    assert made["command"] == "python -m reference study --quick"
    assert made["entropy_rate"] == source().entropy_rate
    assert {"torch", "numpy", "rule", "sweep", "source"} <= made.keys()


def test_the_table_is_published_when_asked(study, tmp_path):
    result = study("--publish")
    assert result.exit_code == 0, result.output
    for name in (RUNS, CURVES, MADE):
        published = (tmp_path / "published" / name).read_bytes()
        assert published == (tmp_path / "out" / name).read_bytes()


def test_pictures_are_drawn_when_asked(study, tmp_path):
    result = study("--quick", "--plot")
    assert result.exit_code == 0, result.output
    drawn = {path.stem for path in (tmp_path / "out").glob("*.png")}
    assert drawn == {"loss_frontier", "isoflop_profiles", "joint_law_contours", "exponents"}


def test_runs_of_other_settings_are_kept(study, tmp_path):
    log = tmp_path / "out" / "runs.jsonl"
    log.parent.mkdir()
    log.write_text('{"torch": "1.0"}\n')
    result = study()
    assert result.exit_code == 2
    assert "--folder" in result.output
    assert log.read_text() == '{"torch": "1.0"}\n'


def test_what_was_trained_before_a_kill_is_not_trained_again(tmp_path):
    """Two processes train for real; the log of the first run is cut within its second line."""
    runs = [Run(budget=1e8, d_model=8, seed=seed, learning_rate=0.02) for seed in range(3)]
    path, settings = tmp_path / "runs.jsonl", {"torch": "any"}
    console = Console(file=io.StringIO(), force_terminal=False)
    unbroken = command.train_all(runs, RunLog(path, settings), 2, console, "runs")
    assert [one.run for one in unbroken] == runs
    whole = path.read_bytes()
    second_line = whole.index(b"\n", whole.index(b"\n") + 1)
    path.write_bytes(whole[: second_line + 40])
    log = RunLog(path, settings)
    (kept,) = log.finished.values()
    resumed = command.train_all(runs, log, 2, console, "runs")
    assert [one[:3] for one in resumed] == [one[:3] for one in unbroken]
    assert kept in resumed  # with the seconds that it took then
    assert train(runs[0])[:3] == unbroken[0][:3]  # in this process too
