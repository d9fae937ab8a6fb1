"""What a verdict means in nbgrader's terms: scores, comments and the autograded notebook.

nbgrader's rules (its `determine_grade` and `SaveAutoGrades`, 0.9.6) hold, with three differences:
points come from the verdict and not from the outputs; they are clipped to what the cell is worth;
and what is in doubt becomes 0 points for a person to look at, with the reason beside the answer.

Left out: writing. `gradebook` and `preprocessors` put the same marks in the same rows, one class at
a time or one notebook at a time.
Proved by: both writers compared row by row, and with stock nbgrader's own rows.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from autograder.plain import plain
from autograder.verdict import CellVerdict, Verdict

NO_RESPONSE = "No response."
"""nbgrader's own words for an answer that was left as it was handed out."""


class CellRecord(NamedTuple):
    """What the gradebook knows of one cell of the released notebook."""

    source: str
    checksum: str | None
    max_score: float | None
    """What the cell is worth; None for a cell that is not graded."""
    solution: bool
    task: bool


class Score(NamedTuple):
    """What the autograder says in one row of nbgrader's `grade` table."""

    points: float | None
    needs_manual_grade: bool


class Marks(NamedTuple):
    """One submission's rows, by grade id: an explicit one for every row that the gradebook has."""

    scores: dict[str, Score]
    comments: dict[str, str | None]


def mark(verdict: Verdict, notebook: Mapping[str, Any], records: Mapping[str, CellRecord]) -> Marks:
    """The rows of one submission.

    Args:
        verdict: What the judge found.
        notebook: The executed notebook; says which answers were left as they were handed out.
        records: The gradebook's cells, by grade id.
    """
    verdicts = {cell.grade_id: cell for cell in verdict.cells}
    unanswered = _unanswered(notebook, records)
    scores: dict[str, Score] = {}
    reasons: dict[str, str] = {}
    for grade_id, record in records.items():
        if record.max_score is None:
            continue
        found = verdicts.get(grade_id)
        reason = doubt(verdict, found, record, grade_id in unanswered)
        if reason:
            scores[grade_id] = Score(0.0, True)
            reasons[grade_id] = reason
        elif record.solution and grade_id in unanswered:
            scores[grade_id] = Score(0.0, False)
        elif record.solution or record.task:
            scores[grade_id] = Score(None, True)
        else:
            points = found.points if found else None
            clipped = None if points is None else min(max(points, 0.0), record.max_score)
            scores[grade_id] = Score(clipped, clipped is None)
    return Marks(scores, _comments(notebook, records, unanswered, reasons))


def doubt(verdict: Verdict, found: CellVerdict | None, record: CellRecord, unanswered: bool) -> str:
    """Why these points are in doubt; empty where they are not.

    An answer that a person grades anyway is no doubt, unless it may have been lost: an unreadable
    submission looks as if nobody had answered.
    """
    if record.task:
        return ""
    if found is None:
        return verdict.reason or "the autograder has no verdict on this cell"
    if found.needs_review and (unanswered or not record.solution):
        return found.reason or verdict.reason or "the autograder is not sure of this cell"
    if record.max_score is not None and not math.isclose(found.max_points, record.max_score):
        return (
            f"the checks are worth {found.max_points:g} points and the gradebook says"
            f" {record.max_score:g}: build the assignment again"
        )
    if found.points is not None and not math.isfinite(found.points):
        return "the points are not a number"
    return ""


def graded_notebook(
    notebook: Mapping[str, Any], verdict: Verdict, records: Mapping[str, CellRecord]
) -> dict[str, Any]:
    """The executed notebook as graders open it and feedback reads it.

    Cells get the released checksums, as nbgrader's `OverwriteCells` gives them; test cells carry
    their checks as metadata under `autograder`, and say so where a person must look.
    """
    verdicts = {cell.grade_id: cell for cell in verdict.cells}
    unanswered = _unanswered(notebook, records)
    cells = []
    for original in notebook["cells"]:
        metadata = {
            key: value for key, value in original["metadata"].items() if key != "autograder"
        }
        cell = {**original, "metadata": metadata}
        record = records.get(grade_id_of(cell))
        if record is not None:
            metadata["nbgrader"] = {**metadata["nbgrader"], "checksum": record.checksum}
            if record.max_score is not None and not record.task:
                found = verdicts.get(name := grade_id_of(cell))
                _add_report(cell, found, doubt(verdict, found, record, name in unanswered))
        cells.append(cell)
    return {**notebook, "cells": cells}


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """The cell's nbgrader id; empty for a cell that nbgrader does not know."""
    found = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    return found if isinstance(found, str) else ""


def review_note(reason: str) -> str:
    """What a grader reads beside an answer in doubt."""
    return f"Needs review: {plain(reason)}"


def _add_report(cell: dict[str, Any], found: CellVerdict | None, reason: str) -> None:
    report: dict[str, Any] = {"reason": plain(reason)}
    if found is not None:
        report["checks"] = msgspec.to_builtins(found.checks)
        report["misconception"] = found.misconception
        report["sentence"] = found.sentence
    cell["metadata"]["autograder"] = report
    if reason and cell["cell_type"] == "code":
        note = {"output_type": "stream", "name": "stdout", "text": review_note(reason) + "\n"}
        cell["outputs"] = [note, *cell.get("outputs", [])]


def _unanswered(notebook: Mapping[str, Any], records: Mapping[str, CellRecord]) -> frozenset[str]:
    """The answers that stand as they were handed out, or not at all."""
    answered = {
        grade_id
        for cell in notebook["cells"]
        if (record := records.get(grade_id := grade_id_of(cell))) is not None
        and text_of(cell["source"]) != record.source
    }
    return frozenset(name for name, record in records.items() if record.solution) - answered


def text_of(source: str | list[str]) -> str:
    """A notebook's multi-line string, which a file may hold as one string or as lines."""
    return source if isinstance(source, str) else "".join(source)


def _comments(
    notebook: Mapping[str, Any],
    records: Mapping[str, CellRecord],
    unanswered: frozenset[str],
    reasons: Mapping[str, str],
) -> dict[str, str | None]:
    """One comment for each answer: no response, or why the points that follow it are in doubt."""
    comments: dict[str, str | None] = {
        name: NO_RESPONSE if name in unanswered else None
        for name, record in records.items()
        if record.solution or record.task
    }
    answers = [name for name, record in records.items() if record.solution]
    place = next(iter(answers), "")
    places = dict.fromkeys(reasons, place)
    for cell in notebook["cells"]:
        name = grade_id_of(cell)
        place = name if name in answers else place
        if name in reasons:
            places[name] = place
    for answer in answers:
        doubts = [reason for name, reason in reasons.items() if places[name] == answer]
        if doubts:
            comments[answer] = review_note("; ".join(dict.fromkeys(doubts)))
    return comments
