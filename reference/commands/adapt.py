"""`python -m reference adapt`: every way to adapt MiniLM, on one task, side by side.

It tells positive from negative sentences about films (`sentiment`), and writes into build/adapt/:

    <method>-<seed>.json    one run: what it trained, and its accuracy on the test sentences
    adaptation.csv          all runs as a table (`adaptation_table`)
    adaptation.json         how it was made, and the learning rates that were tried
    adapt.png, adapt.svg    accuracy against trained parameters
    rates/                  what --rates found: a run for each method and rate to try

A seed decides which training sentences are seen, in which order, and the new parameters' first
values; for one seed all methods see the same. A run that is there is not made again, so a command
that was stopped goes on with the next. No test sentence had a say in a learning rate: `--rates`
measures on the validation sentences, and the best rate there is the method's in `adaptation`.

>>> spread([0.8, 0.9, 0.7])
'80.0% (70.0 … 90.0)'

Left out: choosing sizes anew; other tasks, other models (see `adaptation`).
Proved by: the files of a short run and of one that goes on; the picture; what is said when data or
weights are missing; the committed table (reference/data/adaptation.csv) is what it wrote.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from reference.adaptation import METHODS, Method, Result, adapt_and_measure
from reference.adaptation_table import MADE, TABLE, write_made, write_table
from reference.fine_tuning import BATCH_SIZE, Rows
from reference.minilm import load_minilm, minilm_folder
from reference.pictures import adaptation
from reference.pictures.style import save
from reference.sentiment import SHA256, as_rows, read_snippets, split
from reference.wordpiece import WordPiece

Results = dict[str, list[Result]]  # a method's runs, one a seed


def adapt(
    steps: Annotated[int, typer.Option(min=1, help="Of each run; 16 sentences a step.")] = 80,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method.")] = 3,
    threads: Annotated[int, typer.Option(min=1, help="Processor cores to use.")] = 2,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two steps, one seed, few sentences: only a trial.")
    ] = False,
    rates: Annotated[
        bool, typer.Option("--rates", help="Try learning rates, on the validation sentences.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("build/adapt"),
    anew: Annotated[bool, typer.Option("--anew", help="Make runs again that are there.")] = False,
) -> None:
    """Adapt MiniLM to the sentiment of film reviews by every method, and compare them."""
    console = Console()
    torch.set_num_threads(threads)
    if quick:
        steps, seeds, folder = 2, 1, folder / "quick"
    try:
        train, validation, test = _rows()
    except (FileNotFoundError, ModuleNotFoundError) as error:
        raise typer.BadParameter(str(error)) from error
    methods, measured = METHODS, test
    if rates:
        methods, measured, seeds, folder = _with_rates(), validation, 1, folder / "rates"
    if quick:
        # from all over: the source has one class first, then the other
        measured = measured.take(torch.linspace(0, len(measured.labels) - 1, 32).long())
    results = _run_all(methods, train, measured, steps, seeds, folder, anew, console)
    share = measured.labels.double().mean().item()
    chance = max(share, 1 - share)
    console.print(table(results, len(measured.labels), chance))
    if rates:
        return
    write_table(folder / TABLE, results)
    settings = {
        "steps": steps,
        "batch_size": BATCH_SIZE,
        "data": SHA256,
        "sentences": {"train": len(train.labels), "test": len(measured.labels)},
        "chance": round(chance, 6),
    }
    write_made(folder / MADE, settings, _tried(folder / "rates", steps))
    for path in (*save(adaptation.picture(results, chance), folder, "adapt"), folder / TABLE):
        console.print(f"Written: {path}", soft_wrap=True)


def _with_rates() -> dict[str, Method]:
    """Give each method with each rate to try."""
    return {
        f"{name} at {rate:g}": replace(method, lr=rate)
        for name, method in METHODS.items()
        for rate in method.tried
    }


def _tried(folder: Path, steps: int) -> list[dict[str, Any]]:
    """Give what --rates found with as many steps, if it was called."""
    found = []
    for name in _with_rates():
        path = folder / f"{_slug(name)}-0.json"
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        if content and content["settings"]["steps"] == steps:
            n, accuracy = content["settings"]["test"], round(content["accuracy"], 6)
            found.append({"run": name, "validation_sentences": n, "accuracy": accuracy})
    return found


def _run_all(
    methods: Mapping[str, Method],
    train: Rows,
    measured: Rows,
    steps: int,
    seeds: int,
    folder: Path,
    anew: bool,
    console: Console,
) -> Results:
    """Make the runs that the folder lacks, and give all."""
    folder.mkdir(parents=True, exist_ok=True)
    results: Results = {name: [] for name in methods}
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task("", total=len(methods) * seeds * steps)
        for seed in range(seeds):  # all methods of one seed first: a stopped command has a table
            for name, method in methods.items():
                progress.update(bar, description=f"{name}, seed {seed}")
                path = folder / f"{_slug(name)}-{seed}.json"
                identity = {"steps": steps, "lr": method.lr, "test": len(measured.labels)}
                result = None if anew else _kept(path, identity)
                if result is None:
                    seen = _seen(train, steps * BATCH_SIZE, seed)
                    advance = lambda: progress.advance(bar)  # noqa: E731
                    result = _run(method, seen, measured, steps, seed, advance)
                    _keep(path, identity, result)
                done = len(methods) * seed + list(methods).index(name) + 1
                progress.update(bar, completed=steps * done)
                results[name].append(result)
    return results


def _slug(name: str) -> str:
    return name.replace(" ", "-")


def _rows() -> tuple[Rows, ...]:
    """Read the sentences to train on, to validate and to test with, as MiniLM reads them."""
    vocabulary = (minilm_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    tokenizer = WordPiece(vocabulary)
    return tuple(as_rows(part, tokenizer) for part in split(read_snippets()))


def _seen(train: Rows, n_rows: int, seed: int) -> Rows:
    """Choose the sentences that all methods of one seed see."""
    generator = torch.Generator().manual_seed(seed)
    return train.take(torch.randperm(len(train.labels), generator=generator)[:n_rows])


def _run(
    method: Method, train: Rows, test: Rows, steps: int, seed: int, on_step: Callable[[], None]
) -> Result:
    model = load_minilm()
    return adapt_and_measure(
        method,
        model,
        train,
        test,
        d_model=model.config.d_model,
        steps=steps,
        seed=seed,
        on_step=lambda _loss: on_step(),
    )


def _keep(path: Path, identity: dict[str, Any], result: Result) -> None:
    """Write a run's result, whole or not at all."""
    unfinished = path.with_suffix(".part")
    content = {"settings": {**identity, "data": SHA256}, **result._asdict()}
    unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _kept(path: Path, identity: dict[str, Any]) -> Result | None:
    """Read a run's result, if it was made with the same settings and data."""
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.pop("settings") != {**identity, "data": SHA256}:
        return None
    return Result(**content)


def spread(accuracies: Sequence[float]) -> str:
    """Write the mean over the seeds, the lowest and the highest."""
    low, high = min(accuracies), max(accuracies)
    return f"{fmean(accuracies):.1%} ({100 * low:.1f} … {100 * high:.1f})"


def table(results: Results, n_test: int, chance: float) -> Table:
    """Set the methods side by side, by what they train."""
    form = Table(title=f"MiniLM on {n_test} sentences about films ({chance:.1%} of one class)")
    form.add_column("method")
    form.add_column("trained", justify="right")
    form.add_column("of all", justify="right")
    form.add_column("fewer than 1%")
    form.add_column("accuracy: mean (range over seeds)", justify="right")
    for name, runs in results.items():
        share = runs[0].trainable / runs[0].total
        accuracies = [run.accuracy for run in runs]
        below = "yes" if share < 0.01 else "no"
        form.add_row(name, f"{runs[0].trainable:,}", f"{share:.3%}", below, spread(accuracies))
    return form
