"""`python -m reference study`: train the study's runs, write their table, say what it shows.

Several runs are trained at a time, one a core, the longest first. Each that ends is written down
at once (`run_log`), so that after a kill the same command goes on with the next ones. Then come the
table's files (`study_table`), the lecture's table made again (`findings`) beside the published
one, and with `--plot` the pictures.

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
from rich.table import Table

from reference.commands.plot import OF_STUDY, TABLES, plot as draw
from reference.findings import Findings, read_findings
from reference.learning_rate_rule import rate_rule
from reference.published_exponents import APPROACHES, PUBLISHED
from reference.run_log import RunLog
from reference.scaling_laws import Interval
from reference.study import (
    BATCH,
    FULL,
    HELD_OUT_SEED,
    N_HEADS,
    N_LAYERS,
    QUICK,
    WORDS,
    Finished,
    Run,
    source,
    train,
)
from reference.study_table import write_made, write_table


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
    plot: Annotated[bool, typer.Option("--plot", help="Draw pictures there too.")] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Replace the table in reference/data too.")
    ] = False,
) -> None:
    """Train a few hundred small GPTs, and fit scaling laws to them."""
    console = Console()
    folder = folder or Path("build/study-quick" if quick else "build/study")
    made_with = settings()
    try:
        log = RunLog(folder / "runs.jsonl", made_with)
    except ValueError as error:
        raise typer.BadParameter(f"{error}: --folder.") from error
    plan, jobs = QUICK if quick else FULL, jobs or os.cpu_count() or 1
    sweep = train_all(plan.sweep(), log, jobs, console, "learning rates")
    rule = rate_rule(sweep)
    finished = train_all(plan.runs(rule.rate), log, jobs, console, "runs")
    command = "python -m reference study" + " --quick" * quick
    known = {"entropy_rate": source().entropy_rate}
    for target in (folder, *([TABLES] if publish else [])):
        write_table(target, finished)
        write_made(target, command, made_with | known, sweep, rule._asdict())
    found = read_findings(folder)
    show(found, source().entropy_rate, console)
    console.print(f"Written to {folder}/" + f" and {TABLES}/" * publish)
    if plot:
        draw([*OF_STUDY], folder=folder, tables=folder)


def train_all(
    runs: Sequence[Run], log: RunLog, jobs: int, console: Console, what: str
) -> list[Finished]:
    """Train what the log does not hold yet; return all of these runs, in their order."""
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
    return [log.finished[run.name] for run in runs]


def show(found: Findings, entropy_rate: float, console: Console) -> None:
    """Print the lecture's table, ours and as published, the law, and what must be said of them."""
    table = Table("approach", "a", "b", "whose", title="N_opt ∝ C^a, D_opt ∝ C^b, and middle 80%")
    for row in sorted([*found.rows(), *PUBLISHED], key=lambda row: APPROACHES.index(row.approach)):
        a, b = _exponent(row.a, row.a_interval), _exponent(row.b, row.b_interval)
        table.add_row(row.approach, a, b, row.source)
    console.print(table)
    law = Table("", "found", "middle 80%", title="L = E + A / N^alpha + B / D^beta, nats a token")
    for name, (low, high) in found.law_intervals.items():
        law.add_row(name, f"{getattr(found.law, name):.4g}", f"{low:.4g} to {high:.4g}")
    law.add_row("entropy of the source", f"{entropy_rate:.4g}", "known")
    console.print(law)
    longer = Table("runs of", "how many", "E", "middle 80%", "alpha", "beta", "a")
    longer.title = "The law of longer runs alone"
    for few in found.laws_of_longer_runs:
        low, high = few.e_interval
        longer.add_row(
            f"{few.fewest_tokens:.2g} tokens or more",
            str(few.n_runs),
            f"{few.law.E:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{few.law.alpha:.2f}",
            f"{few.law.beta:.2f}",
            _exponent(few.law.optimal_exponents()[0], few.a_interval),
        )
    console.print(longer)
    for remark in found.remarks(entropy_rate):
        console.print(f"- {remark}", highlight=False)


def _exponent(value: float, bounds: Interval | None) -> str:
    return f"{value:.2f}" + (f" ({bounds[0]:.3f}, {bounds[1]:.3f})" if bounds else "")
