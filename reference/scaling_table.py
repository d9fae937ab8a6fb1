"""The table of a scaling study: a row for each training run, and points of their curves beside it.

    scaling_runs.csv     what was trained, on how much, at what cost, and the loss at the end
    scaling_curves.csv   the loss of each run on its way

Columns stand in a header line, in any order; others are passed over. What is missing or cannot be
is said with its line: a fit of a table read half would look like any other.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder, "curves.csv")
...     _ = path.write_text("run,n_tokens,flops,loss\\n7,1000,6e7,3.5\\n7,2000,1.2e8,3.1\\n")
...     points = read_points(path)
>>> points.run.tolist(), points.loss.tolist()
(['7', '7'], [3.5, 3.1])

Left out: writing (the study does it), units but those named below.
Proved by: rows written by Python's csv module; each way in which a table can be wrong, tried.
"""

import csv
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy import ndarray

WHOLE = {"seed", "n_layers", "d_model", "n_heads"}
AS_WRITTEN = {"run"}
FROM_0 = {"seed", "seconds"}  # the rest is positive


@dataclass(frozen=True)
class Runs:
    """Runs as columns: `budget` is what `flops` was to be, the same for all runs of a profile."""

    run: Shaped[ndarray, " runs"]  # its name, in both files
    seed: Int[ndarray, " runs"]
    n_layers: Int[ndarray, " runs"]
    d_model: Int[ndarray, " runs"]
    n_heads: Int[ndarray, " runs"]
    n_params: Float[ndarray, " runs"]
    n_tokens: Float[ndarray, " runs"]
    budget: Float[ndarray, " runs"]  # FLOPs
    flops: Float[ndarray, " runs"]
    learning_rate: Float[ndarray, " runs"]
    loss: Float[ndarray, " runs"]  # nats a token
    seconds: Float[ndarray, " runs"]

    def sizes_of(self, points: "Points") -> Float[ndarray, " points"]:
        """Give each point's n_params: that of its run."""
        sizes = dict(zip(self.run.tolist(), self.n_params.tolist(), strict=True))
        strangers = [run for run in points.run.tolist() if run not in sizes]
        if strangers:
            raise ValueError(
                f"every point must belong to a run of the table: got run {strangers[0]!r}, and "
                f"{len(strangers)} such points in all; read the two files of one study"
            )
        return np.array([sizes[run] for run in points.run.tolist()])


@dataclass(frozen=True)
class Points:
    """Points of training curves, in the order of training within each run."""

    run: Shaped[ndarray, " points"]
    n_tokens: Float[ndarray, " points"]
    flops: Float[ndarray, " points"]
    loss: Float[ndarray, " points"]  # nats a token, in training


Table = TypeVar("Table", Runs, Points)


def read_runs(path: Path) -> Runs:
    """Read scaling_runs.csv."""
    runs = _read(path, Runs)
    names, counts = np.unique(runs.run, return_counts=True)
    if (counts > 1).any():
        raise ValueError(
            f"{path}: each run must have one row: got {counts.max()} of run "
            f"{names[counts.argmax()].item()!r}; name runs apart"
        )
    return runs


def read_points(path: Path) -> Points:
    """Read scaling_curves.csv."""
    return _read(path, Points)


def _read(path: Path, kind: type[Table]) -> Table:
    """Read the columns that a table has, each number looked at."""
    names = [field.name for field in fields(kind)]
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [name for name in names if name not in (reader.fieldnames or [])]
        if missing:
            raise ValueError(
                f"{path}: the columns must be {', '.join(names)}: got no {', '.join(missing)}; "
                "they are named in the first line"
            )
        rows = [
            [_value(path, reader.line_num, name, row[name]) for name in names] for row in reader
        ]
    if not rows:
        raise ValueError(f"{path}: there must be a row at least: got none; run the study first")
    return kind(*(np.array(column) for column in zip(*rows, strict=True)))


def _value(path: Path, line: int, name: str, text: str | None) -> str | int | float:
    """Turn what stands in a column into its type."""
    if text and name in AS_WRITTEN:
        return text
    least = "0 or more" if name in FROM_0 else "positive"
    kind = f"whole and {least}" if name in WHOLE else f"a number, finite and {least}"
    try:
        number = int(text or "") if name in WHOLE else float(text or "")
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and (number > 0 or (number == 0 and name in FROM_0))):
        kind = "a name" if name in AS_WRITTEN else kind
        raise ValueError(
            f"{path}, line {line}: {name} must be {kind}: got {text!r}; mend the row, or leave out "
            "the run"
        )
    return number
