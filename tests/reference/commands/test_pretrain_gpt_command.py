"""`python -m reference pretrain gpt`: its files, what it says, and its sample."""

import json
from functools import partial

import pytest
import torch

from reference import tokenizer_file
from reference.commands.pretrain_gpt import END, END_ID, go_on_with
from reference.gpt import GPT, GPTConfig


def test_it_writes_what_it_says(pretrain, tmp_path):
    status, output = pretrain("gpt", "--steps", "3")
    assert status == 0, output
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} == {
        *("tokenizer.json", "checkpoint.pt", "loss.png", "report.json")
    }
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")
    report = json.loads((folder / "report.json").read_text())
    assert report["step"] == 3
    assert 0 < report["bigram_loss"] < report["unigram_loss"]
    assert "after 3 of 3 steps" in output
    assert f"It does not beat both, on {report['n_tokens']} tokens" in output
    tokenizer = tokenizer_file.load(folder / "tokenizer.json")
    assert report["settings"]["vocab_size"] == len(tokenizer.bpe.vocabulary)
    assert tokenizer.encode(END) == [END_ID]
    prompt = tokenizer.encode(report["prompt"])
    assert len(prompt) == 16
    assert report["prompt"].startswith("sentence 0 of document 9.")  # the first held out
    assert report["prompt"] in output
    assert len(report["sample"]) > 0


@pytest.fixture
def model():
    torch.manual_seed(0)
    sizes = {"n_layers": 1, "d_model": 8, "n_heads": 2, "vocab_size": 30, "max_length": 20}
    return GPT(GPTConfig(**sizes)).eval()


def test_a_sample_fills_the_row_and_another_seed_draws_another(model):
    prompt = torch.arange(1, 9)
    draw = partial(go_on_with, model, prompt)
    sample = draw(torch.Generator().manual_seed(0))
    assert len(sample) == 12 or sample[-1] == END_ID
    assert draw(torch.Generator().manual_seed(0)) == sample
    assert draw(torch.Generator().manual_seed(1)) != sample


def test_a_sample_ends_with_the_document(model):
    """A model that is sure of the end says it once."""
    with torch.no_grad():
        model.norm.weight.zero_()
        model.norm.bias.copy_(100 * model.token.weight[END_ID])
        model.token.weight[END_ID] *= 100
    assert go_on_with(model, torch.arange(1, 9), torch.Generator()) == [END_ID]


def test_unlikely_tokens_are_never_drawn(model):
    """Two tokens have 86% of the probability, and once steepened by the temperature 95%: nothing
    else is among the likeliest 90%."""
    logits = torch.tensor([0.14 / 28] * 28 + [0.28, 0.58]).log()
    model.logits = lambda x: logits.expand(*x.shape[:-1], -1)
    drawn = [
        i
        for seed in range(20)
        for i in go_on_with(model, torch.arange(1, 9), torch.Generator().manual_seed(seed))
    ]
    assert set(drawn) == {28, 29}
    assert len(drawn) == 240
