"""What all commands that pre-train share: options, text, runs that go on, and the drawn losses.

A run writes into its folder, and goes on from the checkpoint that it finds there. What decides the
run (settings, device, text) is its identity: a checkpoint of another one is refused, not mixed.
Started by torchrun, several processes share a run (`data_parallel`), and its losses and checkpoint
are those of one; the first alone prints, measures and writes.

Left out: what differs, the task and how it is measured: `pretrain_bert`, `pretrain_gpt`,
`pretrain_t5`.
Proved by: for each of the three commands, the files of a short run and of one that goes on; the
messages of runs that cannot.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import torch
import typer
from jaxtyping import Int
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from torch import Tensor

from reference.byte_level_bpe import ByteLevelBPE
from reference.corpus import python_documentation, split
from reference.data_parallel import first_says, rank
from reference.device import choose_device, deterministic
from reference.pretrain_gpt import Report, one_text
from reference.training import Training

SAVE_EVERY_S = 60  # seconds: what an interruption costs at most

Steps = Annotated[int, typer.Option(min=1, help="Length of the whole run.")]
Minutes = Annotated[
    float, typer.Option(min=0, show_default="no limit", help="Stop then; the next call goes on.")
]
Seed = Annotated[int, typer.Option(help="Decides the weights, and what is drawn.")]
Device = Annotated[str, typer.Option(help="cpu or cuda; by default cuda if there is one.")]
Folder = Annotated[Path, typer.Option(help="Where to write.")]
Anew = Annotated[bool, typer.Option("--anew", help="Start again; overwrite a checkpoint.")]


def console_of_first() -> Console:
    """Print to the screen; but where several processes train together, from the first alone."""
    return Console(quiet=rank() > 0)


def device_of(name: str) -> torch.device:
    """Choose the device that was named, or the best there is."""
    try:
        return choose_device(name)
    except ValueError as error:
        raise typer.BadParameter(f"--device: {error}") from error


def byte_level_text(
    vocab_size: int, special: Sequence[str], end_id: int
) -> tuple[ByteLevelBPE, Int[Tensor, " n_seen"], Int[Tensor, " n_tokens"]]:
    """Train a tokenizer, GPT-2's kind, on the text to be seen; give both texts as ids."""
    parts = [[" ".join(document) for document in part] for part in split(python_documentation())]
    tokenizer = ByteLevelBPE.train(parts[0], vocab_size, special)
    seen, held_out = (
        one_text([tokenizer.encode(document, special=False) for document in part], end_id)
        for part in parts
    )
    return tokenizer, seen, held_out


def identity_of(
    settings: Mapping[str, Any], device: torch.device, tokens: Int[Tensor, " n_seen"]
) -> dict[str, Any]:
    """Give all that a run depends on; another Python carries other text, and so makes another."""
    text = hashlib.sha256(tokens.numpy().tobytes()).hexdigest()[:12]
    return {**settings, "device": device.type, "text": text}


def resume(
    run: Training, folder: Path, identity: dict[str, Any], anew: bool, console: Console
) -> None:
    """Go on from the folder's checkpoint, if there is one; make the folder, if there is none."""
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists() and not anew:
        try:
            run.load(checkpoint, identity)
        except ValueError as error:
            raise typer.BadParameter(f"{error}: --folder, or --anew to overwrite it.") from error
        console.print(f"Going on from step {run.step}.")
    folder.mkdir(parents=True, exist_ok=True)


def advance(
    run: Training, folder: Path, identity: dict[str, Any], minutes: float, console: Console
) -> None:
    """Train to the end, or for so long; keep a checkpoint that is never older than a minute."""
    checkpoint = folder / "checkpoint.pt"
    columns = (TextColumn("loss {task.fields[loss]:.3f}"), BarColumn(), MofNCompleteColumn())
    start = saved = monotonic()
    progress = Progress(*columns, TimeRemainingColumn(), console=console)
    with deterministic(), progress:
        bar = progress.add_task("", total=run.total, completed=run.step, loss=math.nan)
        while run.step < run.total and first_says(monotonic() - start < 60 * minutes):
            run.advance()
            recent = run.losses[-50:]
            progress.update(bar, completed=run.step, loss=sum(recent) / len(recent))
            if rank() == 0 and monotonic() - saved > SAVE_EVERY_S:
                run.save(checkpoint, identity)
                saved = monotonic()
    if rank() == 0:
        run.save(checkpoint, identity)


def draw_losses(
    path: Path, losses: list[float], baselines: Mapping[str, float], title: str, window: int = 50
) -> None:
    """Draw each step's loss, their running mean, and the losses of those who know less."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(range(1, len(losses) + 1), losses, color="0.8", linewidth=0.8, label="each step")
    if len(losses) >= window:
        means = torch.tensor(losses).unfold(0, window, 1).mean(1)
        axes.plot(range(window, len(losses) + 1), means, label=f"mean of {window} steps")
    for (label, loss), style in zip(baselines.items(), ("--", ":"), strict=False):
        axes.axhline(loss, color="k", linestyle=style, label=label)
    axes.set(xlabel="step", ylabel="loss (nats)", title=title)
    axes.legend()
    figure.savefig(path, dpi=150)


def write_report(folder: Path, run: Training, report: Mapping[str, Any], identity: Any) -> None:
    """Write what was learned, beside the step and the settings."""
    whole = {"step": run.step, **report, "settings": identity}
    (folder / "report.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def table_of(run: Training, *headings: str) -> Table:
    """Begin the table that a run ends with."""
    table = Table(title=f"On text held out, after {run.step} of {run.total} steps")
    for heading in headings:
        table.add_column(heading, justify="right" if heading else "left")
    return table


def show_losses(report: Report, run: Training, folder: Path, console: Console) -> None:
    """Print the loss on text held out beside those of both baselines."""
    table = table_of(run, "", "loss (nats)", "perplexity")
    for name, loss in (
        ("the model", report.loss),
        ("frequencies of tokens (unigram)", report.unigram_loss),
        ("… after the token before (bigram)", report.bigram_loss),
    ):
        table.add_row(name, f"{loss:.3f}", f"{math.exp(loss):.1f}")
    console.print(table)
    beaten = report.loss < min(report.unigram_loss, report.bigram_loss)
    verdict = "It beats" if beaten else "It does not beat"
    console.print(f"{verdict} both, on {report.n_tokens} tokens. Written to {folder}/.")
