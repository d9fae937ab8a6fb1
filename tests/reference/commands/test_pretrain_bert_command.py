"""`python -m reference pretrain bert`: its files, runs that go on, what it says if it cannot."""

import itertools
import json
import math
import subprocess
import sys

import pytest
import torch
from typer.testing import CliRunner

import reference.commands.pretrain_bert as commands
from reference.__main__ import app
from reference.wordpiece import SPECIAL_TOKENS


@pytest.fixture
def little_text(monkeypatch):
    """Thirty short documents instead of the real ones."""
    texts = [[f"sentence {i} of document {d}." for i in range(6)] for d in range(30)]
    monkeypatch.setattr(commands, "python_documentation", lambda: texts)
    monkeypatch.setattr(commands, "HELD_OUT_ROWS", 8)


@pytest.fixture
def pretrain(little_text, tmp_path):
    """Run the command in a folder of the test's own; return its exit status and output."""

    def run(*options):
        words = ["pretrain", "bert", "--device", "cpu", "--folder", str(tmp_path / "out"), *options]
        # wide enough for the folder's name on one line
        result = CliRunner().invoke(app, words, env={"COLUMNS": "300"})
        return result.exit_code, result.output

    return run


def test_it_writes_what_it_says(pretrain, tmp_path):
    status, output = pretrain("--steps", "3")
    assert status == 0, output
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} == {
        *("vocab.txt", "checkpoint.pt", "loss.png", "report.json")
    }
    pieces = (folder / "vocab.txt").read_text().splitlines()
    assert pieces[:5] == list(SPECIAL_TOKENS)
    assert "sentence" in pieces
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")
    report = json.loads((folder / "report.json").read_text())
    assert report["step"] == 3
    assert report["n_rows"] == 8
    assert 0 <= report["unigram_accuracy"] <= 1
    assert report["settings"]["vocab_size"] == 1000
    assert "after 3 of 3 steps" in output
    assert "tokens found" in output
    assert "the most frequent token" in output
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    assert len(state["losses"]) == 3


def test_a_run_that_was_stopped_goes_on_and_ends_as_if_it_had_not(pretrain, tmp_path, monkeypatch):
    pretrain("--steps", "4")
    checkpoint = tmp_path / "out/checkpoint.pt"
    unbroken = torch.load(checkpoint, weights_only=True)
    ticks = itertools.count()  # a second each time the clock is read: twice a step
    with monkeypatch.context() as patch:
        patch.setattr(commands, "monotonic", lambda: next(ticks))
        status, output = pretrain("--steps", "4", "--anew", "--minutes", str(5 / 60))
    assert status == 0, output
    assert "after 2 of 4 steps" in output
    assert torch.load(checkpoint, weights_only=True)["losses"] == unbroken["losses"][:2]
    status, output = pretrain("--steps", "4")
    assert status == 0, output
    assert "Going on from step 2." in output
    resumed = torch.load(checkpoint, weights_only=True)
    assert resumed["losses"] == unbroken["losses"]
    assert all(torch.equal(resumed["model"][k], unbroken["model"][k]) for k in unbroken["model"])


def test_a_checkpoint_of_another_run_is_kept(pretrain, tmp_path):
    pretrain("--steps", "2", "--minutes", "0")
    before = (tmp_path / "out/checkpoint.pt").read_bytes()
    status, output = pretrain("--steps", "2", "--seed", "7")
    assert status == 2
    assert "it has seed=0, now 7. Go on with its settings" in output
    assert "--anew to overwrite it" in output
    assert (tmp_path / "out/checkpoint.pt").read_bytes() == before


@pytest.mark.parametrize("options", [("--steps", "0"), ("--minutes", "-1")])
def test_numbers_that_make_no_run(options, pretrain):
    status, output = pretrain(*options)
    assert status == 2
    assert options[0] in output


def test_a_gpu_that_is_not_there(pretrain, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    status, output = pretrain("--device", "cuda")
    assert status == 2
    assert "torch sees no GPU here: got --device cuda; pass cpu" in output


def test_the_curve_is_drawn_for_short_and_long_runs(tmp_path):
    for n in (0, 1, 200):
        losses = [math.exp(-i / 50) for i in range(n)]
        commands.draw_losses(tmp_path / f"{n}.png", losses, 0.5)
        assert (tmp_path / f"{n}.png").stat().st_size > 1000


def test_it_starts_as_a_module():
    command = [sys.executable, "-m", "reference", "pretrain", "bert", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "--minutes" in result.stdout
