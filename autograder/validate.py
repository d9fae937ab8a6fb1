"""Do the hidden checks tell right from wrong? `autograder validate NAME`, which measures it.

Every misconception of the assignment must lose points, under several seeds, and be named by the
diagnosis; every right implementation in another style must get every point, under many seeds. Each
is judged alone. Left out: the sandbox, since here all is our own code.
Proved by: a planted misconception that no check sees, one that is misnamed, and a right one that is
rejected, each found.
"""

import contextlib
import importlib
import importlib.util
import io
from collections.abc import Iterator
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.errors import CourseError
from autograder.margin import measured
from autograder.misconception import Misconception, RightImplementation
from autograder.rubric import Rubric, RubricResult, grade, session
from autograder.validation import (
    RANDOM_SEEDS,
    WRONG_SEEDS,
    RightOutcome,
    ValidationReport,
    WrongOutcome,
    print_report,
)

__all__ = ["ValidationReport", "print_report", "try_right", "try_wrong", "validate"]


def validate(assignment: str, seeds: int = 20) -> ValidationReport:
    """Try every listed implementation of the assignment's functions, with a progress bar."""
    if importlib.util.find_spec(f"assignments.{assignment}") is None:
        raise CourseError(f"there is no assignment {assignment!r} in the package `assignments`")
    rubrics = rubrics_of(assignment)
    listed = importlib.import_module(f"assignments.{assignment}.misconceptions")
    wrong = [(r, one) for r in rubrics for one in listed.MISCONCEPTIONS.get(r.name, ())]
    right = [(r, one) for r in rubrics for one in listed.RIGHT.get(r.name, ())]
    with _one_thread(), _progress() as progress:
        on_wrong = progress.add_task("misconceptions", total=len(wrong))
        on_right = progress.add_task("right implementations", total=len(right))
        wrong_outcomes, right_outcomes = [], []
        for rubric, misconception in wrong:
            wrong_outcomes.append(try_wrong(rubric, misconception))
            progress.advance(on_wrong)
        for rubric, implementation in right:
            tries = max(seeds, RANDOM_SEEDS) if rubric.random else seeds
            right_outcomes.append(try_right(rubric, implementation, tries))
            progress.advance(on_right)
    return ValidationReport(assignment, tuple(wrong_outcomes), tuple(right_outcomes))


def rubrics_of(assignment: str) -> tuple[Rubric, ...]:
    """The rubrics of an assignment, in notebook order."""
    rubrics: tuple[Rubric, ...] = importlib.import_module(
        f"assignments.{assignment}.checks"
    ).RUBRICS
    return rubrics


def try_wrong(
    rubric: Rubric, misconception: Misconception, seeds: int = WRONG_SEEDS
) -> WrongOutcome:
    """Grade a misconception under several seeds, with diagnosis."""
    results = [_grade(rubric, misconception.implementation, seed, True) for seed in range(seeds)]
    weakest = max(results, key=lambda result: result.points)
    return WrongOutcome(
        rubric.name,
        misconception.name,
        rubric.points - weakest.points,
        rubric.points,
        tuple(check.title for check in weakest.checks if not check.passed),
        tuple(result.misconception for result in results),
    )


def try_right(rubric: Rubric, implementation: RightImplementation, seeds: int) -> RightOutcome:
    """Grade a right implementation under many seeds."""
    with measured() as margin:
        results = [
            _grade(rubric, implementation.implementation, seed, False) for seed in range(seeds)
        ]
    worst = min(results, key=lambda result: result.points)
    failed = [check for check in worst.checks if not check.passed]
    why = f"{failed[0].title}: {failed[0].message}" if failed else ""
    return RightOutcome(
        rubric.name,
        implementation.name,
        implementation.style,
        seeds,
        worst.points,
        rubric.points,
        why,
        margin.worst,
    )


def _grade(rubric: Rubric, student: Any, seed: int, diagnoses: bool) -> RubricResult:
    """One grading under a seed, without its printed report."""
    with session(seed, diagnoses=diagnoses) as now, contextlib.redirect_stdout(io.StringIO()):
        grade(rubric, student)
    return now.results[rubric.name]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Tensors are tiny here: torch's threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _progress() -> Progress:
    columns = (TextColumn("{task.description:22}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
