"""`python -m reference published --data FOLDER`: published runs, fitted anew.

Prints the coefficients of Hoffmann's points by each objective, where L-BFGS-B stops early, and
Porian's walk beside the authors' own exponents; draws the last two into build/published/.

Left out: a folder by default: the files are not part of this repository (see `published_runs`).
Proved by: the command, run on the published files where they are, and where they are not.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from reference import early_stop
from reference.joint_law import JointLaw
from reference.log_sum_fit import huber
from reference.pictures import early_stop as early_stop_picture, porian_walk as walk_picture
from reference.pictures.style import save
from reference.published_runs import (
    HOFFMANN_FILE,
    HOFFMANN_LAW,
    PORIAN_FILE,
    Columns,
    hoffmann_runs,
    porian_walk,
    refits,
)

HEADINGS = ("E", "A", "B", "alpha", "beta", "a")


def published(
    data: Annotated[Path, typer.Option(help="The folder with the published files.")],
    folder: Annotated[Path, typer.Option(help="Where to draw.")] = Path("build/published"),
) -> None:
    """Refit published runs: Hoffmann's points, the early stop, Porian's walk from Kaplan."""
    console = Console()
    there = [name for name in (HOFFMANN_FILE, PORIAN_FILE) if (data / name).exists()]
    if not there:
        raise typer.BadParameter(
            f"{data} must hold {HOFFMANN_FILE} or {PORIAN_FILE}: got neither; --data names the "
            "folder"
        )
    if HOFFMANN_FILE in there:
        runs = hoffmann_runs(data)
        console.print(_coefficients("Hoffmann's points, refitted", refits(data), runs))
        _early_stop(runs, folder, console)
    if PORIAN_FILE in there:
        walk = porian_walk(data)
        table = Table("set-up", "a", "middle 80%", "authors", title="From Kaplan to Hoffmann")
        for step, found in walk:
            low, high = found.a_interval
            table.add_row(
                step.change, f"{found.a:.3f}", f"{low:.3f} to {high:.3f}", f"{step.authors:.3f}"
            )
        console.print(table)
        _say(save(walk_picture.picture(walk), folder, "porian_walk"), console)
    for name in {HOFFMANN_FILE, PORIAN_FILE} - set(there):
        console.print(f"Left out: {name} is not in {data}.")


def _early_stop(runs: Columns, folder: Path, console: Console) -> None:
    """Minimise the mean from two sets of starts, and scaled; show where each ends."""
    with console.status("L-BFGS-B from 4,500 starts"):
        from_paper = early_stop.stops(*runs, early_stop.PAPER_STARTS)
    stops = early_stop.stops(*runs, early_stop.NEAR_STARTS)
    scaled = early_stop.stops(*runs, early_stop.NEAR_STARTS, factor=early_stop.FACTOR)
    laws = {
        "best of 4,500 starts, the paper's": from_paper[0].law,
        "best of 48, log A = log B = 6": stops[0].law,
        "the same 48, objective x 1e5": scaled[0].law,
        "as published": HOFFMANN_LAW,
    }
    console.print(_coefficients("L-BFGS-B, default tolerances, mean of Huber losses", laws, runs))
    steps = early_stop.descent(stops[0].law, *runs)
    _say(
        save(early_stop_picture.picture(stops, steps, HOFFMANN_LAW), folder, "early_stop"), console
    )


def _coefficients(title: str, laws: dict[str, JointLaw], runs: Columns) -> Table:
    """Make a row a law, with the objective on the usual 240 runs."""
    table = Table("", *HEADINGS, "objective", title=title)
    for name, law in laws.items():
        residuals = np.log(law.loss(runs.n_params, runs.n_tokens) / runs.loss)
        objective = huber(residuals, early_stop.HUBER_DELTA).sum()
        numbers = [f"{law.E:.4f}", f"{law.A:.2f}", f"{law.B:.2f}"]
        numbers += [f"{x:.4f}" for x in (law.alpha, law.beta, law.optimal_exponents()[0])]
        table.add_row(name, *numbers, f"{objective:.8f}")
    return table


def _say(paths: list[Path], console: Console) -> None:
    for path in paths:
        console.print(f"Written: {path}", soft_wrap=True)
