"""`python -m reference plot [NAME …]`: the lecture's pictures, as PNG and SVG.

Those of scaling laws are drawn from the study's table, reference/data/scaling_runs.csv and
scaling_curves.csv (see `findings`), that of adaptation from adaptation.csv beside them; the others
from experiments of a few seconds.

>>> sorted(PICTURES)[:3]
['adaptation', 'double_descent', 'exponents']

Left out: pictures of published runs (`python -m reference published`).
Proved by: the command's files, for tables written by the tests; what it says of a name or a table
that is not there.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

import torch
import typer
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from reference import why_scaling
from reference.adaptation_table import MADE, TABLE, read_chance, read_table
from reference.findings import Findings, read_findings
from reference.landscape import LANDSCAPE
from reference.pictures import (
    adaptation,
    double_descent,
    exponents,
    isoflop_profiles,
    joint_law_contours,
    landscapes,
    loss_frontier,
    minima,
    model_sizes,
)
from reference.pictures.style import save
from reference.published_exponents import PUBLISHED

TABLES = Path(__file__).parents[1] / "data"


read_study = cache(read_findings)  # once for all pictures

OF_STUDY: dict[str, Callable[[Findings], Figure]] = {
    "loss_frontier": lambda found: loss_frontier.picture(found.curves, found.exponents[0]),
    "isoflop_profiles": lambda found: isoflop_profiles.picture(found.profiles, found.exponents[1]),
    "joint_law_contours": lambda found: joint_law_contours.picture(
        found.law, found.runs.n_params, found.runs.n_tokens, found.runs.loss
    ),
    "exponents": lambda found: exponents.picture([*found.rows(), *PUBLISHED]),
}
trained = cache(why_scaling.landscapes)
OF_EXPERIMENTS: dict[str, Callable[[], Figure]] = {
    "model_sizes": lambda: model_sizes.picture(LANDSCAPE),
    "double_descent": lambda: double_descent.picture(*why_scaling.descents()),
    "landscapes": lambda: landscapes.picture(trained().slices, why_scaling.UNIT),
    "minima": lambda: minima.picture(trained().minima, trained().paths, why_scaling.UNIT),
}
PICTURES = [*OF_EXPERIMENTS, *OF_STUDY, "adaptation"]


def plot(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Which: {', '.join(PICTURES)}; by default all.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("build/plots"),
    tables: Annotated[Path, typer.Option(help="Where the tables are.")] = TABLES,
) -> None:
    """Draw the lecture's pictures, each as PNG and SVG."""
    console = Console()
    chosen = list(dict.fromkeys(names or PICTURES))
    unknown = [name for name in chosen if name not in PICTURES]
    if unknown:
        raise typer.BadParameter(
            f"names must be among {', '.join(PICTURES)}: got {', '.join(unknown)}"
        )
    # matrices of a few dozen rows: threads would wait for one another
    torch.set_num_threads(1)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for name in chosen:
            task = progress.add_task(name, total=1)
            figure = OF_EXPERIMENTS[name]() if name in OF_EXPERIMENTS else _of_tables(name, tables)
            paths = save(figure, folder, name)
            progress.update(task, completed=1, description=" ".join(map(str, paths)))


def _of_tables(name: str, tables: Path) -> Figure:
    try:
        if name in OF_STUDY:
            return OF_STUDY[name](read_study(tables))
        return adaptation.picture(read_table(tables / TABLE), read_chance(tables / MADE))
    except (FileNotFoundError, ValueError) as error:
        raise typer.BadParameter(
            f"{name} is drawn from a table: {error}; --tables names its folder"
        ) from error
