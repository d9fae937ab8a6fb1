"""The table of ways to adapt a model: a row for each method and seed, and how it was made.

    adaptation.csv     what was trained, at which learning rate, and the accuracy on the test part
    adaptation.json    the command, versions, data, and the learning rates that were tried

Columns stand in a header line, in any order; `share`, what was trained of all, is for readers of
the file, and is not read again.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     path = Path(folder, TABLE)
...     write_table(path, {"LoRA": [Result(296, 90_000, 0.8), Result(296, 90_000, 0.82)]})
...     print(path.read_text(), end="")
...     read_table(path)["LoRA"][1].accuracy
method,seed,learning_rate,trainable,total,share,accuracy
LoRA,0,0.001,296,90000,0.003289,0.800000
LoRA,1,0.001,296,90000,0.003289,0.820000
0.82

Left out: the tests' sentences, the trained weights.
Proved by: Python's csv module; each way in which a table can be wrong, tried; the committed table
is what the code makes.
"""

import csv
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from reference.adaptation import METHODS, Result

TABLE, MADE = "adaptation.csv", "adaptation.json"
COMMAND = "python -m reference adapt --rates && python -m reference adapt"
COLUMNS = ("method", "seed", "learning_rate", "trainable", "total", "share", "accuracy")


def write_table(path: Path, results: Mapping[str, Sequence[Result]]) -> None:
    """Write the runs of each method of `METHODS`; the first has seed 0."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name, runs in results.items():
            for seed, run in enumerate(runs):
                share, accuracy = f"{run.trainable / run.total:.6f}", f"{run.accuracy:.6f}"
                rate = METHODS[name].lr
                writer.writerow([name, seed, rate, run.trainable, run.total, share, accuracy])


def write_made(path: Path, settings: dict[str, Any], rates: Sequence[dict[str, Any]]) -> None:
    """Write how the table was made, and how well the learning rates did that were tried."""
    versions = {"torch": torch.__version__, "machine": platform.machine()}
    made = {"command": COMMAND, **settings, **versions, "rates": rates}
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def read_chance(path: Path) -> float:
    """Read the accuracy of always naming the more frequent class."""
    return json.loads(path.read_text(encoding="utf-8"))["chance"]


def read_table(path: Path) -> dict[str, list[Result]]:
    """Read the runs of each method, in the order of the table."""
    results: dict[str, list[Result]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(
                f"{path}: the columns must be {', '.join(COLUMNS)}: got no {', '.join(missing)}; "
                "they are named in the first line"
            )
        for row in reader:
            runs = results.setdefault(row["method"], [])
            try:
                run = Result(int(row["trainable"]), int(row["total"]), float(row["accuracy"]))
                seed = int(row["seed"])
            except (TypeError, ValueError):
                run, seed = Result(0, 0, 0.0), -1
            if seed != len(runs) or not (0 < run.trainable <= run.total and 0 <= run.accuracy <= 1):
                raise ValueError(
                    f"{path}, line {reader.line_num}: a row must have seed {len(runs)}, the next "
                    "of its method, 0 < trainable <= total, and an accuracy from 0 to 1: got "
                    f"{','.join(map(str, row.values()))}; write the table anew"
                )
            runs.append(run)
    if not results:
        raise ValueError(f"{path}: there must be a row at least: got none; adapt a model first")
    return results
