"""All of it on the sample class: build, hand in, grade, feedback, and every verdict compared.

The class is tests/submissions/a3_attention/: right notebooks in several styles, mistaken ones, and
hostile ones. It is graded as the command `grade` does it, with shorter deadlines than a course has.
Left out: what goes on outside the verdicts (processes, files, sockets), which
tests/autograder/test_sample_class.py watches. Proved by: that test, and `make demo`.
"""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.build import build
from autograder.course import Course
from autograder.deadlines import Deadlines
from autograder.deserved import differences
from autograder.errors import CourseError
from autograder.feedback import feedback
from autograder.grading import grade_class
from autograder.plain import plain
from autograder.report import class_table
from autograder.samples import Sample, load_samples
from autograder.verdict import Verdict, folder_of, notebook_path

ASSIGNMENT = "a3_attention"
SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "submissions" / ASSIGNMENT
DEADLINES = Deadlines(cell_s=10.0, call_s=3.0, grace_s=0.5, notebook_s=120.0)


def demo(folder: Path = Path("build/demo"), jobs: int | None = None) -> int:
    """Grade the sample class in a course of its own, which is made anew; returns the exit code.

    Raises: CourseError where there is no sample class, and what building and grading raise.
    """
    console = Console()
    started = time.monotonic()
    with console.status(f"building {ASSIGNMENT}"):
        course, samples = hand_in(folder)
    console.print(f"{len(samples)} submissions are handed in: {_summary(samples)}", highlight=False)
    with _bar(console, "grading") as progress:
        verdicts = grade_class(
            course, ASSIGNMENT, jobs=jobs, deadlines=DEADLINES, progress=progress
        )
    graded_s = time.monotonic() - started
    console.print(class_table(verdicts))
    with _bar(console, "feedback") as progress:
        problems = feedback(course, ASSIGNMENT, progress=progress)
    wrong = compare(course, samples, verdicts)
    for problem in problems:
        console.print(plain(problem), style="red", markup=False)
    for name, found in wrong.items():
        for line in found:
            console.print(plain(f"{name}: {line}"), style="red", markup=False)
    right = len(samples) - len(wrong)
    console.print(
        f"every verdict as its file name says: {right} of {len(samples)}",
        style="bold green" if not wrong else "bold red",
        highlight=False,
    )
    console.print(f"feedback pages: {course.feedback}", highlight=False, soft_wrap=True)
    took = time.monotonic() - started
    console.print(f"{took:.0f} s, {graded_s:.0f} s of them until graded", highlight=False)
    return 1 if wrong or problems else 0


def hand_in(folder: Path, samples: Path = SAMPLES) -> tuple[Course, list[Sample]]:
    """A fresh course in `folder` with the assignment built and the class's work handed in."""
    if not samples.is_dir():
        raise CourseError(
            f"no sample class at {samples}: the demo runs from a clone of the repository"
        )
    if _is_foreign(folder):
        raise CourseError(f"{folder} holds something else than a demo: name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    course = Course.create(folder)
    build(course, ASSIGNMENT)
    loaded = load_samples(samples, course.released(ASSIGNMENT))
    for sample in loaded:
        sample.write(course.submitted)
    return course, loaded


def compare(
    course: Course, samples: Sequence[Sample], verdicts: Sequence[Verdict]
) -> dict[str, list[str]]:
    """What differs from what the samples say, by sample; those that agree are left out."""
    by_student = {verdict.student: verdict for verdict in verdicts}
    found = {}
    for sample in samples:
        verdict = by_student.get(sample.student)
        executed = b""
        if verdict is not None:
            kept = folder_of(course, ASSIGNMENT, verdict.student)
            executed = notebook_path(kept, ASSIGNMENT).read_bytes()
        if lines := differences(sample, verdict, executed):
            found[sample.name] = lines
    return found


def _is_foreign(folder: Path) -> bool:
    """Whether there is something in the folder that no demo has put there."""
    return folder.exists() and any(folder.iterdir()) and not (folder / ".autograder").is_dir()


def _summary(samples: Sequence[Sample]) -> str:
    kinds: Mapping[str, int] = Counter(sample.name.split("-")[0] for sample in samples)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


@contextmanager
def _bar(console: Console, title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; yields what moves it, called with (done, of how many)."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def move(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield move
