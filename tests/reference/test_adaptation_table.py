"""adaptation_table.py: what is written is read again; the committed table is as the code says."""

import csv
import json
from pathlib import Path

import pytest

import reference
from reference.adaptation import METHODS, Result, share_of
from reference.adaptation_table import (
    COLUMNS,
    MADE,
    TABLE,
    read_chance,
    read_table,
    write_made,
    write_table,
)
from reference.bert import Bert
from reference.minilm import MINILM
from reference.sentiment import SHA256

DATA = Path(reference.__path__[0], "data")
RESULTS = {
    "LoRA": [Result(30, 1070, 0.75), Result(30, 1070, 0.5)],
    "fine-tuning": [Result(1000, 1000, 1.0)],
}


def test_what_is_written_is_read_again_in_its_order(tmp_path):
    write_table(tmp_path / TABLE, RESULTS)
    found = read_table(tmp_path / TABLE)
    assert found == RESULTS
    assert list(found) == list(RESULTS)


def test_pythons_csv_reads_the_same_numbers(tmp_path):
    write_table(tmp_path / TABLE, RESULTS)
    with (tmp_path / TABLE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["LoRA", "LoRA", "fine-tuning"]
    assert [row["seed"] for row in rows] == ["0", "1", "0"]
    assert float(rows[1]["learning_rate"]) == METHODS["LoRA"].lr
    assert [float(row["share"]) for row in rows] == pytest.approx([30 / 1070] * 2 + [1], abs=1e-6)


HEADER = ",".join(COLUMNS)
GOOD = "LoRA,0,0.001,30,1000,0.03,0.8"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([HEADER.replace("seed", "sed"), GOOD], "got no seed; they are named in the first line"),
        ([HEADER], "there must be a row at least: got none"),
        ([HEADER, GOOD, GOOD], r"line 3: a row must have seed 1, .*: got LoRA,0,0.001,30"),
        ([HEADER, GOOD.replace(",0,", ",1,")], "line 2: a row must have seed 0"),
        ([HEADER, GOOD.replace("0.8", "80")], "an accuracy from 0 to 1: got LoRA,0"),
        ([HEADER, GOOD.replace("0.8", "nan")], "an accuracy from 0 to 1: got LoRA,0"),
        ([HEADER, GOOD.replace("1000", "20")], "0 < trainable <= total"),
        ([HEADER, GOOD.replace("30", "0")], "0 < trainable <= total"),
        ([HEADER, GOOD.replace("30", "many")], "got LoRA,0,0.001,many"),
        ([HEADER, "LoRA,0,0.001"], "line 2: a row must have seed 0"),
    ],
)
def test_a_table_that_is_wrong_is_told_with_its_line(lines, message, tmp_path):
    path = tmp_path / TABLE
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ValueError, match=message):
        read_table(path)


def test_how_it_was_made_is_written_beside_it(tmp_path):
    write_made(tmp_path / MADE, {"chance": 0.55, "steps": 3}, [{"run": "LoRA at 0.001"}])
    made = json.loads((tmp_path / MADE).read_text())
    assert made["command"].endswith("python -m reference adapt")
    assert {"torch", "machine"} <= made.keys()
    assert made["rates"] == [{"run": "LoRA at 0.001"}]
    assert read_chance(tmp_path / MADE) == 0.55


@pytest.fixture(scope="module")
def made():
    return json.loads((DATA / MADE).read_text())


def test_the_committed_table_has_every_method_three_times_with_its_sizes_and_rate():
    results = read_table(DATA / TABLE)
    assert list(results) == list(METHODS)
    with (DATA / TABLE).open(newline="") as file:
        rates = {row["method"]: float(row["learning_rate"]) for row in csv.DictReader(file)}
    for name, method in METHODS.items():
        sizes = share_of(method, lambda: Bert(MINILM), MINILM.d_model)
        assert [run[:2] for run in results[name]] == [sizes[:2]] * 3
        assert rates[name] == method.lr


def test_every_committed_run_beats_the_more_frequent_class(made):
    accuracies = [run.accuracy for runs in read_table(DATA / TABLE).values() for run in runs]
    assert min(accuracies) > made["chance"]
    n_test = made["sentences"]["test"]
    # each is a number of sentences, rounded to six digits
    assert all(abs(n_test * x - round(n_test * x)) < 1e-3 for x in accuracies)


def test_the_rates_are_the_best_of_those_tried_on_the_validation_sentences(made):
    found = {one["run"]: one["accuracy"] for one in made["rates"]}
    for name, method in METHODS.items():
        accuracies = {rate: found[f"{name} at {rate:g}"] for rate in method.tried}
        assert accuracies == {} or accuracies[method.lr] == max(accuracies.values())
    assert len(found) == sum(len(method.tried) for method in METHODS.values())
    assert made["data"] == SHA256
