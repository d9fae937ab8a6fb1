"""pretrain_t5.py: what the rows hold, baselines on what was lost; a run learns and resumes."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from reference.pretrain_gpt import bigram_probs, unigram_probs
from reference.pretrain_t5 import (
    START,
    Settings,
    begin,
    evaluate,
    sentinels_of,
    span_rows,
)
from reference.span_corruption import restore
from reference.training import warmup_cosine

# The alphabet, over and over: what is lost stands between what is left.
TEXT = (torch.arange(400) % 7) + 2
TINY = Settings(
    steps=12,
    warmup=2,
    batch_size=8,
    max_length=14,
    vocab_size=9,
    n_sentinels=4,
    n_layers=1,
    d_model=16,
    n_heads=2,
    dropout=0.1,
    lr=1e-2,
)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_rows_restore_stretches_of_the_text():
    rows = span_rows(TEXT, 50, TINY, seeded(0))
    assert (rows.inputs.shape, rows.targets.shape) == ((50, 14), (50, 5))  # 12 + 1 + 1, 2 + 2 + 1
    starts, sentinels = set(), sentinels_of(TINY)
    assert sentinels == [12, 11, 10, 9]
    for inputs, targets, before, is_text in zip(*(part.tolist() for part in rows), strict=True):
        assert (inputs[-1], targets[-1]) == (1, 1)
        text = restore(inputs[:-1], targets[:-1], sentinels)
        assert text == [(text[0] - 2 + i) % 7 + 2 for i in range(14)]
        starts.add(text[0])
        for token, previous, lost in zip(targets, before, is_text, strict=True):
            assert lost == (2 <= token < 9)
            if previous >= 0:
                assert token == (previous - 2 + 1) % 7 + 2
            elif lost:
                assert text[0] == token
    assert starts == set(range(2, 9))
    assert not torch.equal(rows.inputs, span_rows(TEXT, 50, TINY, seeded(1)).inputs)
    assert torch.equal(rows.inputs, span_rows(TEXT, 50, TINY, seeded(0)).inputs)


class Oracle(nn.Module):
    """Says what it is told to, row by row, and notes what it was shown."""

    def __init__(self, logits):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.logits, self.shown, self.targets = logits, 0, []

    def forward(self, inputs, targets):
        self.shown += len(inputs)
        self.targets.append(targets)
        return self.logits[self.shown - len(inputs) : self.shown]


@pytest.fixture(scope="module")
def rows():
    return span_rows(TEXT, 150, TINY, seeded(2))


def test_who_knows_the_answers_has_no_loss_and_sees_the_targets_one_later(rows):
    answers = nn.functional.one_hot(rows.targets, 13)
    oracle = Oracle(100.0 * answers)
    assert evaluate(oracle, rows, TEXT, TINY).loss < 1e-6
    seen = torch.cat(oracle.targets)
    assert torch.equal(seen[:, 1:], rows.targets[:, :-1])
    assert (seen[:, 0] == START).all()
    guess = evaluate(Oracle(1.0 * answers), rows, TEXT, TINY)
    assert guess.loss == pytest.approx(math.log(math.e + 12) - 1, rel=1e-6)


def test_the_baselines_are_compared_on_the_same_lost_tokens():
    """A model that says what the bigram says has its loss; the unigram likewise."""
    text = torch.randint(2, 9, (300,), generator=seeded(3))
    rows = span_rows(text, 150, TINY, seeded(4))
    seen = torch.randint(2, 8, (200,), generator=seeded(5))
    unigram, bigram = (torch.full((150, 5, 13), -30.0) for _ in range(2))
    unigram[..., :9] = unigram_probs(seen, 9).log()
    bigram[..., :9] = bigram_probs(seen, 9)[rows.before.clamp(min=0)].log()
    for logits, name in ((unigram, "unigram_loss"), (bigram, "bigram_loss")):
        report = evaluate(Oracle(logits), rows, seen, TINY)
        assert report.loss == pytest.approx(getattr(report, name), rel=1e-6)
    assert report.unigram_loss != pytest.approx(report.bigram_loss, rel=1e-3)
    lost = rows.is_text & (rows.before >= 0)
    assert report.n_tokens == int(lost.sum())
    by_hand = [-math.log(unigram_probs(seen, 9)[i]) for i in rows.targets[lost].tolist()]
    assert report.unigram_loss == pytest.approx(sum(by_hand) / len(by_hand), rel=1e-9)


def test_dropout_is_off_where_it_is_measured(rows):
    run = begin(TEXT, replace(TINY, dropout=0.5))
    run.advance()
    assert evaluate(run.model, rows, TEXT, TINY) == evaluate(run.model, rows, TEXT, TINY)


def test_a_resumed_run_equals_an_unbroken_one(tmp_path):
    unbroken = begin(TEXT, TINY)
    for _ in range(12):
        unbroken.advance()
    stopped = begin(TEXT, TINY)
    for _ in range(6):
        stopped.advance()
    stopped.save(tmp_path / "run.pt", {})
    resumed = begin(TEXT, TINY)
    resumed.load(tmp_path / "run.pt", {})
    for _ in range(6):
        resumed.advance()
    assert resumed.losses == unbroken.losses
    ours, theirs = resumed.model.state_dict(), unbroken.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert begin(TEXT, replace(TINY, seed=1)).advance() != unbroken.losses[0]


def test_the_learning_rate_falls_along_a_cosine():
    run = begin(TEXT, TINY)
    rates = []
    for _ in range(12):
        run.advance()
        rates.append(run.optimizer.param_groups[0]["lr"])
    expected = [TINY.lr * warmup_cosine(step, 2, 12) for step in range(12)]
    assert rates == pytest.approx(expected, rel=1e-9)


def test_a_short_run_beats_both_baselines():
    """Every other token, by chance, is the document's own letter: any row shows it, a pair may not.

    Who knows the letter has a loss of ln 2; what the bigram has is above 1.
    """
    letter = torch.randint(3, 11, (60, 1), generator=seeded(0))
    text = torch.where(torch.rand(60, 40, generator=seeded(1)) < 0.5, 2, letter).flatten()
    options = {"batch_size": 16, "d_model": 32, "vocab_size": 11, "dropout": 0.0}
    settings = replace(TINY, steps=150, warmup=20, **options)
    run, rows = begin(text, settings), span_rows(text, 200, settings, seeded(6))
    before = evaluate(run.model, rows, text, settings)
    assert 1 < before.bigram_loss < before.unigram_loss < before.loss
    for _ in range(150):
        run.advance()
    after = evaluate(run.model, rows, text, settings)
    assert math.log(2) < after.loss < 0.8 * after.bigram_loss
    assert sum(run.losses[-10:]) < 0.5 * sum(run.losses[:10])


def test_a_text_that_holds_the_start_is_refused():
    with pytest.raises(ValueError, match="id 0 starts each target: got a text that holds it"):
        begin(torch.tensor([3, 0, 4]), TINY)
