"""A notebook file that nobody vouches for: from its bytes to a list of plain cells.

What is kept of a cell is its type, its text and its labels; outputs, attachments and all other
metadata are dropped unread. Every limit is checked before the work that it limits: the amount of
structure before parsing, the cells before copying. Old notebooks (4.0 to 4.4, without cell ids) and
those that Colab and VS Code save are read like JupyterLab's.

Left out: notebooks of format 3 and before (opening and saving one in Jupyter converts it), and what
the cells mean (`autograder.submission`). Proved by: malformed files of each kind, and the reasons.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from autograder.errors import UnreadableSubmission
from autograder.submitted_file import MAX_BYTES, too_big

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

MAX_BRACKETS = 1_000_000
"""Opening brackets in a file: a parsed `{}` takes 30 times the memory of its text."""

MAX_CELLS = 2_000
"""Cells of a notebook: those handed out have some tens."""

MAX_SOURCE = 1_000_000
"""Characters in all cells together: more than three long novels."""

_CELL_TYPES = ("code", "markdown", "raw")


@dataclass(frozen=True)
class Cell:
    """What is kept of one cell of a submission."""

    kind: str
    source: str
    cell_id: str | None
    label: dict[str, Any]
    """What the file says under `metadata.nbgrader`: claims of the student's, no facts."""
    pictures: bool
    """Whether pictures were pasted into it."""

    @property
    def grade_id(self) -> str | None:
        """The name that the cell claims to have."""
        grade_id = self.label.get("grade_id")
        return grade_id if isinstance(grade_id, str) else None

    @property
    def labelled(self) -> bool:
        """Whether nbgrader would take it for a cell of the assignment."""
        return any(self.label.get(flag) is True for flag in ("grade", "solution", "locked"))


def as_notebook(notebook: dict[str, Any]) -> "NotebookNode":
    """The same notebook as nbformat's type, whose parts are read as attributes."""
    from nbformat.notebooknode import NotebookNode, from_dict  # 1 s to import

    node = from_dict(notebook)
    if not isinstance(node, NotebookNode):
        raise ValueError("it holds no JSON object")
    return node


def load_notebook(text: str) -> "NotebookNode":
    """A notebook of ours, as its file has it; nothing about it is checked."""
    from nbformat import v4

    return cast("NotebookNode", v4.reads(text))


def read_cells(data: bytes) -> list[Cell]:
    """The cells of a notebook file, or `UnreadableSubmission` with the reason."""
    notebook = _object(_parse(data), "the file")
    major = notebook.get("nbformat")
    if not isinstance(major, int) or major < 1:
        raise UnreadableSubmission("it does not say that it is a notebook: `nbformat` is missing")
    if major < 4:
        raise UnreadableSubmission(
            f"it has the old notebook format {major}: open it in Jupyter, save it, hand it in again"
        )
    if major > 4:
        raise UnreadableSubmission(f"it has notebook format {major}, which is not known; 4 is")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise UnreadableSubmission("it has no list of cells")
    if len(cells) > MAX_CELLS:
        raise UnreadableSubmission(f"it has {len(cells):,} cells; at most {MAX_CELLS:,} are read")
    kept = [_cell(cell, f"cell {number}") for number, cell in enumerate(cells, 1)]
    if (size := sum(len(cell.source) for cell in kept)) > MAX_SOURCE:
        raise UnreadableSubmission(f"it has {size:,} characters; at most {MAX_SOURCE:,} are read")
    return kept


def _parse(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise UnreadableSubmission(too_big("it", len(data)))
    if not data.strip():
        raise UnreadableSubmission("the file is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableSubmission(
            f"it is not UTF-8 text: byte {data[error.start]:#04x} at place {error.start:,}"
        ) from None
    if (brackets := text.count("{") + text.count("[")) > MAX_BRACKETS:
        raise UnreadableSubmission(
            f"it has {brackets:,} opening brackets; at most {MAX_BRACKETS:,} are read"
        )
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno:,}, column {error.colno:,}"
        raise UnreadableSubmission(f"it is not valid JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise UnreadableSubmission("its JSON is nested too deeply") from None
    except ValueError:  # a number of more digits than Python converts
        raise UnreadableSubmission("it is not valid JSON: a number is too long") from None


def _cell(cell: Any, where: str) -> Cell:
    cell = _object(cell, where)
    kind = cell.get("cell_type")
    if kind not in _CELL_TYPES:
        raise UnreadableSubmission(f"{where} is none of {', '.join(_CELL_TYPES)}")
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise UnreadableSubmission(f"{where} has no text")
    # JSON can spell half a character, which nothing can store; Windows ends lines its own way.
    source = source.encode("utf-8", "replace").decode().replace("\r\n", "\n")
    metadata = _object(cell.get("metadata", {}), f"the metadata of {where}")
    label = metadata.get("nbgrader")
    names = (cell.get("id"), metadata.get("id"))  # Colab keeps ids in the metadata
    return Cell(
        kind=kind,
        source=source,
        cell_id=next((name for name in names if isinstance(name, str)), None),
        label=label if isinstance(label, dict) else {},
        pictures=bool(cell.get("attachments")),
    )


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableSubmission(f"{what} is no JSON object")
    return value
