"""The notebook that is graded: ours, with the student's answers put in.

A submission is claims: its cells may be deleted, copied, moved, relabelled, retyped or edited where
they are locked. So its notebook is never graded. Graded is the template, in the template's order,
with the text of the student's solution cells in place of ours, and the cells that the student added
each after the cell of ours that it followed. What was put right is told in words.

Left out: which cell is which (`autograder.matching`), and running anything. Proved by: notebooks as
four editors save them, and hundreds of tampered ones: every locked cell is ours, and no line of our
solutions is there.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import CourseError, UnreadableSubmission
from autograder.matching import Slot, find
from autograder.notebook_file import Cell, as_notebook, read_cells
from autograder.submitted_file import read_bytes

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

MAX_NOTES = 40
"""Notes kept for one submission: enough for every cell of an assignment to be tampered with."""


@dataclass(frozen=True)
class Submission:
    """A submission made fit for grading."""

    notebook: "NotebookNode"
    notes: tuple[str, ...]
    """What was missing, doubled or changed, in words that a student may read."""


def read_submission(
    source: Path | bytes, template: "NotebookNode", release: "NotebookNode"
) -> Submission:
    """Read a submitted file and merge it with the assignment.

    Arguments:
        source: the file, or its bytes
        template: the assignment with its hidden tests; its solutions are not used
        release: the assignment as students got it

    Raises:
        UnreadableSubmission: it is no notebook of this assignment; the text says why
    """
    cells = read_cells(source if isinstance(source, bytes) else read_bytes(source))
    if [cell["id"] for cell in template["cells"]] != [cell["id"] for cell in release["cells"]]:
        raise CourseError("the release is not made from this source: run `autograder build`")
    slots = [
        Slot(ours, theirs) for ours, theirs in zip(template["cells"], release["cells"], strict=True)
    ]
    notes: list[str] = []
    found = find(cells, slots, notes)
    if not any(slot.label and slot.name in found for slot in slots):
        raise UnreadableSubmission("none of this assignment's cells is in it: is it another one?")

    at = {index: name for name, index in found.items()}
    by_name = {slot.name: slot for slot in slots}
    followers: defaultdict[str | None, list[Cell]] = defaultdict(list)
    anchor = None
    for index, cell in enumerate(cells):
        if index in at:
            anchor = at[index]
            # An edited lesson stays ours; what the student made of it may hold an answer.
            if by_name[anchor].label or by_name[anchor].unchanged(cell):
                continue
        if cell.source.strip():
            followers[anchor].append(cell)

    merged: list[dict[str, Any]] = []
    added = (
        name for n in range(1, len(cells) + len(slots) + 1) if (name := f"added-{n}") not in by_name
    )
    merged += [_plain(next(added), cell) for cell in followers[None]]
    for slot in slots:
        answer = cells[found[slot.name]] if slot.name in found else None
        merged.append(_fill(slot, answer, notes))
        merged += [_plain(next(added), follower) for follower in followers[slot.name]]
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": template["metadata"],
        "cells": merged,
    }
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [f"… and {len(notes) - MAX_NOTES} notes more"]
    return Submission(as_notebook(notebook), tuple(notes))


def _fill(slot: Slot, cell: Cell | None, notes: list[str]) -> dict[str, Any]:
    """The slot's cell of the graded notebook; `cell` is what stands for it in the submission."""
    metadata = dict(slot.released["metadata"])
    source = str(slot.released["source"])
    if slot.solution:
        if cell is None:
            notes.append(f"`{slot.name}` was missing: it counts as not answered")
        else:
            source = cell.source
            if cell.kind != slot.kind:
                notes.append(f"`{slot.name}` was a {cell.kind} cell: it was read as {slot.kind}")
            if cell.pictures:
                notes.append(f"pictures pasted into `{slot.name}` are not shown")
    elif slot.locked:
        source = str(slot.template["source"])
        if source != slot.released["source"]:  # nbgrader's checksum is that of the released text
            label = {key: value for key, value in slot.label.items() if key != "checksum"}
            metadata["nbgrader"] = label
        if cell is None:
            notes.append(f"the locked cell `{slot.name}` was missing: it was put back")
        elif not slot.unchanged(cell) or cell.kind != slot.kind:
            notes.append(f"the locked cell `{slot.name}` had been changed: ours was used")
    if cell is not None and cell.labelled:
        settings = ("grade", "locked", "solution", "points", "task")
        if any(key in cell.label and cell.label[key] != slot.label.get(key) for key in settings):
            notes.append(f"the settings of `{slot.name}` had been changed: ours were used")
    return _cell(slot.name, slot.kind, source, metadata)


def _plain(name: str, cell: Cell) -> dict[str, Any]:
    return _cell(name, cell.kind, cell.source, {})


def _cell(name: str, kind: str, source: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    cell = {"id": name, "cell_type": kind, "metadata": metadata, "source": source}
    return cell | {"outputs": [], "execution_count": None} if kind == "code" else cell
