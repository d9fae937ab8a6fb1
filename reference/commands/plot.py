"""`python -m reference plot [NAME …]`: the lecture's pictures, as PNG and SVG.

Those of scaling laws are drawn from the study's table, reference/data/scaling_runs.csv and
scaling_curves.csv (see `scaling_table`); the others from experiments of a few seconds.

>>> sorted(PICTURES)[:3]
['double_descent', 'exponents', 'isoflop_profiles']

Left out: pictures of published runs (`python -m reference published`).
Proved by: the command's files, for tables written by the tests; what it says of a name or a table
that is not there.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from reference import why_scaling
from reference.compute_optimal import (
    Exponents,
    isoflop_profiles,
    minimum_over_curves,
    parametric_fit,
)
from reference.frontier import LossCurves, loss_curves
from reference.joint_law import fit_joint_law
from reference.landscape import LANDSCAPE
from reference.pictures import (
    double_descent,
    exponents,
    isoflop_profiles as profiles_picture,
    joint_law_contours,
    landscapes,
    loss_frontier,
    minima,
    model_sizes,
)
from reference.pictures.style import save
from reference.profiles import isoflop_runs
from reference.published_exponents import APPROACHES, PUBLISHED, Row
from reference.published_runs import Columns
from reference.scaling_table import read_points, read_runs

TABLES = Path(__file__).parents[1] / "data"


class Study(NamedTuple):
    """The study's runs, its curves, and the exponents of approaches 1, 2 and 3."""

    runs: Columns
    curves: LossCurves
    found: tuple[Exponents, Exponents, Exponents]


@cache
def read_study(tables: Path) -> Study:
    """Read both tables and find the exponents in each way; once for all pictures."""
    runs, points = (
        read_runs(tables / "scaling_runs.csv"),
        read_points(tables / "scaling_curves.csv"),
    )
    ends = Columns(runs.n_params, runs.n_tokens, runs.loss)
    on_the_way = runs.sizes_of(points), points.n_tokens, points.loss
    found = (
        minimum_over_curves(*on_the_way, runs=points.run),
        isoflop_profiles(*ends),
        parametric_fit(*ends),
    )
    return Study(ends, loss_curves(*on_the_way, runs=points.run), found)


def _exponents(study: Study) -> Figure:
    ours = [
        Row("ours", approach, e.a, e.a_interval, e.b, e.b_interval)
        for approach, e in zip(APPROACHES, study.found, strict=False)
    ]
    return exponents.picture([*ours, *PUBLISHED])


OF_STUDY: dict[str, Callable[[Study], Figure]] = {
    "loss_frontier": lambda study: loss_frontier.picture(study.curves, study.found[0]),
    "isoflop_profiles": lambda study: profiles_picture.picture(
        isoflop_runs(*study.runs), study.found[1]
    ),
    "joint_law_contours": lambda study: joint_law_contours.picture(
        fit_joint_law(*study.runs), *study.runs
    ),
    "exponents": _exponents,
}
trained = cache(why_scaling.landscapes)
OF_EXPERIMENTS: dict[str, Callable[[], Figure]] = {
    "model_sizes": lambda: model_sizes.picture(LANDSCAPE),
    "double_descent": lambda: double_descent.picture(*why_scaling.descents()),
    "landscapes": lambda: landscapes.picture(trained().slices, why_scaling.UNIT),
    "minima": lambda: minima.picture(trained().minima, trained().paths, why_scaling.UNIT),
}
PICTURES = [*OF_EXPERIMENTS, *OF_STUDY]


def plot(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Which: {', '.join(PICTURES)}; by default all.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("build/plots"),
    tables: Annotated[Path, typer.Option(help="Where the study's tables are.")] = TABLES,
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
            figure = OF_EXPERIMENTS[name]() if name in OF_EXPERIMENTS else _of_study(name, tables)
            paths = save(figure, folder, name)
            progress.update(task, completed=1, description=" ".join(map(str, paths)))


def _of_study(name: str, tables: Path) -> Figure:
    try:
        return OF_STUDY[name](read_study(tables))
    except (FileNotFoundError, ValueError) as error:
        raise typer.BadParameter(
            f"{name} is drawn from the study's tables: {error}; --tables names their folder"
        ) from error
