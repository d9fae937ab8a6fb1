"""nbgrader's gradebook as the SQLite file that it is: opened, checked, read, changed as a whole.

Left out: making one, which `nbgrader generate_assignment` does, and bringing an old one up to date,
which `nbgrader db upgrade` does.
Proved by: missing files, other schemas, a file in use, changes broken off.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from autograder.errors import CourseError
from autograder.marks import CellRecord

SCHEMA_VERSION = "e43177bfe90b"
"""Head of nbgrader 0.9.6's migrations (`nbgrader/alembic/versions`): the tables our SQL is for."""

BUSY_S = 30.0
"""How long to wait for another program that is writing to the gradebook."""

_SQLITE = "sqlite:///"


class KnownAssignment(NamedTuple):
    """An assignment's rows: ids as the database has them, cells by grade id."""

    id: str
    notebook_id: str
    records: dict[str, CellRecord]
    graded: dict[str, str]
    commented: dict[str, str]


@contextmanager
def open_gradebook(db_url: str) -> Iterator[sqlite3.Connection]:
    """Open an existing gradebook; what SQLite then complains of becomes a `CourseError`."""
    if not db_url.startswith(_SQLITE):
        raise CourseError(
            f"the gradebook is {db_url.partition(':')[0]}, and `autograder grade` writes SQLite:"
            " run `nbgrader autograde`, which grades the same way through nbgrader's own layer"
        )
    path = Path(db_url.removeprefix(_SQLITE))
    if not path.is_file():
        raise CourseError(f"there is no gradebook at {path}: run `autograder build` first")
    uri = f"file:{quote(str(path))}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)) as db:
            _check_schema(db, path)
            yield db
    except sqlite3.Error as error:
        advice = (
            "close formgrader or the other program that writes to it"
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            else "make it a file that you may read and write, or restore it from a backup"
        )
        raise CourseError(
            f"the gradebook {path} cannot be written, {error}: {advice}, and grade again"
        ) from error


def _check_schema(db: sqlite3.Connection, path: Path) -> None:
    found = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    ).fetchone()
    version = found and db.execute("SELECT version_num FROM alembic_version").fetchone()
    if not version or version[0] != SCHEMA_VERSION:
        raise CourseError(
            f"the gradebook {path} has schema {version[0] if version else 'none'}, expected"
            f" {SCHEMA_VERSION} (nbgrader 0.9): back it up, then run `nbgrader db upgrade`"
        )


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it, also where the process ends within."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def read_assignment(db: sqlite3.Connection, name: str) -> KnownAssignment:
    """What `nbgrader generate_assignment` has written about an assignment of one notebook."""
    found = db.execute(
        "SELECT assignment.id, notebook.id, notebook.name FROM assignment JOIN notebook"
        " ON notebook.assignment_id = assignment.id WHERE assignment.name = ?",
        (name,),
    ).fetchall()
    if [notebook for _, _, notebook in found] != [name]:
        raise CourseError(
            f"the gradebook should know the assignment {name!r} with one notebook of that name, and"
            f" has {sorted(notebook for _, _, notebook in found)}: run `autograder build {name}`"
        )
    known = KnownAssignment(found[0][0], found[0][1], {}, {}, {})
    cells = db.execute(
        "SELECT base_cell.id, base_cell.type, base_cell.name,"
        " coalesce(grade_cells.max_score, task_cells.max_score),"
        " source_cell.source, source_cell.checksum FROM base_cell"
        " LEFT JOIN grade_cells ON grade_cells.id = base_cell.id"
        " LEFT JOIN task_cells ON task_cells.id = base_cell.id"
        " LEFT JOIN source_cell ON source_cell.name = base_cell.name"
        " AND source_cell.notebook_id = base_cell.notebook_id"
        " WHERE base_cell.notebook_id = ? ORDER BY base_cell.rowid",
        (known.notebook_id,),
    )
    for cell_id, kind, grade_id, max_score, source, checksum in cells:
        before = known.records.get(grade_id)
        worth = max_score if before is None or max_score is not None else before.max_score
        solution = kind == "SolutionCell" or (before is not None and before.solution)
        known.records[grade_id] = CellRecord(
            source or "", checksum, worth, solution, kind == "TaskCell"
        )
        if kind in ("GradeCell", "TaskCell"):
            known.graded[grade_id] = cell_id
        if kind in ("SolutionCell", "TaskCell"):
            known.commented[grade_id] = cell_id
    return known
