"""All of it on the sample classes: build, hand in, grade, feedback, and every verdict compared.

A sample class is a folder of tests/submissions/, named as its assignment: right notebooks in
several styles, mistaken ones, and hostile ones. It is graded as the command `grade` does it, with
shorter deadlines than a course has. Left out: what goes on outside the verdicts (processes, files,
sockets), which tests/autograder/test_sample_class.py watches.
Proved by: that test, and `make demo`.
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

CLASSES = Path(__file__).resolve().parents[1] / "tests" / "submissions"
DEADLINES = Deadlines(cell_s=10.0, call_s=3.0, grace_s=0.5, notebook_s=120.0)


def demo(folder: Path = Path("build/demo"), jobs: int | None = None) -> int:
    """Grade every sample class in a course of its own, which is made anew; returns the exit code.

    Raises: CourseError where there is no sample class, and what building and grading raise.
    """
    console = Console()
    started = time.monotonic()
    course = fresh_course(folder)
    ended_well = [_grade(console, course, name, jobs) for name in sample_classes()]
    console.print(f"feedback pages: {course.feedback}", highlight=False, soft_wrap=True)
    console.print(f"{time.monotonic() - started:.0f} s", highlight=False)
    return 0 if all(ended_well) else 1


def _grade(console: Console, course: Course, assignment: str, jobs: int | None) -> bool:
    """From notebooks to feedback for one class; whether every verdict is as it should be."""
    with console.status(f"building {assignment}"):
        samples = hand_in(course, assignment)
    console.print(
        f"[bold]{assignment}[/]: {len(samples)} submissions are handed in: {_summary(samples)}",
        highlight=False,
    )
    started = time.monotonic()
    with _bar(console, "grading") as progress:
        verdicts = grade_class(
            course, assignment, jobs=jobs, deadlines=DEADLINES, progress=progress
        )
    graded_s = time.monotonic() - started
    console.print(class_table(verdicts))
    with _bar(console, "feedback") as progress:
        problems = feedback(course, assignment, progress=progress)
    wrong = compare(course, assignment, samples, verdicts)
    for problem in problems:
        console.print(plain(problem), style="red", markup=False)
    for name, found in wrong.items():
        for line in found:
            console.print(plain(f"{name}: {line}"), style="red", markup=False)
    right = len(samples) - len(wrong)
    console.print(
        f"every verdict as its file name says: {right} of {len(samples)}, in {graded_s:.0f} s\n",
        style="bold green" if not wrong else "bold red",
        highlight=False,
    )
    return not wrong and not problems


def sample_classes() -> list[str]:
    """The assignments that have one. Raises: CourseError where none is there."""
    names = sorted(path.name for path in CLASSES.glob("a[0-9]*_*") if path.is_dir())
    if not names:
        raise CourseError(
            f"no sample class in {CLASSES}: the demo runs from a clone of the repository"
        )
    return names


def fresh_course(folder: Path) -> Course:
    """A course of the demo's own in `folder`. Raises: CourseError where that holds another."""
    if _is_foreign(folder):
        raise CourseError(f"{folder} holds something else than a demo: name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    return Course.create(folder)


def hand_in(course: Course, assignment: str) -> list[Sample]:
    """Build the assignment and hand in its class's work."""
    build(course, assignment)
    samples = load_samples(CLASSES / assignment, course.released(assignment))
    for sample in samples:
        sample.write(course.submitted)
    return samples


def compare(
    course: Course, assignment: str, samples: Sequence[Sample], verdicts: Sequence[Verdict]
) -> dict[str, list[str]]:
    """What differs from what the samples say, by sample; those that agree are left out."""
    by_student = {verdict.student: verdict for verdict in verdicts}
    found = {}
    for sample in samples:
        verdict = by_student.get(sample.student)
        executed = b""
        if verdict is not None:
            kept = folder_of(course, assignment, verdict.student)
            executed = notebook_path(kept, assignment).read_bytes()
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
