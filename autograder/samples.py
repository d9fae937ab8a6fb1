"""The sample class: notebooks named by the verdict that they deserve.

A sample is a percent script. Its header (notebook metadata `sample`, read by jupytext) says what it
tries and which points are right; its cells are only those in which it differs from the honest
notebook `_honest.py`:

    # %% grade_id="softmax"      the answer to that cell
    # %% after="softmax"         a cell that the student added there; also `before`, and [markdown]

What no percent script can say is done to it by `autograder.malformed` and `autograder.tampered`.
Left out: grading, and whether a verdict is as expected (`autograder.deserved`).
Proved by: tests/autograder/test_samples_format.py.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jupytext
import msgspec
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.errors import CoursewareError
from autograder.malformed import FILES
from autograder.tampered import NOTEBOOKS

HONEST = "_honest.py"
MAKERS = FILES | NOTEBOOKS
"""What can be done to a notebook when it is handed in, by name."""

Points = float | Literal["full", "zero", "less"]


class SampleError(CoursewareError):
    """A sample is not written as it must be."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sample says of itself."""

    tries: str
    because: str
    """Why these points are what its plain code deserves."""
    expect: dict[str, Points] = {}
    """Points by graded function; those not listed are full."""
    mistakes: dict[str, str] = {}
    """The misconception that must be named, by graded function; for the others none may be."""
    status: Literal["graded", "needs review", "refused"] = "graded"
    """`refused`: the folder names no student, so nothing of it is graded."""
    reason: str = ""
    """Words that the reason for a review holds."""
    notes: str = ""
    """Words that some note to the verdict holds."""
    covers: list[str] = []
    """Attacks that it makes: a group's number and an item of that group."""
    start: Literal["honest", "release"] = "honest"
    """What stands where it brings no cell of its own."""
    file: str = ""
    """The maker that writes the file, where it is no plain notebook."""
    student: str = ""
    """The name of the student's folder, where it is not the sample's."""
    bites: bool = False
    """In a cage with open bars it must raise the alarm: it does find what it looks for."""


@dataclass(frozen=True)
class Sample:
    """One submission and the verdict that it deserves."""

    name: str
    assignment: str
    header: Header
    notebook: NotebookNode

    @property
    def student(self) -> str:
        """The name of the student's folder."""
        return self.header.student or self.name

    @property
    def hostile(self) -> bool:
        """Whether it was handed in to harm rather than to be graded."""
        return self.name.startswith("hostile")

    def write(self, submitted: Path) -> None:
        """Hand it in: write what belongs there under the course's `submitted/`."""
        path = submitted / self.student / self.assignment / f"{self.assignment}.ipynb"
        path.parent.mkdir(parents=True)
        if self.header.file:
            MAKERS[self.header.file](self.notebook, path)
        else:
            nbformat.write(self.notebook, path)


def load_samples(folder: Path, release: NotebookNode) -> list[Sample]:
    """The samples of an assignment, by name.

    Args:
        folder: The samples' scripts; its name is the assignment's.
        release: The assignment as students get it.

    Raises:
        SampleError: One of them is not written as it must be; the text says which and why.
    """
    honest = _answers(jupytext.read(folder / HONEST), HONEST)
    samples = []
    for path in sorted(folder.glob("[!_]*.py")):
        script = jupytext.read(path)
        try:
            header = msgspec.convert(script.metadata.get("sample"), Header)
        except msgspec.ValidationError as error:
            raise SampleError(f"{path.name}: its header cannot be read: {error}") from None
        if header.file and header.file not in MAKERS:
            raise SampleError(f"{path.name}: no maker is called {header.file!r}")
        answers = honest if header.start == "honest" else {}
        notebook = _fill(release, answers | _answers(script, path.name), path.name)
        _add(notebook, script, path.name)
        samples.append(Sample(path.stem, folder.name, header, notebook))
    return samples


def _answers(script: NotebookNode, name: str) -> dict[str, str]:
    """The cells that answer a cell of the assignment, by its name."""
    answers: dict[str, str] = {}
    for cell in script.cells:
        if (grade_id := cell.metadata.get("grade_id")) is None:
            continue
        if grade_id in answers:
            raise SampleError(f"{name}: {grade_id} is answered twice")
        answers[grade_id] = cell.source
    return answers


def _fill(release: NotebookNode, answers: Mapping[str, str], name: str) -> NotebookNode:
    notebook = deepcopy(release)
    slots = {_grade_id(cell): cell for cell in notebook.cells if _is_answer(cell)}
    if unknown := answers.keys() - slots.keys():
        raise SampleError(f"{name}: the assignment asks for no {', '.join(sorted(unknown))}")
    for grade_id, source in answers.items():
        slots[grade_id].source = source
    return notebook


def _add(notebook: NotebookNode, script: NotebookNode, name: str) -> None:
    """Put the cells that the student added where they belong, in their order."""
    for number, cell in enumerate(script.cells, 1):
        places = [key for key in ("before", "after") if key in cell.metadata]
        if not places and "grade_id" not in cell.metadata:
            raise SampleError(
                f"{name}: cell {number} has no place: give it grade_id, after or before"
            )
        if not places:
            continue
        beside = cell.metadata[places[0]]
        index = next((i for i, c in enumerate(notebook.cells) if _grade_id(c) == beside), None)
        if index is None:
            raise SampleError(f"{name}: the assignment has no cell {beside!r}")
        if places[0] == "after":
            index += 1
            while index < len(notebook.cells) and notebook.cells[index].id.startswith("added-"):
                index += 1
        if cell.cell_type == "code":
            added = new_code_cell(cell.source)
        else:
            added = new_markdown_cell(cell.source)
        added.id = f"added-{number}"
        notebook.cells.insert(index, added)


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _is_answer(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))
