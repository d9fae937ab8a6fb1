"""`python -m reference pretrain t5`: its files, what it says, and how it fills gaps."""

import json
import re

import torch
from torch import nn

from reference import tokenizer_file
from reference.byte_level_bpe import ByteLevelBPE
from reference.commands.pretrain_t5 import fill, spell
from reference.pretrain_t5 import Rows


def test_it_writes_what_it_says(pretrain, tmp_path):
    status, output = pretrain("t5", "--steps", "3")
    assert status == 0, output
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} == {
        *("tokenizer.json", "checkpoint.pt", "loss.png", "report.json")
    }
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")
    report = json.loads((folder / "report.json").read_text())
    assert report["step"] == 3
    assert 0 < report["bigram_loss"] < report["unigram_loss"]
    assert report["settings"]["n_sentinels"] == 32
    assert "after 3 of 3 steps" in output
    assert f"It does not beat both, on {report['n_tokens']} tokens" in output
    tokenizer = tokenizer_file.load(folder / "tokenizer.json")
    assert report["settings"]["vocab_size"] == len(tokenizer.bpe.vocabulary)
    assert tokenizer.encode("<pad></s>") == [0, 1]
    for name in ("gaps", "lost", "sample"):
        assert f"{name}: {report[name]}" in output


def test_what_is_lost_fits_into_the_gaps(pretrain, tmp_path, little_text):
    pretrain("t5", "--steps", "1")
    report = json.loads((tmp_path / "out/report.json").read_text())
    lost = dict(re.findall(r"<(\d)>([^<]+)", report["lost"].removesuffix("</s>")))
    assert set(lost) == {"0", "1", "2"}
    filled = re.sub(r" <(\d)>", lambda gap: lost[gap[1]].removesuffix(" "), report["gaps"])
    held_out = "".join(f"{' '.join(text)}</s>" for text in little_text[9::10])
    assert filled.removesuffix("</s>") in held_out


class Writes(nn.Module):
    """Says the same target whatever was asked, and notes what it was shown."""

    def __init__(self, target):
        super().__init__()
        self.logits = nn.Parameter(nn.functional.one_hot(target, 9).float())
        self.shown = []

    def forward(self, inputs, ids):
        self.shown.append((inputs, ids))
        return self.logits[None, : ids.shape[1]]


def test_gaps_are_filled_from_the_start_to_the_end():
    rows = Rows(*(torch.tensor([[5, 8, 6, 1], [2, 2, 2, 2]]) for _ in range(4)))
    model = Writes(torch.tensor([8, 3, 1, 4]))
    assert fill(model, rows, end_id=1) == [8, 3, 1]
    inputs, ids = model.shown[-1]
    assert (inputs.tolist(), ids.tolist()) == ([[5, 8, 6, 1]], [[0, 8, 3]])
    assert fill(Writes(torch.tensor([8, 3, 4, 4])), rows, end_id=1) == [8, 3, 4, 4]


def test_sentinels_are_spelled_by_number_and_bytes_of_a_character_together():
    tokenizer = ByteLevelBPE.train(["é"], 258, ["<pad>", "</s>"])
    letters = tokenizer.encode("é a")
    assert len(letters) == 4
    text = spell([299, *letters, 297, 298, *letters, 1], tokenizer, [299, 298, 297])
    assert text == "<0>é a <2> <1>é a</s>"
