"""Late penalties, as the course's own policy has them: by nbgrader's own plugin.

Left out: dates and extensions, which people set in formgrader.
Proved by: policies of nbgrader's and of the course's own, that fail and that cannot be loaded;
extensions and dates changed after a penalty.
"""

import sqlite3
import sys
from typing import TYPE_CHECKING

from autograder.errors import CourseError
from autograder.gradebook_file import KnownAssignment
from autograder.plain import plain

if TYPE_CHECKING:
    from autograder.course import Course


def late_of(db: sqlite3.Connection, known: KnownAssignment) -> set[str]:
    """Who submitted after the date on the assignment; nbgrader knows of extensions beyond it."""
    found = db.execute(
        "SELECT student_id FROM submitted_assignment AS submission JOIN assignment"
        " ON assignment.id = submission.assignment_id"
        " WHERE assignment.id = ? AND submission.timestamp > assignment.duedate",
        (known.id,),
    )
    return {student for (student,) in found}


def remit(db: sqlite3.Connection, known: KnownAssignment, students: set[str]) -> None:
    """Take penalties back where nobody is late, with nothing to load; the others keep theirs."""
    db.executemany(
        "UPDATE submitted_notebook SET late_submission_penalty = NULL WHERE assignment_id ="
        " (SELECT id FROM submitted_assignment WHERE assignment_id = ? AND student_id = ?)",
        [(known.id, student) for student in students],
    )


def assign(course: "Course", assignment: str, students: list[str]) -> list[str]:
    """Let nbgrader apply the course's late policy; loaded only where a student is late.

    The policy may be a module beside the course's settings: nbgrader's commands look there too.
    A student on whom it fails keeps the penalty of before.

    Returns:
        One line for each student on whom the policy failed.

    Raises:
        CourseError: The policy cannot be loaded.
    """
    from nbformat import NotebookNode
    from nbgrader.preprocessors import AssignLatePenalties

    from autograder.nbgrader_config import load_config

    sys.path.insert(0, str(course.root))
    try:
        nbgraders = AssignLatePenalties(config=load_config(course.root))
    except Exception as error:  # the instructor's own code
        raise CourseError(
            f"the late policy of {course.root / 'nbgrader_config.py'} cannot be loaded: {error}; "
            "its module must lie beside that file, or be installed"
        ) from error
    finally:
        sys.path.remove(str(course.root))
    problems = []
    for student in students:
        whose = {"student": student, "assignment": assignment, "notebook": assignment}
        resources = {"nbgrader": {**whose, "db_url": course.db_url}}
        try:
            nbgraders.preprocess(NotebookNode(cells=[]), resources)
        except Exception as error:  # the policy is the instructor's own code
            why = f"the late policy failed on it: {type(error).__name__}: {error}"
            problems.append(plain(f"{student}: the late penalty is as it was: {why}"))
    return problems
