"""Notebooks whose cells were deleted, doubled, moved, relabelled or filled in: a function each.

Each takes the honest notebook and the path where the submission belongs.
Left out: files that are no notebooks (`autograder.malformed`). Proved by: the sample class.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.malformed import Maker


def tests_deleted(notebook: NotebookNode, path: Path) -> None:
    """Every locked and graded cell deleted."""
    kept = [cell for cell in notebook.cells if not _label(cell).get("locked")]
    _write(notebook, kept, path)


def tests_duplicated(notebook: NotebookNode, path: Path) -> None:
    """Every nbgrader cell twice, the second time with answers that do nothing."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if _label(cell):
            twin = deepcopy(cell)
            twin.source = "raise NotImplementedError()" if _label(cell).get("solution") else "60.0"
            cells.append(twin)
    _write(notebook, cells, path)


def tests_moved(notebook: NotebookNode, path: Path) -> None:
    """The test cells first, the solutions after them, in reverse order."""
    tests = [cell for cell in notebook.cells if _label(cell).get("grade")]
    others = [cell for cell in notebook.cells if not _label(cell).get("grade")]
    answers = [cell for cell in others if _label(cell).get("solution")]
    lessons = [cell for cell in others if not _label(cell).get("solution")]
    _write(notebook, [*tests, *lessons, *reversed(answers)], path)


def tests_relabelled(notebook: NotebookNode, path: Path) -> None:
    """The causal mask's answer labelled as its test, and the test, now 4.0, as its answer."""
    changed = deepcopy(notebook.cells)
    for cell in changed:
        label = _label(cell)
        if label.get("grade_id") == "test-causal_mask":
            label.update(grade=False, locked=False, solution=True, grade_id="causal_mask")
            cell.source = "4.0"
        elif label.get("grade_id") == "causal_mask":
            label.update(
                grade=True, locked=True, solution=False, points=4, grade_id="test-causal_mask"
            )
    _write(notebook, changed, path)


def points_changed(notebook: NotebookNode, path: Path) -> None:
    """A thousand points for each test, none possible to lose."""
    changed = deepcopy(notebook.cells)
    for cell in changed:
        if _label(cell).get("grade"):
            _label(cell).update(points=1000, max_points=1000, score=1000, checksum="0" * 32)
    _write(notebook, changed, path)


def outputs_filled_in(notebook: NotebookNode, path: Path) -> None:
    """Test cells that say 60.0 and have said so already."""
    changed = deepcopy(notebook.cells)
    for cell in changed:
        if _label(cell).get("grade") and cell.cell_type == "code":
            cell.source = "60.0"
            data = {"text/plain": "60.0", "text/html": "<script>alert('marker-11')</script>"}
            result = nbformat.v4.new_output("execute_result", data, execution_count=1)
            cell.outputs, cell.execution_count = [result], 1
    _write(notebook, changed, path)


def _label(cell: NotebookNode) -> dict[str, Any]:
    label = cell.metadata.get("nbgrader", {})
    assert isinstance(label, dict)
    return label


def _write(notebook: NotebookNode, cells: list[NotebookNode], path: Path) -> None:
    path.write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")


NOTEBOOKS: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        tests_deleted, tests_duplicated, tests_moved, tests_relabelled, points_changed,
        outputs_filled_in,
    )
}  # fmt: skip
