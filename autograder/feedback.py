"""Feedback for a class: a page for each student through nbgrader's own `generate_feedback`.

Each page is made by itself, many at a time and each before a deadline, so that a notebook that
cannot be rendered costs its own page alone.
Left out: releasing the pages (`nbgrader release_feedback`, or the course's own way).
Proved by: a class in which one autograded notebook is broken, and one that takes for ever.
"""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from autograder.course import name_fault
from autograder.plain import plain
from autograder.pool import forked

if TYPE_CHECKING:
    from autograder.course import Course

PAGE_S = 60.0
"""The longest that one page may take; a second is usual."""


def feedback(
    course: "Course",
    assignment: str,
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[str, ...]:
    """Write `feedback/<student>/<assignment>/<assignment>.html` for each who has been graded.

    Args:
        course: The course folder.
        assignment: The assignment's name.
        jobs: How many pages at a time (default: the number of cores).
        progress: Called with (done, of how many) after each student.

    Returns:
        One line for each student who has no page now, in words.

    Raises:
        CourseError: There is no such assignment.
    """
    students = _graded(course, assignment)
    if not students:
        course.template_bytes(assignment)
    import nbgrader.converters  # noqa: F401  # loaded once, before the fork

    problems: dict[str, str] = {}
    with forked(min(jobs or os.cpu_count() or 1, max(len(students), 1))) as pool:
        pages = {pool.submit(_write, course.root, assignment, one): one for one in students}
        for done, page in enumerate(as_completed(pages), 1):
            try:
                why = page.result()
            except BrokenProcessPool:
                why = "the process that wrote it ended"
            if why:
                problems[pages[page]] = why
            if progress:
                progress(done, len(students))
    return tuple(
        plain(f"{student}: no feedback page: {problems[student]}")
        for student in students
        if student in problems
    )


def _write(root: Path, assignment: str, student: str) -> str:
    """Write one page; returns why there is none, or ""."""
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    from autograder.nbgrader_config import load_config

    config = load_config(root)
    where = CourseDirectory(config=config, student_id=student, assignment_id=assignment)
    with _deadline():
        result = capture_log(GenerateFeedback(coursedir=where, config=config, force=True))
    return "" if result["success"] else _why(result)


@contextmanager
def _deadline() -> Iterator[None]:
    """Raise in the block when the page has taken too long, and again where that was caught."""
    limit = PAGE_S

    def late(*_: object) -> NoReturn:
        raise TimeoutError(f"it takes longer than {limit:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, limit, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _graded(course: "Course", assignment: str) -> list[str]:
    pages = course.autograded.glob(f"*/{assignment}/{assignment}.ipynb")
    return sorted(name for page in pages if name_fault(name := page.parent.parent.name) is None)


def _why(result: dict[str, str]) -> str:
    """The last line of nbgrader's log that says what was raised."""
    lines = [line.strip() for line in result.get("log", "").splitlines() if line.strip()]
    raised = [line for line in lines if ": " in line and not line.startswith(("[", "File "))]
    return raised[-1] if raised else result.get("error", "").strip().rpartition("\n")[2]
