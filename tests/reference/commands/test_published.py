"""`python -m reference published`, where the files are and where they are not."""

import re
import shutil

import pytest
import typer
from typer.testing import CliRunner

from reference import early_stop
from reference.commands.published import published
from reference.published_runs import HOFFMANN_FILE, PORIAN_FILE


@pytest.fixture
def call(monkeypatch):
    # one in 90 of the paper's starts; `test_early_stop` takes one in nine
    monkeypatch.setattr(early_stop, "PAPER_STARTS", early_stop.PAPER_STARTS[::90])
    app = typer.Typer()
    app.command()(published)
    return lambda *words: CliRunner().invoke(app, list(map(str, words)), env={"COLUMNS": "200"})


def test_tables_and_pictures_of_both_files(call, published_folder, tmp_path):
    result = call("--data", published_folder, "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    row = {line.split("│")[1].strip(): line for line in result.output.splitlines() if "│" in line}
    for number in ("1.8172", "477.83", "2143.42", "0.3473", "0.3672", "0.5139", "0.00101827"):
        assert number in row["Huber"]
        assert number in row["the same 48, objective x 1e5"]
    assert re.search(r" 0\.45[67]\d ", row["best of 48, log A = log B = 6"])
    assert "0.865" in row["Kaplan's set-up"]
    assert "0.834" in row["Kaplan's set-up"]
    drawn = {f"{n}.{e}" for n in ("early_stop", "porian_walk") for e in ("png", "svg")}
    assert {path.name for path in tmp_path.iterdir()} == drawn
    assert "Left out" not in result.output


def test_one_file_of_the_two_is_enough_and_the_other_is_named(call, published_folder, tmp_path):
    shutil.copy(published_folder / PORIAN_FILE, tmp_path)
    result = call("--data", tmp_path, "--folder", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert f"Left out: {HOFFMANN_FILE} is not in" in result.output
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {"porian_walk"}


def test_a_folder_without_them_is_told(call, tmp_path):
    result = call("--data", tmp_path)
    assert result.exit_code == 2
    assert "got neither" in result.output
    result = call()
    assert result.exit_code == 2  # no folder by default
    assert "--data" in result.output
