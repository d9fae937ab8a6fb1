"""bench_bpe.py: a short run, and sides that disagree."""

import re

import pytest
from typer.testing import CliRunner

from reference.bpe import BPE
from reference.commands import bench_bpe


@pytest.fixture
def bench(monkeypatch):
    """Run the command as a person would, but in this process."""
    monkeypatch.setenv("RAYON_NUM_THREADS", "1")  # the command sets it: give it back
    app = bench_bpe.typer.Typer()
    app.command()(bench_bpe.main)
    return lambda *words: CliRunner().invoke(app, [*words, "--rounds", "1"])


def test_a_short_run_prints_every_ratio(bench):
    done = bench("--merges", "40", "--characters", "2000")
    assert done.exit_code == 0, done.output
    for name in (
        "slide's loop / incremental",
        "training, ours / tokenizers",
        "encoding, ours / tokenizers",
    ):
        assert re.search(rf"^{name}: \d+(\.\d)?$", done.output, re.MULTILINE)


def said(done):
    """What it printed, in one line."""
    return " ".join(done.output.split())


def test_more_merges_than_the_text_has_pairs(bench):
    done = bench("--merges", "100", "--characters", "50")
    assert done.exit_code == 1
    assert re.search("must have 100 pairs to join: got .* raise --characters", said(done))


@pytest.mark.parametrize("side", ["train_by_recounting", "train_theirs"])
def test_sides_that_disagree_end_the_bench(side, bench, monkeypatch):
    right = getattr(bench_bpe, side)

    def wrong(text, vocab_size):
        if side == "train_theirs":
            return right(text, vocab_size + 1)
        bpe = right(text, vocab_size)
        return BPE(bpe.vocabulary, bpe.merges[:-1])

    monkeypatch.setattr(bench_bpe, side, wrong)
    done = bench("--merges", "20", "--characters", "500")
    assert done.exit_code == 1
    assert re.search("bench failed: .* learned (different merges|another vocabulary)", said(done))
