"""What the tests of the `pretrain` commands share: little text, and a folder for each test."""

import pytest
from typer.testing import CliRunner

from reference.__main__ import app
from reference.commands import pretrain_bert, pretrain_t5, pretraining


@pytest.fixture
def little_text(monkeypatch):
    """Thirty short documents instead of the real ones."""
    texts = [[f"sentence {i} of document {d}." for i in range(6)] for d in range(30)]
    for module in (pretraining, pretrain_bert):
        monkeypatch.setattr(module, "python_documentation", lambda: texts)
    for module in (pretrain_bert, pretrain_t5):
        monkeypatch.setattr(module, "HELD_OUT_ROWS", 8)
    return texts


@pytest.fixture
def pretrain(little_text, tmp_path):
    """Run a command in a folder of the test's own; return its exit status and output."""

    def run(kind, *options):
        words = ["pretrain", kind, "--device", "cpu", "--folder", str(tmp_path / "out"), *options]
        # wide enough for the folder's name on one line
        result = CliRunner().invoke(app, words, env={"COLUMNS": "300"}, catch_exceptions=False)
        return result.exit_code, result.output

    return run
