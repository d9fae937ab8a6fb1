"""Feedback for a class: a page for each student through nbgrader's own `generate_feedback`.

One student at a time, so that a notebook that cannot be rendered costs its own page alone.
Left out: releasing the pages (`nbgrader release_feedback`, or the course's own way).
Proved by: a class in which one autograded notebook is broken.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from autograder.course import name_fault
from autograder.plain import plain

if TYPE_CHECKING:
    from autograder.course import Course


def feedback(
    course: "Course", assignment: str, *, progress: Callable[[int, int], None] | None = None
) -> tuple[str, ...]:
    """Write `feedback/<student>/<assignment>/<assignment>.html` for each who has been graded.

    Args:
        course: The course folder.
        assignment: The assignment's name.
        progress: Called with (done, of how many) after each student.

    Returns:
        One line for each student who has no page now, in words.
    """
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    from autograder.nbgrader_config import load_config

    config = load_config(course.root)
    students = _graded(course, assignment)
    problems = []
    for done, student in enumerate(students, 1):
        where = CourseDirectory(config=config, student_id=student, assignment_id=assignment)
        result = capture_log(GenerateFeedback(coursedir=where, config=config, force=True))
        if not result["success"]:
            problems.append(plain(f"{student}: no feedback page: {_why(result)}"))
        if progress:
            progress(done, len(students))
    return tuple(problems)


def _graded(course: "Course", assignment: str) -> list[str]:
    pages = course.autograded.glob(f"*/{assignment}/{assignment}.ipynb")
    return sorted(name for page in pages if name_fault(name := page.parent.parent.name) is None)


def _why(result: dict[str, str]) -> str:
    """The last line of nbgrader's log that says what was raised."""
    lines = [line.strip() for line in result.get("log", "").splitlines() if line.strip()]
    raised = [line for line in lines if ": " in line and not line.startswith(("[", "File "))]
    return raised[-1] if raised else result.get("error", "").strip().rpartition("\n")[2]
