"""How fast grading is, measured against stock nbgrader on the same honest class: `make bench`.

One round grades the whole class with `nbgrader autograde` in a course folder with nbgrader's own
defaults, and with `autograder grade`, each as a command in a fresh process, each with a fresh
gradebook and nothing graded before; sides alternate, so that a machine that slows down slows both.
A third side, told apart in all that is printed, is the same command where `autograder warm` has
left a grader loaded. Every student's points for every graded cell must agree, or the comparison
counts for nothing.

Memory is the largest drop of the machine's available memory while a command runs: it counts what
processes share once, and what sandboxed ones use, whose own figures an ordinary user may not read.
Other programs that run meanwhile disturb it, and every time.
Proved by: a side that fails, and one that gives other points, end the bench with an error.
"""

import os
import shutil
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Annotated

import msgspec
import psutil
import typer
from nbgrader.api import Gradebook
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder.build import build
from autograder.course import Course
from autograder.errors import CoursewareError
from autograder.gradebook import write
from autograder.honest_class import hand_in
from autograder.verdict import Verdict, notebook_path

SAMPLE_S = 0.02  # between two looks at the memory
GROWTH = (4, 16, 64)  # submissions
LARGEST_FOR_STOCK = 16  # unless asked: stock nbgrader takes minutes for 64

console = Console()
Points = dict[tuple[str, str], tuple[float | None, float]]
"""(student, grade id) -> automatic score (None where a person must give it), of how many."""


class BenchError(CoursewareError):
    """A side failed, or the two sides gave different points; the text says which."""


@dataclass(frozen=True)
class Side:
    """One way to grade: a course folder and the command that grades an assignment in it."""

    name: str
    course: Path
    command: Sequence[str]


@dataclass
class Measured:
    """One side's runs over one class."""

    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    points: Points = field(default_factory=dict)

    @property
    def median_s(self) -> float:
        """The middle one of the run times."""
        return statistics.median(self.seconds)


def main(
    assignment: Annotated[str, typer.Argument(help="Which assignment to grade.")] = "a3_attention",
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each side over the class.")] = 3,
    students: Annotated[int, typer.Option(min=1, help="Submissions in the class.")] = 16,
    jobs: Annotated[int, typer.Option(min=0, help="As for `autograder grade`; 0: its own.")] = 0,
    growth: Annotated[bool, typer.Option(help="Grade 4, 16 and 64 submissions too.")] = True,
    full: Annotated[bool, typer.Option(help="64 with stock nbgrader too.")] = False,
    folder: Annotated[Path, typer.Option(help="Where course folders are made anew.")] = Path(
        "build/bench"
    ),
) -> None:
    """Grade one honest class with stock nbgrader and with ours, and print how they compare."""
    try:
        _compare(assignment, rounds, students, jobs, folder)
        if growth:
            _grow(assignment, jobs, full, folder)
    except CoursewareError as error:
        console.print(f"bench failed: {error}", style="red", markup=False)
        raise typer.Exit(1) from error


def _compare(assignment: str, rounds: int, students: int, jobs: int, folder: Path) -> None:
    stock, ours = make_sides(assignment, students, jobs, folder / "compare")
    warm = replace(ours, name="autograder, warm")
    runs = {side.name: Measured() for side in (stock, ours, warm)}
    for number in range(1, rounds + 1):
        for side in (stock, ours, warm):
            with _working(f"round {number} of {rounds}: {side.name}, {students} submissions"):
                with warm_grader(side, assignment) if side is warm else nullcontext():
                    measure(side, assignment, runs[side.name])
            agree(runs[stock.name].points, runs[side.name].points)
    with _working("once more, verdicts kept"):
        kept_s = run(ours)
    table = Table("", "median", "each round", "a submission", "peak memory", box=None)
    for name, measured in runs.items():
        each = "  ".join(f"{seconds:.2f}" for seconds in measured.seconds)
        one = f"{1000 * measured.median_s / students:.0f} ms"
        table.add_row(name, f"{measured.median_s:.2f} s", each, one, _gib(measured.peak_bytes))
    cells = len(runs[ours.name].points)
    console.print(f"\n{assignment}: {students} submissions, {os.cpu_count()} cores.")
    console.print(f"Both sides gave the same points for all {cells} graded cells.")
    console.print(table)
    print(f"speedup: {runs[stock.name].median_s / runs[ours.name].median_s:.1f}")
    times = runs[stock.name].median_s / runs[warm.name].median_s
    print(f"with a warm grader, left loaded by `autograder warm`: {times:.1f}")
    _print_split(ours.course, assignment)
    console.print(f"Once more with all verdicts kept: {kept_s:.2f} s")


def _grow(assignment: str, jobs: int, full: bool, folder: Path) -> None:
    table = Table("submissions", "stock nbgrader", "autograder", "stock's memory", "ours", box=None)
    for size in GROWTH:
        stock, ours = make_sides(assignment, size, jobs, folder / f"grow-{size}")
        seconds, memory, points = [], [], []
        for side in (stock, ours):
            if side is stock and size > LARGEST_FOR_STOCK and not full:
                seconds.append("not measured: --full")
                memory.append("")
                continue
            with _working(f"growth: {side.name}, {size} submissions"):
                measured = measure(side, assignment, Measured())
            seconds.append(f"{measured.median_s:.2f} s")
            memory.append(_gib(measured.peak_bytes))
            points.append(measured.points)
        agree(points[0], points[-1])
        table.add_row(str(size), *seconds, *memory)
    console.print("\nHow both grow (one run each):")
    console.print(table)


def make_sides(assignment: str, students: int, jobs: int, folder: Path) -> tuple[Side, Side]:
    """Two course folders with the same class: nbgrader's own defaults, and ours."""
    shutil.rmtree(folder, ignore_errors=True)
    course = Course.create(folder / "ours")
    build(course, assignment)
    hand_in(course, assignment, students)
    stock = folder / "stock"
    shutil.copytree(course.root, stock, ignore=shutil.ignore_patterns(".autograder"))
    (stock / "nbgrader_config.py").write_text('"""nbgrader\'s own defaults."""\n')
    for root in (course.root, stock):
        shutil.copy(root / "gradebook.db", root / "gradebook.fresh")
    grade = [str(Path(sys.executable).with_name("autograder")), "grade", assignment]
    grade += ["--course", str(course.root.resolve()), *(["--jobs", str(jobs)] if jobs else [])]
    autograde = [sys.executable, "-m", "nbgrader", "autograde", assignment]
    return Side("stock nbgrader", stock, autograde), Side("autograder", course.root, grade)


def measure(side: Side, assignment: str, into: Measured) -> Measured:
    """Grade the side's class from nothing, as a command, and add what it took."""
    shutil.rmtree(side.course / "autograded", ignore_errors=True)
    shutil.rmtree(side.course / ".autograder" / "verdicts", ignore_errors=True)
    shutil.copy(side.course / "gradebook.fresh", side.course / "gradebook.db")
    with _memory() as peak:
        seconds = run(side)
    into.seconds.append(seconds)
    into.peak_bytes = max(into.peak_bytes, peak[0])
    into.points = read_points(side.course / "gradebook.db", assignment)
    return into


def run(side: Side) -> float:
    """Run the side's command as nobody in particular; returns the seconds it took.

    Raises:
        BenchError: if the command fails.
    """
    started = perf_counter()
    _command(side, side.command)
    return perf_counter() - started


@contextmanager
def warm_grader(side: Side, assignment: str) -> Iterator[None]:
    """Keep a grader loaded for the side's commands. Raises: BenchError if none can be had."""
    autograder = side.command[0]
    _command(side, [autograder, "warm", assignment])
    try:
        yield
    finally:
        _command(side, [autograder, "warm", "--stop"])


def _command(side: Side, words: Sequence[str]) -> None:
    nobodys = str(side.course / "no-settings")  # nor is any warm grader found there but the bench's
    os.makedirs(nobodys, exist_ok=True)
    places = ("JUPYTER_CONFIG_DIR", "IPYTHONDIR", "XDG_RUNTIME_DIR")
    env = os.environ | dict.fromkeys(places, os.path.abspath(nobodys))
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are compiled once, not for each command
    ended = subprocess.run(words, cwd=side.course, env=env, capture_output=True, text=True)
    if ended.returncode != 0:
        said = (ended.stdout + ended.stderr)[-2000:]
        raise BenchError(f"{side.name} ended with exit code {ended.returncode}:\n{said}")


def read_points(gradebook: Path, assignment: str) -> Points:
    """Every automatic score that the gradebook holds for the assignment."""
    with Gradebook(f"sqlite:///{gradebook.resolve()}") as book:
        return {
            (submission.student.id, grade.name): (grade.auto_score, grade.max_score)
            for submission in book.assignment_submissions(assignment)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def agree(stock: Points, ours: Points) -> None:
    """Raise BenchError if the sides differ on a graded cell, or an honest student lost points."""
    if not stock:
        raise BenchError("stock nbgrader graded nothing")
    for key in sorted(stock.keys() | ours.keys()):
        (theirs, of), (own, _) = stock.get(key, (None, 0.0)), ours.get(key, (None, 0.0))
        said = f"{' '.join(key)}: stock {theirs}, ours {own}, of {of}"
        if key not in stock or key not in ours or theirs != own:
            raise BenchError(f"the two sides differ: {said}")
        if own is not None and own < of:
            raise BenchError(f"an honest student lost points: {said}")


def _print_split(course: Path, assignment: str) -> None:
    """Where the time of our last run went: from its verdicts, and by writing the gradebook anew."""
    total: dict[str, float] = {}
    files = sorted((course / ".autograder" / "verdicts" / assignment).glob("*/verdict.json"))
    verdicts = [msgspec.json.decode(file.read_bytes(), type=Verdict) for file in files]
    for verdict in verdicts:
        for part, seconds in verdict.seconds.items():
            total[part] = total.get(part, 0.0) + seconds
    shutil.copy(course / "gradebook.fresh", course / "gradebook.db")
    started = perf_counter()
    notebooks = (notebook_path(file.parent, assignment) for file in files)
    write(Course(course), assignment, zip(verdicts, notebooks, strict=True))
    total["gradebook"] = perf_counter() - started
    table = Table("part", "all submissions", "each", box=None)
    for part, seconds in total.items():
        table.add_row(part, f"{seconds:.2f} s", f"{1000 * seconds / len(files):.1f} ms")
    console.print("\nWhere our time went (seconds of work; workers run side by side):")
    console.print(table)


@contextmanager
def _memory() -> Iterator[list[int]]:
    """Watch the machine's available memory; the list's one entry is the largest drop, in bytes."""
    before = psutil.virtual_memory().available
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            peak[0] = max(peak[0], before - psutil.virtual_memory().available)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


@contextmanager
def _working(what: str) -> Iterator[None]:
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(what)
        yield


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"


if __name__ == "__main__":
    typer.run(main)
