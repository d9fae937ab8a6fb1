"""pretrain_gpt.py: both baselines by hand, and on which tokens; a run learns and resumes."""

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch import nn

from reference.pretrain_gpt import (
    Settings,
    begin,
    bigram_probs,
    evaluate,
    one_text,
    unigram_probs,
    windows,
)
from reference.training import warmup_cosine

END = 0
# A sentence tells the next word by the last two: "1 2" and "4 2" go on differently.
DOCUMENTS = [[1, 2, 3, 1, 2, 3], [4, 2, 5, 4, 2, 5]] * 40
TINY = Settings(
    steps=12,
    warmup=2,
    batch_size=8,
    max_length=12,
    vocab_size=6,
    n_layers=1,
    d_model=16,
    n_heads=2,
    dropout=0.1,
    lr=1e-2,
)


@pytest.fixture(scope="module")
def text():
    return one_text(DOCUMENTS, END)


def test_one_text_by_hand():
    assert one_text([[3, 4], [5], []], END).tolist() == [3, 4, END, 5, END, END]


def test_windows_are_stretches_from_anywhere():
    tokens = torch.arange(100, 110)
    rows = windows(tokens, 500, 4, torch.Generator().manual_seed(0))
    assert rows.shape == (500, 4)
    assert torch.equal(rows, rows[:, :1] + torch.arange(4))
    assert set(rows[:, 0].tolist()) == set(range(100, 107))  # missing one: once in 1e32 seeds
    whole = windows(tokens, 2, 10, torch.Generator())
    assert torch.equal(whole, tokens.expand(2, 10))
    with pytest.raises(ValueError, match="a row takes 11 tokens: got a text of 10; make rows"):
        windows(tokens, 2, 11, torch.Generator())


def test_baselines_by_hand():
    """Of five pairs three are different, D = 1/3; before 0, 1, 2 stand two, one, one, D = 1/2."""
    seen = torch.tensor([0, 1, 0, 1, 0, 2])
    assert unigram_probs(seen, 4).tolist() == pytest.approx([4 / 10, 3 / 10, 2 / 10, 1 / 10])
    p = [(c + 3 / 2 / 4) / 4 for c in (3 / 2, 1 / 2, 1 / 2, 0)]
    after_0 = [(c + 2 / 3 * q) / 3 for c, q in zip([0, 5 / 3, 2 / 3, 0], p, strict=True)]
    after_1 = [(c + 1 / 3 * q) / 2 for c, q in zip([5 / 3, 0, 0, 0], p, strict=True)]
    expected = [after_0, after_1, p, p]  # nothing followed 2, and 3 was never seen
    assert bigram_probs(seen, 4).tolist() == [pytest.approx(row) for row in expected]


class Chain(nn.Module):
    """Knows what it is told: the next token's probabilities after each token."""

    def __init__(self, probs):
        super().__init__()
        self.log_probs = nn.Parameter(probs.log())
        self.seen = []

    def forward(self, input_ids):
        self.seen.append(input_ids)
        return self.log_probs[input_ids]


@pytest.mark.parametrize(("n", "max_length"), [(40, 8), (41, 8), (43, 7), (8, 8), (2000, 6)])
def test_every_token_is_predicted_once_and_the_baselines_are_those_of_the_same_tokens(
    n, max_length
):
    """A model that says what a baseline says has its loss, whatever the rows."""
    tokens = torch.randint(5, (n,), generator=torch.Generator().manual_seed(n))
    seen = torch.randint(4, (100,), generator=torch.Generator().manual_seed(1))
    report = evaluate(
        Chain(bigram_probs(seen, 5)), tokens, seen, max_length=max_length, vocab_size=5
    )
    assert n - 1 - max_length // 2 < report.n_tokens <= n - 1
    assert report.loss == pytest.approx(report.bigram_loss, rel=1e-12)
    said = evaluate(
        Chain(unigram_probs(seen, 5).expand(5, 5)),
        tokens,
        seen,
        max_length=max_length,
        vocab_size=5,
    )
    assert said.loss == pytest.approx(said.unigram_loss, rel=1e-12)
    assert said.unigram_loss == report.unigram_loss
    counts, held_out = Counter(seen.tolist()), tokens.tolist()[1 : report.n_tokens + 1]
    expected = [-math.log((counts[w] + 1) / 105) for w in held_out]
    assert report.unigram_loss == pytest.approx(sum(expected) / len(expected), rel=1e-12)


def test_all_but_the_first_row_have_half_a_row_of_context():
    """A model sure of what it saw four tokens before is right where there were four."""
    tokens = torch.arange(64) % 4

    class Back(nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = nn.Parameter(torch.zeros(1))

        def forward(self, input_ids):
            before = input_ids.roll(3, -1)  # the token four before the next
            known = torch.arange(input_ids.shape[-1]) >= 3
            return 50.0 * nn.functional.one_hot(before, 4) * known[:, None]

    report = evaluate(Back(), tokens, tokens, max_length=8, vocab_size=4)
    assert report.n_tokens == 63
    assert report.loss == pytest.approx(3 * math.log(4) / 63, rel=1e-9)


def test_dropout_is_off_where_it_is_measured(text):
    run = begin(text, replace(TINY, dropout=0.5))
    run.advance()
    first, second = (
        evaluate(run.model, text, text, max_length=12, vocab_size=6).loss for _ in range(2)
    )
    assert first == second


def test_a_resumed_run_equals_an_unbroken_one(text, tmp_path):
    unbroken = begin(text, TINY)
    for _ in range(12):
        unbroken.advance()
    stopped = begin(text, TINY)
    for _ in range(6):
        stopped.advance()
    stopped.save(tmp_path / "run.pt", {})
    resumed = begin(text, TINY)
    resumed.load(tmp_path / "run.pt", {})
    for _ in range(6):
        resumed.advance()
    assert resumed.losses == unbroken.losses
    ours, theirs = resumed.model.state_dict(), unbroken.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert begin(text, replace(TINY, seed=1)).advance() != unbroken.losses[0]


def test_the_learning_rate_falls_along_a_cosine(text):
    run = begin(text, TINY)
    rates = []
    for _ in range(12):
        run.advance()
        rates.append(run.optimizer.param_groups[0]["lr"])
    expected = [TINY.lr * warmup_cosine(step, 2, 12) for step in range(12)]
    assert rates == pytest.approx(expected, rel=1e-9)


def test_a_short_run_beats_both_baselines(text):
    """Two tokens of context tell what one cannot; a document's first token nothing tells: ln 2."""
    run = begin(text, replace(TINY, steps=150, warmup=15, d_model=32, dropout=0.0))
    held_out, sizes = one_text(DOCUMENTS[:10], END), {"max_length": 12, "vocab_size": 6}
    before = evaluate(run.model, held_out, text, **sizes)
    assert before.loss == pytest.approx(math.log(6), rel=0.1)
    assert before.bigram_loss < before.unigram_loss
    for _ in range(150):
        run.advance()
    after = evaluate(run.model, held_out, text, **sizes)
    assert after.loss < 0.6 * after.bigram_loss
    assert sum(run.losses[-10:]) < 0.6 * sum(run.losses[:10])
