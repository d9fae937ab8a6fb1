"""`python -m reference pretrain t5`: train a small T5 on real text.

It writes into build/pretrain/t5/, and goes on from the checkpoint that it finds there:

    tokenizer.json  a byte-level BPE, trained on the same text; the sentinels' ids follow its own
    checkpoint.pt   all that the next step depends on (see `training`)
    loss.png        the loss of every step, and what knowing less would cost
    report.json     what was learned, measured on text held out (see `pretrain_t5`), and a sample

Left out: options for the model's sizes; for those, use `pretrain_t5.Settings` from Python. T5 used
a tokenizer of another kind, SentencePiece.
Proved by: the files of a short run; gaps and what was lost are parts of the text held out. What it
shares with other commands is proved with them (see `pretraining`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import torch
from torch import nn

from reference import tokenizer_file
from reference.byte_level_bpe import ByteLevelBPE
from reference.commands.pretraining import (
    Anew,
    Device,
    Folder,
    Minutes,
    Seed,
    Steps,
    advance,
    byte_level_text,
    console_of_first,
    device_of,
    draw_losses,
    identity_of,
    resume,
    show_losses,
    write_report,
)
from reference.data_parallel import processes, rank
from reference.generation import generate
from reference.pretrain_t5 import START, Rows, Settings, begin, evaluate, sentinels_of, span_rows

SPECIAL = ["<pad>", "</s>"]  # T5's names; their ids are START and Settings.end_id
HELD_OUT_ROWS = 512


def t5(
    steps: Steps = Settings.steps,
    minutes: Minutes = math.inf,
    seed: Seed = 0,
    device: Device = "",
    folder: Folder = Path("build/pretrain/t5"),
    anew: Anew = False,
) -> None:
    """Train T5 on lost spans, measure it on text held out, and let it fill gaps there."""
    console, place = console_of_first(), device_of(device)
    tokenizer, seen, held_out = byte_level_text(Settings.vocab_size, SPECIAL, Settings.end_id)
    vocab_size = len(tokenizer.bpe.vocabulary)  # smaller, if the text is
    settings = Settings(steps=steps, warmup=steps // 10, seed=seed, vocab_size=vocab_size)
    with processes(place):
        run = begin(seen, settings, place)
        identity = identity_of(asdict(settings), place, seen)
        resume(run, folder, identity, anew, console)
        advance(run, folder, identity, minutes, console)
    if rank() > 0:  # the first measures and writes
        return
    tokenizer_file.save(tokenizer, folder / "tokenizer.json")

    rows = span_rows(held_out, HELD_OUT_ROWS, settings, torch.Generator().manual_seed(0))
    report = evaluate(run.model, rows, seen, settings)
    # the steps' loss is that of all targets: a third are sentinels and ends, which cost nothing
    share = rows.is_text.double().mean().item()
    baselines = {
        "token frequencies, sentinels known": share * report.unigram_loss,
        "the token before, sentinels known": share * report.bigram_loss,
    }
    draw_losses(folder / "loss.png", run.losses, baselines, "Pre-training a small T5")
    sentinels = sentinels_of(settings)
    texts = {
        name: spell(ids, tokenizer, sentinels)
        for name, ids in (
            ("gaps", rows.inputs[0].tolist()),
            ("lost", rows.targets[0].tolist()),
            ("sample", fill(run.model, rows, settings.end_id)),
        )
    }
    write_report(folder, run, {**report._asdict(), **texts}, identity)
    show_losses(report, run, folder, console)
    for name, text in texts.items():
        console.print(f"{name}: {text}", markup=False, highlight=False)


def fill(model: nn.Module, rows: Rows, end_id: int) -> list[int]:
    """Let the model write the first row's lost spans, the likeliest token each time."""
    device = next(model.parameters()).device
    inputs, n_new = rows.inputs[:1].to(device), rows.targets.shape[1]
    start = torch.full((1, 1), START, device=device)
    written = generate(lambda ids: model(inputs, ids)[:, -1], start, n_new, end_id=end_id)
    return written[0, 1:].tolist()


def spell(ids: Iterable[int], tokenizer: ByteLevelBPE, sentinels: Sequence[int]) -> str:
    """Decode ids to text; the sentinels are written <0>, <1>, …"""
    names = {i: f" <{n}>" for n, i in enumerate(sentinels)}
    return "".join(
        "".join(names[i] for i in run) if is_sentinel else tokenizer.decode(run)
        for is_sentinel, run in groupby(ids, names.__contains__)
    ).strip()
