"""`python -m reference pretrain bert`: train a small BERT on real text.

It writes into build/pretrain/bert/, and goes on from the checkpoint that it finds there:

    vocab.txt       the WordPiece vocabulary, trained on the same text
    checkpoint.pt   all that the next step depends on (see `training`)
    loss.png        the loss of every step, and what knowing only frequencies would cost
    report.json     what was learned, measured on text held out (see `pretrain_bert`)

Left out: options for the model's sizes; for those, use `pretrain_bert.Settings` from Python.
Proved by: the files of a short run and of one that goes on; the messages of runs that cannot.
"""

import hashlib
import json
import math
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import torch
import typer
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from reference.corpus import python_documentation, split
from reference.pretrain_bert import Examples, Report, Settings, begin, evaluate, make_vocabulary
from reference.training import Training

SAVE_EVERY_S = 60  # seconds: what an interruption costs at most
HELD_OUT_ROWS = 512


def bert(
    steps: Annotated[int, typer.Option(min=1, help="Length of the whole run.")] = Settings.steps,
    minutes: Annotated[
        float,
        typer.Option(min=0, show_default="no limit", help="Stop then; the next call goes on."),
    ] = math.inf,
    seed: Annotated[int, typer.Option(help="Decides the weights, and what is drawn.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda; by default cuda if there is one.")] = "",
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("build/pretrain/bert"),
    anew: Annotated[
        bool, typer.Option("--anew", help="Start again; overwrite a checkpoint.")
    ] = False,
) -> None:
    """Train BERT on masked tokens and next sentences, and measure it on text held out."""
    console = Console()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise typer.BadParameter(f"torch sees no GPU here: got --device {device}; pass cpu")
    settings = Settings(steps=steps, warmup=steps // 10, seed=seed)
    train, held_out = split(python_documentation())
    tokenizer = make_vocabulary(train, settings.vocab_size)
    vocabulary = "".join(f"{piece}\n" for piece in tokenizer.pieces)
    examples = Examples(train, tokenizer, settings)
    run = begin(examples, device)

    # Another Python carries other text: its run is another run.
    text = hashlib.sha256(vocabulary.encode()).hexdigest()[:12]
    identity = {**asdict(settings), "device": torch.device(device).type, "text": text}
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists() and not anew:
        try:
            run.load(checkpoint, identity)
        except ValueError as error:
            raise typer.BadParameter(f"{error}: --folder, or --anew to overwrite it.") from error
        console.print(f"Going on from step {run.step}.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text(vocabulary, encoding="utf-8")
    _advance(run, checkpoint, identity, minutes, console)

    rows = Examples(held_out, tokenizer, settings).rows(
        HELD_OUT_ROWS, torch.Generator().manual_seed(0)
    )
    report = evaluate(run.model, rows, examples.tokens)
    draw_losses(folder / "loss.png", run.losses, report.unigram_loss + math.log(2))
    result = {"step": run.step, **report._asdict(), "settings": identity}
    (folder / "report.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    _show(report, run, folder, console)


def _advance(
    run: Training, checkpoint: Path, identity: dict[str, Any], minutes: float, console: Console
) -> None:
    """Train to the end, or for so long; keep a checkpoint that is never older than a minute."""
    columns = (TextColumn("loss {task.fields[loss]:.3f}"), BarColumn(), MofNCompleteColumn())
    start = saved = monotonic()
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task("", total=run.total, completed=run.step, loss=math.nan)
        while run.step < run.total and monotonic() - start < 60 * minutes:
            run.advance()
            recent = run.losses[-50:]
            progress.update(bar, completed=run.step, loss=sum(recent) / len(recent))
            if monotonic() - saved > SAVE_EVERY_S:
                run.save(checkpoint, identity)
                saved = monotonic()
    run.save(checkpoint, identity)


def draw_losses(path: Path, losses: list[float], baseline: float, window: int = 50) -> None:
    """Draw each step's loss, their running mean, and the loss of one who knows no context."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(range(1, len(losses) + 1), losses, color="0.8", linewidth=0.8, label="each step")
    if len(losses) >= window:
        means = torch.tensor(losses).unfold(0, window, 1).mean(1)
        axes.plot(range(window, len(losses) + 1), means, label=f"mean of {window} steps")
    axes.axhline(baseline, color="k", linestyle="--", label="token frequencies and a coin")
    axes.set(xlabel="step", ylabel="loss of both tasks (nats)", title="Pre-training a small BERT")
    axes.legend()
    figure.savefig(path, dpi=150)


def _show(report: Report, run: Training, folder: Path, console: Console) -> None:
    """Print what was learned beside what needs no learning."""
    table = Table(title=f"On text held out, after {run.step} of {run.total} steps")
    for heading in ("", "model", "baseline"):
        table.add_column(heading, justify="right" if heading else "left")
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
