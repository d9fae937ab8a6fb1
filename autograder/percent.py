"""From a percent script to a notebook with nbgrader's labels, the same bytes each time.

A cell's id is its `grade_id`; a lesson's comes from its text, so that a change elsewhere leaves it.
A cell's marker holds what is special about it; the rest is filled in here:

    # %% nbgrader={"grade_id": "softmax", "solution": true}                   the student writes it
    # %% nbgrader={"grade_id": "try-softmax", "locked": true}                 visible tests, figures
    # %% nbgrader={"grade_id": "test-softmax", "grade": true, "points": 8}    hidden tests
    # %% [markdown] nbgrader={"grade_id": …, "grade": true, "solution": true, "points": 4}   by hand
    # %% nbgrader={"grade_id": "train", "locked": true} tags=["skip-execution"]   for students only

The tag is nbclient's: no grader runs such a cell, which trains for a minute, say. It stands behind
all that is graded.

Left out: jupytext's other formats, nbgrader's task cells. Proved by: each fault planted once.
"""

import ast
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from autograder.errors import BuildError
from autograder.regions import HIDDEN_TESTS, SOLUTION, marked, split

SKIPPED = "skip-execution"
"""The tag of cells that no grader runs."""
_LABEL = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}


def to_notebook(script: str, assignment: str, points: Mapping[str, float]) -> bytes:
    """The bytes of the notebook that the script describes.

    Arguments:
        script: the text of a `py:percent` script
        assignment: its name, from whose `checks` the hidden tests must come
        points: what each rubric is worth, by its constant's name

    Raises:
        BuildError: a cell is at fault; the text names it and says what is expected
    """
    import jupytext  # 2 s to import
    import nbformat

    cells: list[dict[str, Any]] = []
    names: set[str] = set()
    skipped = False
    for number, read in enumerate(jupytext.reads(script, fmt="py:percent").cells, 1):
        label = read.metadata.get("nbgrader")
        try:
            full = None if label is None else _label(label)
            name = _name(read) if full is None else str(full["grade_id"])
            if full and name in names:
                raise BuildError("another cell has this grade_id")
            _check(read.cell_type, read.source, full)
            tags = _tags(read.metadata, full)
            skipped = skipped or bool(tags)
            if skipped and full and full["grade"]:
                raise BuildError("it is graded, but a cell before it is skipped in grading")
            if full and full["grade"] and not full["solution"]:
                _check_test(read.source, full, names, assignment, points)
        except BuildError as error:
            claimed = label.get("grade_id") if isinstance(label, Mapping) else None
            first = read.source.split("\n")[0][:50]
            where = f"`{claimed}`" if claimed else f"{number} ({first!r})"
            raise BuildError(f"{assignment}.py, cell {where}: {error}") from None
        while name in names:
            name += "-again"
        names.add(name)
        cell = {
            "id": name,
            "cell_type": read.cell_type,
            "metadata": tags if full is None else tags | {"nbgrader": full},
            "source": read.source,
        }
        code: dict[str, Any] = (
            {"outputs": [], "execution_count": None} if read.cell_type == "code" else {}
        )
        cells.append(cell | code)
    notebook = nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": _METADATA, "cells": cells}
    )
    nbformat.validate(notebook)
    return (str(nbformat.writes(notebook)).rstrip("\n") + "\n").encode()


def _name(cell: Any) -> str:
    return hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]


def _label(label: Any) -> dict[str, Any]:
    """A label with what it leaves out filled in."""
    if not isinstance(label, Mapping):
        raise BuildError('its label must be like nbgrader={"grade_id": "softmax", …}')
    full: dict[str, Any] = _LABEL | dict(label)
    if not isinstance(full.get("grade_id"), str) or not _NAME.fullmatch(full["grade_id"]):
        raise BuildError("its grade_id must be 1 to 64 letters, digits, - and _")
    if unknown := set(label) - {"grade_id", "grade", "solution", "locked", "points"}:
        raise BuildError(f"a label has no {', '.join(sorted(unknown))}")
    if not all(isinstance(full[flag], bool) for flag in ("grade", "solution", "locked")):
        raise BuildError("grade, solution and locked must be true or false")
    if full["grade"] and not full["solution"]:
        full["locked"] = True  # as nbgrader takes it, whatever is written
    if full["solution"] == full["locked"]:
        raise BuildError("it must be a solution or locked (tests and figures), and not both")
    worth = full.get("points")
    if full["grade"] and (
        not isinstance(worth, int | float) or isinstance(worth, bool) or worth <= 0
    ):
        raise BuildError(f"it is graded, so it needs points above 0, got {worth!r}")
    if not full["grade"] and "points" in full:
        raise BuildError("it is not graded, so it has no points")
    return full


def _tags(metadata: Mapping[str, Any], label: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """The one tag that means something, as metadata."""
    tags = metadata.get("tags", [])
    if not tags:
        return {}
    if tags != [SKIPPED]:
        raise BuildError(f"the only tag is {SKIPPED}, got {tags!r}")
    if not label or not label["locked"]:
        raise BuildError(f"only a locked cell may be tagged {SKIPPED}")
    return {"tags": [SKIPPED]}


def _check(kind: str, source: str, label: Mapping[str, Any] | None) -> None:
    """Check that the regions that students must not see are where nbgrader takes them out."""
    solution = bool(label and label["solution"])
    by_person = solution and bool(label and label["grade"])
    test = bool(label and label["grade"] and not solution)
    if kind != "code" and label and not by_person:
        raise BuildError("of text cells only answers that a person grades have a label")
    if marked(source, SOLUTION) and not solution:
        raise BuildError("it holds a solution, but its label does not say so")
    if marked(source, HIDDEN_TESTS) and not test:
        raise BuildError("it holds hidden tests, but its label does not say so")
    if solution and kind == "code" and not split(source, SOLUTION)[1]:
        raise BuildError("it has no region `### BEGIN SOLUTION … ### END SOLUTION`")
    if test and not split(source, HIDDEN_TESTS)[1]:
        raise BuildError("it has no region `### BEGIN HIDDEN TESTS … ### END HIDDEN TESTS`")


def _check_test(
    source: str,
    label: Mapping[str, Any],
    earlier: set[str],
    assignment: str,
    points: Mapping[str, float],
) -> None:
    """Check that a test cell grades the function it is named after, for the rubric's points."""
    function = str(label["grade_id"]).removeprefix("test-")
    if label["grade_id"] != f"test-{function}" or function not in earlier:
        raise BuildError("a test cell is named `test-F`, after an earlier solution cell `F`")
    try:
        *_, last = ast.parse("\n".join(split(source, HIDDEN_TESTS)[1])).body
    except (SyntaxError, ValueError) as error:
        raise BuildError(f"its hidden tests are no Python: {error}") from None
    match last:
        case ast.Expr(ast.Call(ast.Name("grade"), [ast.Name(rubric), ast.Name(graded)])):
            pass
        case _:
            raise BuildError(f"its hidden tests must end with `grade(RUBRIC, {function}, …)`")
    if not source.rstrip().endswith(f"END {HIDDEN_TESTS}"):
        raise BuildError("nothing may stand after its hidden tests: `grade` must give its value")
    if graded != function:
        raise BuildError(f"it grades `{graded}`, but is named after `{function}`")
    if f"from assignments.{assignment}.checks import {rubric}\n" not in source:
        raise BuildError(f"it must say `from assignments.{assignment}.checks import {rubric}`")
    if rubric not in points:
        raise BuildError(f"assignments.{assignment}.checks has no rubric {rubric}")
    if abs(points[rubric] - label["points"]) > 1e-9:
        raise BuildError(f"it gives {label['points']} points, its rubric {points[rubric]:g}")
