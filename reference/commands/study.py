"""`python -m reference study`: train the study's runs, and write their table.

Several runs are trained at a time, one a core, the longest first. Each that ends is written down
at once (`run_log`), so that after a kill the same command goes on with the next ones.

Left out: several machines.
Proved by: a small study killed and gone on with gives the table of one that was not.
"""

import multiprocessing
import os
import platform
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from reference.run_log import RunLog
from reference.study import (
    BATCH,
    FULL,
    HELD_OUT_SEED,
    N_HEADS,
    N_LAYERS,
    QUICK,
    WORDS,
    Finished,
    Plan,
    Run,
    rate_rule,
    source,
    train,
)


def settings() -> dict[str, Any]:
    """Give all that the runs' results depend on, beside what each run says itself."""
    s = source()
    return {
        "source": {
            "vocab_size": s.vocab_size,
            "word_length": s.word_length,
            "exponent": s.exponent,
            "seed": s.seed,
        },
        "entropy_rate": s.entropy_rate,
        "n_layers": N_LAYERS,
        "n_heads": N_HEADS,
        "words": WORDS,
        "batch": BATCH,
        "held_out_seed": HELD_OUT_SEED,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
    }


def study(
    quick: Annotated[bool, typer.Option("--quick", help="A small one, in 3 minutes.")] = False,
    jobs: Annotated[
        int, typer.Option(min=0, show_default="one a core", help="Runs at a time.")
    ] = 0,
    folder: Annotated[
        Path | None, typer.Option(show_default="build/study", help="Where to write.")
    ] = None,
) -> None:
    """Train a few hundred small GPTs, and fit scaling laws to them."""
    console = Console()
    folder = folder or Path("build/study-quick" if quick else "build/study")
    try:
        log = RunLog(folder / "runs.jsonl", settings())
    except ValueError as error:
        raise typer.BadParameter(f"{error}: --folder.") from error
    train_plan(QUICK if quick else FULL, log, jobs or os.cpu_count() or 1, console)


def train_plan(plan: Plan, log: RunLog, jobs: int, console: Console) -> list[Finished]:
    """Train what the log does not hold yet; return the study's runs, in the plan's order."""
    _train_all(plan.sweep(), log, jobs, console, "learning rates")
    rule = rate_rule([log.finished[run.name] for run in plan.sweep()])
    runs = plan.runs(rule.rate)
    _train_all(runs, log, jobs, console, "runs")
    return [log.finished[run.name] for run in runs]


def _train_all(runs: Sequence[Run], log: RunLog, jobs: int, console: Console, what: str) -> None:
    missing = [run for run in runs if run.name not in log.finished]
    missing.sort(key=lambda run: -run.seconds)
    total = sum(run.seconds for run in runs)
    done = total - sum(run.seconds for run in missing)
    columns = (
        TextColumn("{task.description} {task.fields[ended]} of " + str(len(runs))),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[last]}"),
    )
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    with (
        Progress(*columns, console=console, speed_estimate_period=600) as progress,
        ProcessPoolExecutor(jobs, context, torch.set_num_threads, (1,)) as pool,
    ):
        bar = progress.add_task(
            what, total=total, completed=round(done), ended=len(runs) - len(missing), last=""
        )
        futures = [pool.submit(train, run) for run in missing]
        for number, future in enumerate(as_completed(futures), len(runs) - len(missing) + 1):
            finished = future.result()
            log.add(finished)
            last = f"{finished.run.name}: {finished.loss:.3f}"
            progress.update(bar, advance=finished.run.seconds, ended=number, last=last)
