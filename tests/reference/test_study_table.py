"""The study's files: what is written is what `scaling_table` reads."""

import json

import numpy as np
import pytest

from reference.scaling_table import read_points, read_runs
from reference.study import Finished, Run
from reference.study_table import CURVES, MADE, RUNS, write_made, write_table


@pytest.fixture
def finished():
    runs = [
        Run(budget=budget, d_model=d_model, seed=seed, learning_rate=0.0123)
        for budget in (2e10, 4e10)
        for d_model in (8, 16)
        for seed in (1, 2)
    ]
    return [
        Finished(run, 2 + i / 7, [(512, 3.5), (run.n_tokens, 2 + i / 7)], 12.34)
        for i, run in enumerate(runs)
    ]


def test_the_runs_are_read_as_they_were(finished, tmp_path):
    write_table(tmp_path / "data", finished)
    table = read_runs(tmp_path / "data" / RUNS)
    assert table.run.tolist() == [one.run.name for one in finished]
    for column in ("seed", "d_model", "n_params", "n_tokens", "budget", "learning_rate"):
        assert getattr(table, column).tolist() == [getattr(one.run, column) for one in finished]
    assert (table.n_layers == 1).all()
    assert (table.n_heads == 4).all()
    np.testing.assert_allclose(table.flops, 6 * table.n_params * table.n_tokens, rtol=1e-5)
    np.testing.assert_allclose(table.loss, [one.loss for one in finished], atol=5e-6)  # 5 digits


def test_points_belong_to_their_runs(finished, tmp_path):
    write_table(tmp_path, finished)
    runs, points = read_runs(tmp_path / RUNS), read_points(tmp_path / CURVES)
    assert points.run.tolist() == [one.run.name for one in finished for _ in one.curve]
    assert points.n_tokens.tolist() == [tokens for one in finished for tokens, _ in one.curve]
    sizes = runs.sizes_of(points)
    np.testing.assert_allclose(points.flops, 6 * sizes * points.n_tokens, rtol=1e-5)


def test_the_same_runs_give_the_same_bytes(finished, tmp_path):
    for name in ("one", "other"):
        write_table(tmp_path / name, finished)
    for name in (RUNS, CURVES):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_how_they_were_made_stands_beside_them(finished, tmp_path):
    write_made(tmp_path, "python -m reference study", {"torch": "2.13"}, finished[:2], {"a": 1.0})
    made = json.loads((tmp_path / MADE).read_text())
    assert made["command"] == "python -m reference study"
    assert made["torch"] == "2.13"
    assert made["rule"] == {"a": 1.0}
    assert [row["learning_rate"] for row in made["sweep"]] == [0.0123, 0.0123]
