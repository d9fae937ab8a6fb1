"""`python -m reference pretrain bert`: train a small BERT on real text.

It writes into build/pretrain/bert/, and goes on from the checkpoint that it finds there:

    vocab.txt       the WordPiece vocabulary, trained on the same text
    checkpoint.pt   all that the next step depends on (see `training`)
    loss.png        the loss of every step, and what knowing only frequencies would cost
    report.json     what was learned, measured on text held out (see `pretrain_bert`)

Left out: options for the model's sizes; for those, use `pretrain_bert.Settings` from Python.
Proved by: the files of a short run. What it shares with other commands is proved with them (see
`pretraining`).
"""

import math
from dataclasses import asdict
from pathlib import Path

import torch
from rich.console import Console

from reference.commands.pretraining import (
    Anew,
    Device,
    Folder,
    Minutes,
    Seed,
    Steps,
    advance,
    console_of_first,
    device_of,
    draw_losses,
    identity_of,
    resume,
    table_of,
    write_report,
)
from reference.corpus import python_documentation, split
from reference.data_parallel import processes, rank
from reference.pretrain_bert import Examples, Report, Settings, begin, evaluate, make_vocabulary
from reference.training import Training

HELD_OUT_ROWS = 512


def bert(
    steps: Steps = Settings.steps,
    minutes: Minutes = math.inf,
    seed: Seed = 0,
    device: Device = "",
    folder: Folder = Path("build/pretrain/bert"),
    anew: Anew = False,
) -> None:
    """Train BERT on masked tokens and next sentences, and measure it on text held out."""
    console, place = console_of_first(), device_of(device)
    settings = Settings(steps=steps, warmup=steps // 10, seed=seed)
    train, held_out = split(python_documentation())
    tokenizer = make_vocabulary(train, settings.vocab_size)
    examples = Examples(train, tokenizer, settings)
    with processes(place):
        run = begin(examples, place)
        identity = identity_of(asdict(settings), place, examples.tokens)
        resume(run, folder, identity, anew, console)
        advance(run, folder, identity, minutes, console)
    if rank() > 0:  # the first measures and writes
        return
    vocabulary = "".join(f"{piece}\n" for piece in tokenizer.pieces)
    (folder / "vocab.txt").write_text(vocabulary, encoding="utf-8")

    rows = Examples(held_out, tokenizer, settings).rows(
        HELD_OUT_ROWS, torch.Generator().manual_seed(0)
    )
    report = evaluate(run.model, rows, examples.tokens)
    baselines = {"token frequencies and a coin": report.unigram_loss + math.log(2)}
    draw_losses(folder / "loss.png", run.losses, baselines, "Pre-training a small BERT: both tasks")
    write_report(folder, run, report._asdict(), identity)
    _show(report, run, folder, console)


def _show(report: Report, run: Training, folder: Path, console: Console) -> None:
    """Print what was learned beside what needs no learning."""
    table = table_of(run, "", "model", "baseline")
    of_masked, of_rows = f"{report.n_masked} at [MASK]", f"{report.n_rows} pairs"
    for name, model, baseline, form in (
        (f"tokens found, of {of_masked}", report.mlm_accuracy, report.unigram_accuracy, ".1%"),
        ("their loss (nats)", report.mlm_loss, report.unigram_loss, ".3f"),
        (f"next sentences told, of {of_rows}", report.nsp_accuracy, 0.5, ".1%"),
        ("their loss (nats)", report.nsp_loss, math.log(2), ".3f"),
    ):
        table.add_row(name.replace("[", r"\["), format(model, form), format(baseline, form))
    console.print(table)
    better = report.mlm_accuracy > report.unigram_accuracy
    verdict = "It beats" if better else "It does not beat"
    console.print(f"{verdict} the most frequent token. Written to {folder}/.")
