"""`python -m reference pretrain bert`: its files, and what it says."""

import json

import torch

from reference.wordpiece import SPECIAL_TOKENS


def test_it_writes_what_it_says(pretrain, tmp_path):
    status, output = pretrain("bert", "--steps", "3")
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
