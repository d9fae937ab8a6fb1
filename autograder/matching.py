"""Which cell of a submission stands for which cell of the assignment.

A cell is known by its nbgrader label; of several with one label the last counts and the others are
ordinary cells, as with nbgrader's `DeduplicateIds`. Where a label was lost (some editors drop all
metadata): by the cell's id, by its text, by the function that it defines, or by its place.

Left out: what is done with them (`autograder.submission`). Proved by: labels removed, doubled and
exchanged, one kind at a time and at random.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.notebook_file import Cell


@dataclass(frozen=True)
class Slot:
    """One cell of the assignment: as the judge needs it, and as students got it."""

    template: Mapping[str, Any]
    released: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its id, which is its `grade_id` where it has a label."""
        return str(self.released["id"])

    @property
    def kind(self) -> str:
        """Its type: code, markdown or raw."""
        return str(self.released["cell_type"])

    @property
    def label(self) -> Mapping[str, Any]:
        """Its nbgrader metadata; empty for a lesson."""
        label: Mapping[str, Any] = self.released["metadata"].get("nbgrader", {})
        return label

    @property
    def solution(self) -> bool:
        """Whether the student writes it."""
        return bool(self.label.get("solution"))

    @property
    def locked(self) -> bool:
        """Whether nobody but us writes it."""
        return bool(self.label) and not self.solution

    def unchanged(self, cell: Cell) -> bool:
        """Whether a cell of a submission has the text that was handed out."""
        return cell.source.strip() == str(self.released["source"]).strip()


def find(cells: Sequence[Cell], slots: Sequence[Slot], notes: list[str]) -> dict[str, int]:
    """Which cell of the submission stands for which of ours: name → index."""
    claims: defaultdict[str, list[int]] = defaultdict(list)
    labelled = {slot.name for slot in slots if slot.label}
    for index, cell in enumerate(cells):
        if cell.grade_id in labelled:
            claims[cell.grade_id].append(index)
    found: dict[str, int] = {}
    for name, indices in claims.items():
        found[name] = ([i for i in indices if cells[i].labelled] or indices)[-1]
        if len(indices) > 1:
            notes.append(
                f"there were {len(indices)} cells `{name}`: the last one counts, "
                "the others were run as ordinary cells"
            )
    free = {i: cell for i, cell in enumerate(cells) if cell.grade_id not in labelled}

    def take(slot: Slot, indices: Iterable[int]) -> None:
        """Let the first of the indices stand for the slot, if neither is taken."""
        index = next((i for i in indices if i in free), None)
        if slot.name not in found and index is not None:
            found[slot.name] = index
            del free[index]
            if slot.solution:
                notes.append(f"`{slot.name}` had lost its label; the cell was recognised without")

    by_id: defaultdict[str | None, list[int]] = defaultdict(list)
    by_text: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index, cell in free.items():
        by_id[cell.cell_id].append(index)
        by_text[cell.kind, cell.source.strip()].append(index)
    for slot in slots:
        take(slot, by_id[slot.name])
    for slot in slots:
        take(slot, by_text[slot.kind, str(slot.released["source"]).strip()])
    for before, slot in zip(slots, slots[1:], strict=False):
        if slot.solution and slot.kind == "code":
            definition = re.compile(rf"^(?:def|class)\s+{re.escape(slot.name)}\b", re.MULTILINE)
            defining = [
                i for i, c in free.items() if c.kind == "code" and definition.search(c.source)
            ]
            take(slot, reversed(defining))  # the last is the one that Python would keep
        elif slot.solution and before.name in found:
            after = found[before.name] + 1
            take(slot, [after] if after in free and free[after].kind == slot.kind else [])
    for cell in free.values():
        if cell.labelled:
            notes.append(
                f"the label {str(cell.grade_id)[:40]!r} is not of this assignment: "
                "the cell was run as an ordinary one"
            )
    return found
