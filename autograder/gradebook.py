"""The one writer of nbgrader's gradebook when a class is graded.

It writes what `nbgrader autograde` would (students, submissions with their time, `auto_score`,
`needs_manual_grade`, `auto_comment`, late penalties by nbgrader's own plugin, the autograded
notebook) and nothing that belongs to people: manual scores, extra credit and manual comments stay.

nbgrader's object layer takes a second to import and some sixty queries for each submission; this
module speaks SQL to the same SQLite file, one transaction for many submissions, and refuses a file
of another schema. Left out: other databases, where stock `nbgrader autograde` with our
preprocessors does the same through nbgrader's own layer.
Proved by: row-by-row equality with `nbgrader autograde`; broken off at each statement and repeated.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from autograder.gradebook_file import (
    KnownAssignment,
    open_gradebook,
    read_assignment,
    transaction,
)
from autograder.graded_folder import (
    FEEDBACK_KEY,
    TIMESTAMP,
    feedback_key_of,
    is_put,
    put,
    timestamp_of,
)
from autograder.late_penalties import assign, late_of, remit
from autograder.marks import Marks, graded_notebook, mark
from autograder.plain import plain
from autograder.verdict import Verdict, notebook_bytes

if TYPE_CHECKING:
    from autograder.course import Course

BATCH = 32
"""Submissions in one transaction: formgrader never waits long, and few commits are paid for."""


class _Recorded(NamedTuple):
    """What of one submission goes into the gradebook, and beside its autograded notebook."""

    student: str
    time: str | None
    marks: Marks
    exchange: dict[str, bytes]


def write(
    course: "Course",
    assignment: str,
    graded: Iterable[tuple[Verdict, Mapping[str, Any] | Path]],
) -> tuple[str, ...]:
    """Record a class: the rows in the gradebook and the notebooks under `autograded/`.

    May be called again with the same or other submissions at any time: what an interrupted call
    left half done is then complete.

    Args:
        course: The course folder, whose gradebook knows the assignment already.
        assignment: The assignment's name.
        graded: Each verdict with its executed notebook or the path of that, taken as they come.

    Returns:
        One line for each submission where something could not be recorded, in words.
    """
    problems: list[str] = []
    with open_gradebook(course.db_url) as db:
        known = read_assignment(db, assignment)
        remaining = iter(graded)
        while batch := list(islice(remaining, BATCH)):
            _write_batch(db, course, known, assignment, batch, problems)
    return tuple(problems)


def _write_batch(
    db: sqlite3.Connection,
    course: "Course",
    known: KnownAssignment,
    assignment: str,
    batch: list[tuple[Verdict, Mapping[str, Any] | Path]],
    problems: list[str],
) -> None:
    found: list[_Recorded] = []
    notebooks: dict[str, bytes] = {}
    for verdict, executed in batch:
        time, exchange = None, dict[str, bytes]()
        submission = course.submitted / verdict.student / assignment
        try:
            time, exchange[TIMESTAMP] = timestamp_of(submission)
        except (OSError, ValueError) as error:
            problems.append(plain(f"{verdict.student}: the time of submission is unknown: {error}"))
        try:
            exchange[FEEDBACK_KEY] = feedback_key_of(submission)
        except (OSError, ValueError) as error:
            problems.append(plain(f"{verdict.student}: feedback cannot be released: {error}"))
        try:
            verdict.student.encode()
            notebook = _read(executed) if isinstance(executed, Path) else executed
            marks = mark(verdict, notebook, known.records)
            found.append(_Recorded(verdict.student, time, marks, exchange))
            graded = graded_notebook(notebook, verdict, known.records)
            notebooks[verdict.student] = notebook_bytes(graded)
        except (OSError, ValueError) as error:
            problems.append(plain(f"{verdict.student}: not recorded in full: {error}"))
    with transaction(db):
        _forget_impossible_times(db)
        for one in found:
            same = is_put(course, assignment, one.student, notebooks.get(one.student, b""))
            _write_submission(db, known, one, unchanged=same)
        late = sorted(late_of(db, known) & {one.student for one in found})
        remit(db, known, {one.student for one in found} - set(late))
    # Rows before notebooks: broken off between, the next run still sees that something changed.
    for one in found:
        try:
            if whole := notebooks.get(one.student):
                put(course, assignment, one.student, whole, one.exchange)
        except (OSError, ValueError) as error:
            problems.append(plain(f"{one.student}: not recorded in full: {error}"))
    if late:
        problems += assign(course, assignment, late)


def _write_submission(
    db: sqlite3.Connection, known: KnownAssignment, one: _Recorded, *, unchanged: bool
) -> None:
    """Write the rows; what people graded calls for another look only where something changed."""
    student, time, marks = one.student, one.time, one.marks
    db.execute("INSERT OR IGNORE INTO student (id) VALUES (?)", (student,))
    db.execute(
        "INSERT INTO submitted_assignment (id, assignment_id, student_id, timestamp)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (assignment_id, student_id)"
        " DO UPDATE SET timestamp = coalesce(excluded.timestamp, timestamp)",
        (uuid4().hex, known.id, student, time),
    )
    (submission,) = db.execute(
        "SELECT id FROM submitted_assignment WHERE assignment_id = ? AND student_id = ?",
        (known.id, student),
    ).fetchone()
    db.execute(
        "INSERT INTO submitted_notebook (id, assignment_id, notebook_id, flagged)"
        " VALUES (?, ?, ?, 0) ON CONFLICT (notebook_id, assignment_id) DO NOTHING",
        (uuid4().hex, submission, known.notebook_id),
    )
    (notebook,) = db.execute(
        "SELECT id FROM submitted_notebook WHERE assignment_id = ? AND notebook_id = ?",
        (submission, known.notebook_id),
    ).fetchone()
    db.executemany(
        "INSERT INTO grade (id, cell_id, notebook_id, auto_score, needs_manual_grade)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (cell_id, notebook_id) DO UPDATE SET"
        " auto_score = excluded.auto_score,"
        " needs_manual_grade = CASE WHEN ? AND auto_score IS excluded.auto_score"
        " THEN needs_manual_grade ELSE excluded.needs_manual_grade OR manual_score IS NOT NULL END",
        [
            (uuid4().hex, known.graded[name], notebook, *score, unchanged)
            for name, score in marks.scores.items()
        ],
    )
    db.executemany(
        "INSERT INTO comment (id, cell_id, notebook_id, auto_comment) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (cell_id, notebook_id) DO UPDATE SET auto_comment = excluded.auto_comment",
        [
            (uuid4().hex, known.commented[name], notebook, comment)
            for name, comment in marks.comments.items()
        ],
    )


def _forget_impossible_times(db: sqlite3.Connection) -> None:
    """One time that SQLAlchemy cannot read, and nbgrader opens no list of the class.

    Also of submissions that are not recorded now: they may be gone.
    """
    db.execute(
        "UPDATE submitted_assignment SET timestamp = NULL"
        " WHERE timestamp NOT GLOB '2[0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:*'"
    )


def _read(path: Path) -> dict[str, Any]:
    notebook = json.loads(path.read_bytes())
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError(f"{path} is not a notebook")
    return notebook
