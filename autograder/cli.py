"""The command `autograder`: build, grade, warm, feedback, validate, demo, doctor.

Exit codes: 0 all went well; 1 it could not be done (the message says what to change); 2 the
command's words are off; 3 done, but some submission needs a person's look or lies in a folder that
names no student (`grade`), or an implementation was judged wrongly (`validate`). Left out: all
work; each command calls one function of the module of its name.
Proved by: tests/autograder/test_cli.py.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.course import DEFAULT_ROOT, Course
from autograder.errors import CoursewareError
from autograder.warm import hand_over, stop

NEEDS_A_LOOK = 3

app = typer.Typer(
    name="autograder",
    help="Build assignments, grade submissions that may be hostile, and tell students why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
console = Console()

Name = Annotated[str, typer.Argument(help="The assignment, for example a3_attention.")]
Folder = Annotated[
    Path | None, typer.Option("--course", help="The course folder (default: found from here).")
]


def main() -> None:
    """Run the command that the words say, and end without taking all that was loaded apart.

    With torch loaded, Python needs some 0.4 s for that. Judges run side by side, one a core:
    NumPy's threads would be in the way; its libraries read these settings when they are loaded.
    """
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    code = hand_over(sys.argv[1:]) if sys.argv[1:2] == ["grade"] else None
    os._exit(_run(sys.argv[1:]) if code is None else code)


def _run(words: list[str]) -> int:
    """Run one command; its exit code."""
    global console
    console = Console()  # of the terminal that there is now: a warm grader is given one
    code: int | str | None = 0
    try:
        app(words)
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        print(code, file=sys.stderr)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return 1 if isinstance(code, str) else code or 0


@app.command()
def doctor() -> None:
    """Say what this machine offers for grading, and what to install."""
    from autograder.doctor import diagnose_machine, print_findings

    with _errors_in_words():
        raise typer.Exit(print_findings(diagnose_machine()))


@app.command()
def build(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Default: all assignments.")
    ] = None,
    course: Folder = None,
) -> None:
    """Turn assignments' sources into notebooks, and those into a release for students."""
    from autograder.build import assignments, build as build_one

    with _errors_in_words():
        folder = Course.create(course or DEFAULT_ROOT)
        for name in names or assignments():
            with console.status(f"building {name}"):
                release = build_one(folder, name)
            console.print(f"{name}: released in {release}", highlight=False, soft_wrap=True)


@app.command()
def grade(
    name: Name,
    course: Folder = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Submissions at a time (default: cores).")
    ] = None,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be repeated.")
    ] = None,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="Judge again what has a verdict.")
    ] = False,
    sandbox: Annotated[
        str, typer.Option(help="'bubblewrap', or 'none': run student code unconfined.")
    ] = "bubblewrap",
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file too.")] = None,
) -> None:
    """Grade an assignment's submissions into nbgrader's gradebook; print the table."""
    from autograder.grading import grade_class
    from autograder.report import check_csv, class_table, write_csv

    if sandbox not in ("bubblewrap", "none"):
        raise typer.BadParameter(f"expected bubblewrap or none, got {sandbox!r}")
    if sandbox == "none":
        console.print(
            "[bold red]--sandbox none[/]: student code can read and change everything that you can."
        )
    problems: list[str] = []
    with _errors_in_words():
        folder = Course(course) if course else Course.find()
        if csv:
            check_csv(csv)
        started = time.monotonic()
        with _bar(f"grading {name}") as progress:
            verdicts = grade_class(
                folder,
                name,
                students=student,
                jobs=jobs,
                regrade=regrade,
                confined=sandbox != "none",
                progress=progress,
                tell=problems.append,
                waiting=lambda: console.print(f"waiting: another run grades {name}"),
            )
        console.print(class_table(verdicts))
        for problem in problems:
            console.print(problem, style="red", markup=False)
        unusable = {} if student else folder.unusable(name)
        _tell_unusable(unusable)
        took = time.monotonic() - started
        console.print(f"{len(verdicts)} submissions in {took:.1f} s", highlight=False)
        if csv:
            write_csv(verdicts, csv, unusable)
    if problems or unusable or any(verdict.status != "graded" for verdict in verdicts):
        raise typer.Exit(NEEDS_A_LOOK)


@app.command()
def warm(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Default: all assignments.")
    ] = None,
    minutes: Annotated[float, typer.Option(help="How long it stays without work.")] = 30.0,
    end: Annotated[bool, typer.Option("--stop", help="End the one that runs.")] = False,
) -> None:
    """Leave a grader loaded, so that each `grade` starts at once (it holds some 0.6 GB)."""
    from autograder.build import assignments
    from autograder.warm_grader import start

    if not minutes > 0:  # as "nan" is not either
        raise typer.BadParameter(f"expected more than 0 minutes, got {minutes:g}")
    found = stop()
    if end:
        console.print("ended" if found else "none was running")
        return
    with _errors_in_words(), console.status("loading"):
        start(names or assignments(), 60 * minutes, _run)
    console.print(f"`autograder grade` starts at once, until {minutes:g} minutes without work")


@app.command()
def feedback(name: Name, course: Folder = None) -> None:
    """Write each student's feedback page from the autograded notebooks."""
    from autograder.feedback import feedback as write_feedback

    with _errors_in_words():
        folder = Course(course) if course else Course.find()
        with _bar(f"feedback for {name}") as progress:
            problems = write_feedback(folder, name, progress=progress)
        for problem in problems:
            console.print(problem, markup=False, highlight=False)
        console.print(f"pages in {folder.feedback}", highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(NEEDS_A_LOOK)


@app.command()
def validate(
    name: Name,
    seeds: Annotated[
        int, typer.Option(min=1, help="Seeds for each right one; random functions: 200 at least.")
    ] = 20,
) -> None:
    """Show that the hidden tests tell wrong implementations from right ones."""
    from autograder.validate import print_report, validate as run

    with _errors_in_words():
        report = run(name, seeds=seeds)
        print_report(report)
    if not report.ok:
        raise typer.Exit(NEEDS_A_LOOK)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where to make the demo's course.")] = Path(
        "build/demo"
    ),
    jobs: Annotated[int | None, typer.Option(min=1, help="Submissions at a time.")] = None,
) -> None:
    """Grade the sample class, honest, mistaken and hostile, from notebooks to feedback."""
    from autograder.demo import demo as run

    with _errors_in_words():
        raise typer.Exit(run(folder, jobs))


@contextlib.contextmanager
def _errors_in_words() -> Iterator[None]:
    try:
        yield
    except CoursewareError as error:
        Console(stderr=True).print(f"autograder: {error}", style="red", markup=False)
        raise typer.Exit(1) from None


@contextlib.contextmanager
def _bar(title: str):  # type: ignore[no-untyped-def]
    """A progress bar; yields the function that moves it, called with (done, of how many)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell_unusable(folders: Mapping[str, str]) -> None:
    from autograder.plain import plain

    for folder, fault in folders.items():
        text = f"not graded: the folder {folder!r} names no student: {fault}"
        console.print(plain(text), style="red", markup=False)
