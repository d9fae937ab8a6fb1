"""scaling_table.py on tables written by Python's csv module, right and wrong."""

import csv
from dataclasses import fields

import numpy as np
import pytest

from reference.scaling_table import Points, Runs, read_points, read_runs

RUNS = [
    {
        "run": name,
        "seed": seed,
        "n_layers": 2,
        "d_model": 16 * (i + 1),
        "n_heads": 4,
        "n_params": 5000 * (i + 1),
        "n_tokens": 10**6,
        "budget": 3e10,
        "flops": 3.0e10 * (i + 1),
        "learning_rate": 2e-3,
        "loss": 3.25 - i / 8,
        "seconds": 0 if i == 0 else 12.5,
    }
    for i, (name, seed) in enumerate([("a-0", 0), ("a-1", 1), ("b-0", 0)])
]
POINTS = [
    {"run": run, "n_tokens": n, "flops": 6e4 * n, "loss": 5 - n / 1000}
    for run, n in [("b-0", 100), ("b-0", 200), ("a-1", 100)]
]


@pytest.fixture
def written(tmp_path):
    def write(rows, columns=None):
        path = tmp_path / "table.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns or list(rows[0]), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.mark.parametrize(
    ("read", "rows", "kind"), [(read_runs, RUNS, Runs), (read_points, POINTS, Points)]
)
def test_every_column_is_read_whatever_their_order_and_others_are_passed_over(
    read, rows, kind, written
):
    more = [{"note": "none", **row} for row in rows]
    table = read(written(more, columns=sorted(more[0], reverse=True)))
    assert {field.name for field in fields(kind)} == set(rows[0])
    for name in rows[0]:
        assert getattr(table, name).tolist() == [row[name] for row in rows]


def test_counts_are_whole_and_quantities_are_floats(written):
    table = read_runs(written(RUNS))
    assert {table.seed.dtype.kind, table.d_model.dtype.kind} == {"i"}
    assert {table.n_params.dtype, table.flops.dtype, table.loss.dtype} == {np.dtype(float)}


def test_a_point_has_the_size_of_its_run(written):
    runs, points = read_runs(written(RUNS)), read_points(written(POINTS))
    assert runs.sizes_of(points).tolist() == [15000, 15000, 10000]


def test_a_point_of_no_run_is_told(written):
    runs = read_runs(written(RUNS[:2]))
    with pytest.raises(ValueError, match=r"got run 'b-0', and 2 such points in all; read the two"):
        runs.sizes_of(read_points(written(POINTS)))


def test_missing_columns_are_named(written):
    with pytest.raises(ValueError, match=r"table.csv: the columns must be .*: got no seed, loss"):
        read_runs(written(RUNS, columns=[name for name in RUNS[0] if name not in ("seed", "loss")]))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("loss", "nan", "loss must be a number, finite and positive: got 'nan'; mend the row"),
        ("loss", "", "loss must be a number, finite and positive: got ''"),
        ("loss", "three", "loss must be a number, finite and positive: got 'three'"),
        ("n_params", "0", "n_params must be a number, finite and positive: got '0'"),
        ("n_tokens", "inf", "n_tokens must be a number, finite and positive: got 'inf'"),
        ("n_layers", "2.5", "n_layers must be whole and positive: got '2.5'"),
        ("seed", "-1", "seed must be whole and 0 or more: got '-1'"),
        ("seconds", "-1", "seconds must be a number, finite and 0 or more: got '-1'"),
        ("run", "", "run must be a name: got ''"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(name, value, message, written):
    path = written([RUNS[0], {**RUNS[1], name: value}, RUNS[2]])
    with pytest.raises(ValueError, match=rf"table.csv, line 3: {message}"):
        read_runs(path)


def test_a_row_that_breaks_off_is_told(tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text("run,n_tokens,flops,loss\n1,10,1e9,3.0\n1,20,2e")
    with pytest.raises(ValueError, match=r"line 3: flops must be a number.*: got '2e'"):
        read_points(path)
    path.write_text("run,n_tokens,flops,loss\n1,10,1e9,3.0\n1,20")
    with pytest.raises(ValueError, match=r"line 3: flops must be a number.*: got None"):
        read_points(path)


def test_runs_of_one_name_and_tables_without_rows_are_told(written, tmp_path):
    with pytest.raises(ValueError, match=r"each run must have one row: got 2 of run 'a-0'; name"):
        read_runs(written([RUNS[0], RUNS[1], RUNS[0]]))
    empty = tmp_path / "empty.csv"
    empty.write_text("run,n_tokens,flops,loss\n")
    with pytest.raises(ValueError, match=r"there must be a row at least: got none; run the study"):
        read_points(empty)
    empty.write_text("")
    with pytest.raises(ValueError, match=r"got no run, n_tokens, flops, loss"):
        read_points(empty)
