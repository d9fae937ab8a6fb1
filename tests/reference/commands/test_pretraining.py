"""What `python -m reference pretrain` does for each model: it goes on, and says when it cannot."""

import itertools
import math
import subprocess
import sys
from functools import partial

import pytest
import torch

from reference.commands import pretrain_bert, pretrain_gpt, pretrain_t5, pretraining
from reference.corpus import split
from reference.pretrain_bert import make_vocabulary
from reference.training import Training

kinds = pytest.mark.parametrize("kind", ["bert", "gpt", "t5"])


@kinds
def test_a_run_that_was_stopped_goes_on_and_ends_as_if_it_had_not(
    kind, pretrain, tmp_path, monkeypatch
):
    pretrain(kind, "--steps", "4")
    checkpoint = tmp_path / "out/checkpoint.pt"
    unbroken = torch.load(checkpoint, weights_only=True)
    assert len(unbroken["losses"]) == 4
    ticks = itertools.count()  # a second each time the clock is read: twice a step
    with monkeypatch.context() as patch:
        patch.setattr(pretraining, "monotonic", lambda: next(ticks))
        status, output = pretrain(kind, "--steps", "4", "--anew", "--minutes", str(5 / 60))
    assert status == 0, output
    assert "after 2 of 4 steps" in output
    assert torch.load(checkpoint, weights_only=True)["losses"] == unbroken["losses"][:2]
    status, output = pretrain(kind, "--steps", "4")
    assert status == 0, output
    assert "Going on from step 2." in output
    resumed = torch.load(checkpoint, weights_only=True)
    assert resumed["losses"] == unbroken["losses"]
    assert all(torch.equal(resumed["model"][k], unbroken["model"][k]) for k in unbroken["model"])


@kinds
def test_an_interruption_costs_a_minute_at_most(kind, pretrain, tmp_path, monkeypatch):
    def interrupted(run):
        if run.step == 3:
            raise KeyboardInterrupt
        return whole(run)

    whole = Training.advance
    monkeypatch.setattr(Training, "advance", interrupted)
    for tick_s, kept in ((0.1, None), (31, 3)):  # the clock is read twice a step
        ticks = itertools.count(step=tick_s)
        monkeypatch.setattr(pretraining, "monotonic", partial(next, ticks))
        status, _ = pretrain(kind, "--steps", "9")
        assert status == 130
        checkpoint = tmp_path / "out/checkpoint.pt"
        assert checkpoint.exists() is (kept is not None)
    assert len(torch.load(checkpoint, weights_only=True)["losses"]) == kept


@kinds
def test_the_same_text_held_out_measures_every_run(kind, pretrain, little_text, monkeypatch):
    """It tells of zebras, the rest of sentences and documents: which the baselines have counted."""
    command = {"bert": pretrain_bert, "gpt": pretrain_gpt, "t5": pretrain_t5}[kind]
    calls, evaluate = [], command.evaluate

    def spy(model, held_out, seen, *args, **options):
        calls.append((held_out if isinstance(held_out, tuple) else (held_out,), seen))
        return evaluate(model, held_out, seen, *args, **options)

    monkeypatch.setattr(command, "evaluate", spy)
    little_text[9::10] = [[f"zebra {i} zebra." for i in range(6)] for _ in range(3)]
    for seed in (0, 1):
        status, output = pretrain(kind, "--steps", "1", "--seed", str(seed), "--anew")
        assert status == 0, output
    (first, seen), (second, _) = calls
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    if kind == "bert":
        tokenizer = make_vocabulary(split(little_text)[0], 1000)
        words = {i for i in torch.where(first[3] == -100, first[0], first[3]).flatten().tolist()}
        assert not words & set(tokenizer.encode("sentence of document"))
        assert words > set(tokenizer.encode("1 2 3 ."))
        assert seen.tolist() == [
            i
            for text in split(little_text)[0]
            for sentence in text
            for i in tokenizer.encode(sentence)
        ]
    else:
        special = [pretrain_gpt.END] if kind == "gpt" else pretrain_t5.SPECIAL
        tokenizer, text, _ = pretraining.byte_level_text(1000, special, len(special) - 1)
        assert torch.equal(seen, text)
        written = [i for i in first[0].flatten().tolist() if i < len(tokenizer.bpe.vocabulary)]
        assert "sentence" not in tokenizer.decode(written)
        assert "zebra" in tokenizer.decode(written)


@kinds
def test_a_checkpoint_of_another_run_is_kept(kind, pretrain, tmp_path):
    pretrain(kind, "--steps", "2", "--minutes", "0")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    status, output = pretrain(kind, "--steps", "2", "--seed", "7")
    assert status == 2
    assert "it has seed=0, now 7. Go on with its settings" in output
    assert "--anew to overwrite it" in output
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


@kinds
def test_another_text_is_another_run(kind, pretrain, little_text):
    pretrain(kind, "--steps", "2", "--minutes", "0")
    little_text[0][0] = "another sentence."
    status, output = pretrain(kind, "--steps", "2")
    assert status == 2
    assert "it has text=" in output


@kinds
@pytest.mark.parametrize("options", [("--steps", "0"), ("--minutes", "-1")])
def test_numbers_that_make_no_run(kind, options, pretrain):
    status, output = pretrain(kind, *options)
    assert status == 2
    assert options[0] in output


@kinds
def test_a_gpu_that_is_not_there(kind, pretrain, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    status, output = pretrain(kind, "--device", "cuda")
    assert status == 2
    assert "torch sees no GPU here: got 'cuda'; pass cpu" in output


def test_the_device_is_the_one_that_is_named_or_the_best(monkeypatch):
    for there, best in ((False, "cpu"), (True, "cuda")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        monkeypatch.setattr(torch.cuda, "device_count", lambda there=there: int(there))
        assert pretraining.device_of("") == torch.device(best)
        assert pretraining.device_of("cpu") == torch.device("cpu")


def test_text_held_out_is_not_what_the_tokenizer_and_the_model_see(little_text):
    little_text[9] = ["zzz zzz zzz zzz."]
    tokenizer, seen, held_out = pretraining.byte_level_text(300, ["<end>"], 0)
    train = [" ".join(text) for i, text in enumerate(little_text, 1) if i % 10]
    assert tokenizer.decode(seen.tolist()) == "".join(f"{text}<end>" for text in train)
    assert tokenizer.decode(held_out.tolist()).startswith("zzz zzz zzz zzz.<end>sentence 0")
    assert "zz" not in tokenizer.bpe.index


def test_special_tokens_in_the_text_are_but_text(little_text):
    little_text[0] = ["an <end>, an end"]
    tokenizer, seen, _ = pretraining.byte_level_text(300, ["<end>"], 0)
    assert seen.tolist().count(0) == 27  # one behind each document
    assert tokenizer.decode(seen.tolist()).startswith("an <end>, an end<end>")


def test_the_curve_is_drawn_for_short_and_long_runs(tmp_path):
    for n in (0, 1, 200):
        losses = [math.exp(-i / 50) for i in range(n)]
        baselines = {"nothing known": 0.5, "little known": 0.4}
        pretraining.draw_losses(tmp_path / f"{n}.png", losses, baselines, "a run")
        assert (tmp_path / f"{n}.png").stat().st_size > 1000


def test_they_start_as_a_module():
    command = [sys.executable, "-m", "reference", "pretrain", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for kind in ("bert", "gpt", "t5"):
        assert f"  {kind} " in result.stdout
