"""What an instructor reads when a class has been graded: a table, or the same as CSV.

Student ids and reasons come from outside, so both go through `plain`; in the CSV a cell that a
spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV injection").
Left out: grades as people have changed them since; `nbgrader export` gives those.
Proved by: ids and reasons with escapes, rich's markup and formulas.
"""

import csv
import errno
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from autograder.errors import CourseError
from autograder.plain import plain
from autograder.verdict import Verdict, write_atomically

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["class_table", "plain", "write_csv"]

_COLUMNS = ("student", "points", "max_points", "status", "mistakes", "reason")


def class_table(verdicts: Sequence[Verdict]) -> "Table":
    """The class as a table: student, points, status, the mistakes that were recognised."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False)
    table.add_column("student", overflow="fold")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("mistake, or what needs review", overflow="fold")
    for verdict in verdicts:
        doubt = verdict.status != "graded"
        found = [verdict.reason] if doubt else verdict.misconceptions
        table.add_row(
            Text(plain(verdict.student, limit=40)),
            Text(f"{verdict.points:g} / {verdict.max_points:g}"),
            Text(plain(verdict.status), style="yellow" if doubt else ""),
            Text(plain(", ".join(found)), style="yellow" if doubt else ""),
        )
    if waiting := sum(cell.points is None for verdict in verdicts for cell in verdict.cells):
        table.caption = f"{waiting} answers wait for a person to grade them"
    return table


def check_csv(path: Path) -> None:
    """Refuse a path that `write_csv` cannot write to: called before a class is graded."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CourseError(
            f"no table can be written to {path} ({error.strerror}): name a file in a folder that"
            " you may write to"
        ) from None


def write_csv(
    verdicts: Iterable[Verdict], path: Path, unusable: Mapping[str, str] | None = None
) -> None:
    """The same for a spreadsheet: one row a student, with a header.

    `unusable`: folders that name no student, each with why; they come last, without points.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    rows: list[tuple[str, ...]] = [
        (
            verdict.student,
            f"{verdict.points:g}",
            f"{verdict.max_points:g}",
            verdict.status,
            " ".join(verdict.misconceptions),
            verdict.reason,
        )
        for verdict in verdicts
    ]
    for folder, fault in (unusable or {}).items():
        rows.append((folder, "", "", "not graded", "", f"the folder names no student: {fault}"))
    for row in rows:
        writer.writerow([_no_formula(plain(cell)) for cell in row])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.getvalue().encode("utf-8"))


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell
