"""`python -m reference plot`, on tables written here."""

import csv

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from reference.adaptation import METHODS
from reference.commands.plot import OF_EXPERIMENTS, OF_STUDY, PICTURES, plot, read_study
from reference.joint_law import JointLaw

LAW = JointLaw(E=2.0, A=30.0, B=300.0, alpha=0.38, beta=0.42)


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A study of five budgets, seven sizes each, without noise."""
    folder = tmp_path_factory.mktemp("tables")
    runs, points = [], []
    sizes = np.geomspace(1e3, 4e5, 21)
    for budget in np.geomspace(3e10, 1e12, 5):
        best = np.abs(np.log(sizes / LAW.optimal_allocation(budget)[0])).argmin()
        for n in sizes[best - 3 : best + 4].tolist():
            d = budget / (6 * n)
            run = {"run": len(runs), "seed": 0, "n_layers": 2, "d_model": 8, "n_heads": 2}
            run |= {"n_params": n, "n_tokens": d, "budget": budget, "flops": budget}
            runs.append(run | {"learning_rate": 0.1, "loss": LAW.loss(n, d), "seconds": 1})
            for share in np.geomspace(0.05, 1, 9).tolist():
                point = {"run": run["run"], "n_tokens": share * d, "flops": share * budget}
                points.append(point | {"loss": LAW.loss(n, share * d)})
    write(folder / "scaling_runs.csv", runs)
    write(folder / "scaling_curves.csv", points)
    return folder


@pytest.fixture(scope="module")
def call():
    app = typer.Typer()
    app.command()(plot)
    return lambda *words: CliRunner().invoke(app, list(map(str, words)), env={"COLUMNS": "300"})


def test_what_is_named_is_drawn_as_png_and_svg_and_nothing_else(call, tables, tmp_path):
    result = call("isoflop_profiles", "model_sizes", "--folder", tmp_path, "--tables", tables)
    assert result.exit_code == 0, result.output
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {
        f"{n}.{e}" for n in ("isoflop_profiles", "model_sizes") for e in ("png", "svg")
    }
    assert "isoflop_profiles.png" in result.output
    assert (tmp_path / "isoflop_profiles.png").read_bytes()[:4] == b"\x89PNG"
    assert "training compute C" in (tmp_path / "isoflop_profiles.svg").read_text()


def test_every_picture_of_the_study_is_drawn_from_its_tables(call, tables, tmp_path):
    result = call(*OF_STUDY, "--folder", tmp_path, "--tables", tables)
    assert result.exit_code == 0, result.output
    assert {path.stem for path in tmp_path.iterdir()} == set(OF_STUDY)


def test_the_studys_exponents_are_those_of_the_law_that_made_it(tables):
    study = read_study(tables)
    one, two, three = (found.a for found in study.exponents)
    a = LAW.optimal_exponents()[0]
    # curves of sizes that are steps of 35%; parabolas through a law; the law itself
    assert one == pytest.approx(a, abs=0.1)
    assert two == pytest.approx(a, abs=0.01)
    assert three == pytest.approx(a, abs=1e-4)
    assert len(study.runs.loss) == 35


def test_by_default_all_pictures_are_drawn():
    assert PICTURES == [*OF_EXPERIMENTS, *OF_STUDY, "adaptation"]
    assert len(set(PICTURES)) == 9


def test_the_committed_table_of_adaptation_is_drawn(call, tmp_path):
    result = call("adaptation", "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    drawn = (tmp_path / "adaptation.svg").read_text(encoding="utf-8")
    assert all(name in drawn for name in METHODS)


def test_a_name_that_is_no_picture_is_told(call, tmp_path):
    result = call("isoflops", "--folder", tmp_path)
    assert result.exit_code == 2
    assert "names must be among" in result.output
    assert "got isoflops" in result.output


def test_missing_and_broken_tables_are_told(call, tables, tmp_path):
    result = call("exponents", "--folder", tmp_path / "out", "--tables", tmp_path)
    assert result.exit_code == 2
    assert "exponents is drawn from a table" in result.output
    assert "scaling_runs.csv" in result.output
    for name in ("scaling_runs.csv", "scaling_curves.csv"):
        (tmp_path / name).write_text((tables / name).read_text())
    with (tmp_path / "scaling_curves.csv").open("a") as file:
        file.write("3,100,oops,2.0\n")
    result = call("exponents", "--folder", tmp_path / "out", "--tables", tmp_path)
    assert result.exit_code == 2
    assert "flops must be a number" in result.output
    assert not (tmp_path / "out").exists()
