"""pretrain_bert.py: what the rows hold, the baseline by hand, and that a run learns and resumes."""

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch
from scipy import stats
from torch import nn

from reference.pretrain_bert import (
    CLS,
    MASK,
    PAD,
    SEP,
    Examples,
    Rows,
    Settings,
    begin,
    evaluate,
    make_vocabulary,
    means_of,
    unigram_baseline,
)

# Each sentence is one animal and what it says: a token tells its neighbours.
SAYS = {"cat": "meow", "dog": "woof", "cow": "moo", "duck": "quack", "sheep": "baa"}
TEXTS = [
    [f"the {animal} says {sound} {sound}." for _ in range(5) for animal, sound in SAYS.items()]
    for _ in range(4)
]
TINY = Settings(
    steps=12,
    warmup=2,
    batch_size=8,
    max_length=24,
    vocab_size=80,
    n_layers=1,
    d_model=16,
    n_heads=2,
    dropout=0.1,
    lr=1e-2,
)


@pytest.fixture(scope="module")
def tokenizer():
    return make_vocabulary(TEXTS, TINY.vocab_size)


@pytest.fixture(scope="module")
def examples(tokenizer):
    return Examples(TEXTS, tokenizer, TINY)


def test_the_vocabulary_holds_the_words_and_starts_with_the_special_tokens(tokenizer):
    assert tokenizer.pieces[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert [PAD, CLS, SEP, MASK] == [0, 2, 3, 4]
    assert tokenizer.tokenize("The cat says meow.") == ["the", "cat", "says", "meow", "."]


def test_rows_are_packed_masked_pairs(examples):
    rows = examples.rows(2000, torch.Generator().manual_seed(0))
    shape = (2000, TINY.max_length)
    assert [tuple(part.shape) for part in rows] == [shape] * 4 + [(2000,)]
    original = torch.where(rows.labels == -100, rows.input_ids, rows.labels)
    assert (original[:, 0] == CLS).all()
    assert ((original == SEP).sum(1) == 2).all()
    assert torch.equal(original == PAD, rows.attention_mask == 0)
    assert (original != MASK).all()
    ordinary = (original > MASK).sum()
    chosen = (rows.labels != -100).sum()
    assert stats.binomtest(int(chosen), int(ordinary), 0.15).pvalue > 1e-6
    assert stats.binomtest(int(rows.is_next.sum()), 2000, 0.5).pvalue > 1e-6
    first = (original == SEP).int().argmax(1)
    assert torch.equal(rows.token_type_ids.argmax(1), first + 1)


def test_every_sentence_that_has_a_next_one_starts_rows(examples):
    assert examples.starts == [(d, s) for d in range(4) for s in range(24)]
    assert len(examples.tokens) == 4 * 25 * 6


def test_texts_without_pairs(tokenizer):
    message = "got no document with two sentences among 2; pass longer ones"
    with pytest.raises(ValueError, match=message):
        Examples([["one"], ["two"]], tokenizer, TINY)


def test_the_baseline_by_hand():
    """Of 8 counts (3, 2 and 1, with one more each), the targets hold the most frequent twice."""
    accuracy, loss = unigram_baseline(torch.tensor([1, 1, 0]), torch.tensor([1, 1, 0, 2]), 4)
    assert accuracy == 0.5
    p = [2 / 7, 3 / 7, 1 / 7, 1 / 7]
    expected = -(2 * math.log(p[1]) + math.log(p[0]) + math.log(p[2])) / 4
    assert math.isclose(loss, expected, rel_tol=1e-6)  # p is rounded to float32


def test_the_baseline_counted_another_way(examples):
    rows = examples.rows(100, torch.Generator().manual_seed(1))
    report = evaluate(begin(examples).model, rows, examples.tokens)
    counts = Counter(examples.tokens.tolist())
    places = zip(rows.input_ids.flatten().tolist(), rows.labels.flatten().tolist(), strict=True)
    answers = [answer for seen, answer in places if seen == MASK]
    best = max(sorted(counts), key=lambda i: counts[i])
    assert report.n_masked == len(answers)
    assert report.unigram_accuracy == answers.count(best) / len(answers)
    total = sum(counts.values()) + examples.vocab_size
    losses = [-math.log((counts[answer] + 1) / total) for answer in answers]
    assert math.isclose(report.unigram_loss, sum(losses) / len(losses), rel_tol=1e-6)


class Oracle(nn.Module):
    """Says what it is told to: these logits for the rows it is shown, in their order."""

    def __init__(self, answers, is_next, sharpness):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.answers, self.is_next, self.sharpness, self.shown = answers, is_next, sharpness, 0

    def forward(self, input_ids, token_type_ids, attention_mask):
        part = slice(self.shown, self.shown + len(input_ids))
        self.shown += len(input_ids)
        mlm = nn.functional.one_hot(self.answers[part], TINY.vocab_size).float()
        nsp = nn.functional.one_hot(self.is_next[part].long(), 2).float()
        return self.sharpness * mlm, self.sharpness * nsp


@pytest.fixture(scope="module")
def rows(examples):
    return examples.rows(150, torch.Generator().manual_seed(2))


def test_who_knows_the_answers_is_always_right(rows, examples):
    answers = rows.labels.clamp(min=0)
    report = evaluate(Oracle(answers, rows.is_next, 100.0), rows, examples.tokens)
    assert (report.mlm_accuracy, report.nsp_accuracy) == (1, 1)
    assert report.mlm_loss < 1e-6
    assert report.nsp_loss < 1e-6
    assert report.n_rows == 150
    wrong = evaluate(Oracle(answers, ~rows.is_next, 1.0), rows, examples.tokens)
    assert wrong.nsp_accuracy == 0
    assert math.isclose(wrong.nsp_loss, math.log(1 + math.e), rel_tol=1e-5)
    assert math.isclose(wrong.mlm_loss, math.log(math.e + 79) - 1, rel_tol=1e-5)


def test_who_repeats_what_is_seen_finds_nothing_and_who_knows_no_context_finds_the_baseline(
    rows, examples
):
    repeats = Oracle(rows.input_ids, rows.is_next, 1.0)
    assert evaluate(repeats, rows, examples.tokens).mlm_accuracy == 0
    most_frequent = torch.full_like(rows.labels, int(examples.tokens.bincount().argmax()))
    report = evaluate(Oracle(most_frequent, rows.is_next, 1.0), rows, examples.tokens)
    assert report.mlm_accuracy == report.unigram_accuracy > 0


def test_the_loss_is_that_of_both_tasks(rows):
    oracle = Oracle(rows.labels.clamp(min=0), ~rows.is_next, 1.0)
    expected = (math.log(math.e + 79) - 1) + math.log(1 + math.e)
    assert math.isclose(sum(mean.value for mean in means_of(oracle, rows)), expected, rel_tol=1e-5)
    none = Rows(*rows[:3], torch.full_like(rows.labels, -100), rows.is_next)
    oracle.shown = 0
    mlm, nsp = means_of(oracle, none)
    assert (mlm.value, mlm.n, nsp.n) == (0, 0, 150)
    assert math.isclose(nsp.value, math.log(1 + math.e), rel_tol=1e-5)


def test_dropout_is_off_where_it_is_measured(examples, rows):
    run = begin(examples)  # its dropout is 0.1
    run.advance()
    assert evaluate(run.model, rows, examples.tokens) == evaluate(run.model, rows, examples.tokens)


def test_what_stands_in_the_padding_changes_nothing(examples, rows):
    padding = rows.attention_mask == 0
    assert padding.any()
    model = begin(examples).model.eval()
    other = rows._replace(input_ids=rows.input_ids.masked_fill(padding, MASK + 1))
    assert evaluate(model, other, examples.tokens) == evaluate(model, rows, examples.tokens)
    losses, expected = (
        torch.stack([mean.value for mean in means_of(model, x)]) for x in (other, rows)
    )
    assert torch.equal(losses, expected)
    seen = other._replace(attention_mask=torch.ones_like(padding).long())
    assert not torch.equal(means_of(model, seen)[0].value, expected[0])


def test_a_resumed_run_equals_an_unbroken_one(examples, tmp_path):
    unbroken = begin(examples)
    for _ in range(12):
        unbroken.advance()
    stopped = begin(examples)
    for _ in range(6):
        stopped.advance()
    stopped.save(tmp_path / "run.pt", {})
    resumed = begin(examples)
    resumed.load(tmp_path / "run.pt", {})
    for _ in range(6):
        resumed.advance()
    assert resumed.losses == unbroken.losses
    ours, theirs = resumed.model.state_dict(), unbroken.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert (
        begin(Examples(TEXTS, make_vocabulary(TEXTS, 80), replace(TINY, seed=1))).advance()
        != (unbroken.losses[0])
    )


def test_a_short_run_beats_the_baseline(tokenizer):
    settings = replace(TINY, steps=150, warmup=15, d_model=32, dropout=0.0)
    examples = Examples(TEXTS, tokenizer, settings)
    run = begin(examples)
    rows = examples.rows(100, torch.Generator().manual_seed(3))
    before = evaluate(run.model, rows, examples.tokens)
    # A fresh model finds all tokens about equally likely, and either answer.
    assert math.isclose(before.mlm_loss, math.log(examples.vocab_size), rel_tol=0.05)
    assert math.isclose(before.nsp_loss, math.log(2), rel_tol=0.05)
    for _ in range(150):
        run.advance()
    after = evaluate(run.model, rows, examples.tokens)
    assert sum(run.losses[-10:]) < 0.8 * sum(run.losses[:10])
    assert after.mlm_accuracy > after.unigram_accuracy + 0.2
    assert after.mlm_loss < after.unigram_loss
