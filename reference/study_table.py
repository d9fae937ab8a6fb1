"""The study's table as files: what `scaling_table` reads, and how it was made.

    scaling_runs.csv     a row a run: what was trained, on how much, at what cost, its loss
    scaling_curves.csv   points on each run's way
    scaling_study.json   the command, versions, source and learning rates that made the two

The same runs give the same bytes, but for the seconds that a machine took.

>>> from tempfile import TemporaryDirectory
>>> from reference.study import Run
>>> run = Run(budget=2e10, d_model=16, seed=1, learning_rate=0.01)
>>> finished = Finished(run, loss=1.9, curve=[(512, 3.2)], seconds=6)
>>> with TemporaryDirectory() as folder:
...     write_table(Path(folder), [finished])
...     print(Path(folder, CURVES).read_text(), end="")
run,n_tokens,flops,loss
C2e+10-d16-lr0.01-s1,512,1.34185e+07,3.20000

Left out: reading (see `scaling_table`).
Proved by: `scaling_table` reads what was written; sizes and costs are those of the runs.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN
from reference.study import N_HEADS, N_LAYERS, Finished

RUNS, CURVES, MADE = "scaling_runs.csv", "scaling_curves.csv", "scaling_study.json"


def write_table(folder: Path, finished: Sequence[Finished]) -> None:
    """Write both tables of these runs, in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / RUNS, (_row(one) for one in finished))
    _write(folder / CURVES, (point for one in finished for point in _points(one)))


def write_made(
    folder: Path,
    command: str,
    settings: dict[str, Any],
    sweep: Sequence[Finished],
    rule: dict[str, float],
) -> None:
    """Write how the tables were made: the learning rate's rule, and the sweep it comes from."""
    rates = [
        {
            "budget": one.run.budget,
            "n_params": one.run.n_params,
            "learning_rate": one.run.learning_rate,
            "loss": round(one.loss, 5),
        }
        for one in sweep
    ]
    made = {"command": command, **settings, "rule": rule, "sweep": rates}
    (folder / MADE).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def _row(one: Finished) -> dict[str, str | int]:
    run = one.run
    return {
        "run": run.name,
        "seed": run.seed,
        "n_layers": N_LAYERS,
        "d_model": run.d_model,
        "n_heads": N_HEADS,
        "n_params": run.n_params,
        "n_tokens": run.n_tokens,
        "budget": f"{run.budget:g}",
        "flops": _flops(run.n_params, run.n_tokens),
        "learning_rate": f"{run.learning_rate:g}",
        "loss": f"{one.loss:.5f}",
        "seconds": f"{one.seconds:.1f}",
    }


def _points(one: Finished) -> Iterable[dict[str, str | int]]:
    for tokens, loss in one.curve:
        yield {
            "run": one.run.name,
            "n_tokens": tokens,
            "flops": _flops(one.run.n_params, tokens),
            "loss": f"{loss:.5f}",
        }


def _flops(n_params: int, n_tokens: int) -> str:
    return f"{FLOPS_PER_PARAMETER_AND_TOKEN * n_params * n_tokens:.6g}"


def _write(path: Path, rows: Iterable[dict[str, str | int]]) -> None:
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
