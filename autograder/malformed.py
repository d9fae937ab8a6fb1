"""Files that students hand in and that are no proper notebooks: one small function each.

Each takes the notebook that it starts from and the path where the submission belongs, and writes there what
it is named for. Large ones are sparse or made in memory, so that none has to be kept.
Left out: what a percent script can say (`autograder.samples`). Proved by: the sample class.
"""

import json
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

Maker = Callable[[NotebookNode, Path], None]


def truncated(notebook: NotebookNode, path: Path) -> None:
    """The first two thirds of the file."""
    text = nbformat.writes(notebook)
    path.write_text(text[: len(text) * 2 // 3], encoding="utf-8")


def invalid_utf8(notebook: NotebookNode, path: Path) -> None:
    """Latin-1 where UTF-8 belongs."""
    text = nbformat.writes(notebook).encode()
    path.write_bytes(text.replace(b"softmax", b"s\xf6ftm\xe4x\xff", 1))


def huge(notebook: NotebookNode, path: Path) -> None:
    """200 MB that begin as a notebook; a hole in the file, so no disk is used."""
    path.write_text(nbformat.writes(notebook)[:-1], encoding="utf-8")
    os.truncate(path, 200 * 10**6)


def many_cells(notebook: NotebookNode, path: Path) -> None:
    """100,000 cells."""
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ""}
    cells = [*notebook.cells, *({"id": f"cell-{n}", **cell} for n in range(100_000))]
    path.write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")


def deep(notebook: NotebookNode, path: Path) -> None:
    """JSON nested 10,000 deep, in a cell's metadata."""
    path.write_text(_spliced(notebook, "[" * 10_000 + "]" * 10_000), encoding="utf-8")


def long_number(notebook: NotebookNode, path: Path) -> None:
    """A number of ten million digits, which takes minutes to convert."""
    path.write_text(_spliced(notebook, "9" * 10_000_000), encoding="utf-8")


def odd_numbers(notebook: NotebookNode, path: Path) -> None:
    """NaN and infinity, which JSON does not have, and a key given twice."""
    path.write_text(_spliced(notebook, '[NaN, -Infinity, 1e999, {"a": 1, "a": 2}]'), encoding="utf-8")


def no_object(notebook: NotebookNode, path: Path) -> None:
    """Valid JSON, and no notebook."""
    path.write_text('["not", "a", "notebook"]', encoding="utf-8")


def empty(notebook: NotebookNode, path: Path) -> None:
    """No bytes at all."""
    path.write_bytes(b"")


def format_99(notebook: NotebookNode, path: Path) -> None:
    """A notebook format that does not exist yet."""
    path.write_text(json.dumps({**notebook, "nbformat": 99}), encoding="utf-8")


def format_3(notebook: NotebookNode, path: Path) -> None:
    """The format of 2014, with its worksheets."""
    cells = [{"cell_type": "code", "input": cell.source, "outputs": []} for cell in notebook.cells]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    path.write_text(json.dumps(old), encoding="utf-8")


def odd_types(notebook: NotebookNode, path: Path) -> None:
    """Cells that are texts, sources that are numbers, metadata that is a list."""
    cells: list[Any] = [dict(cell) for cell in notebook.cells]
    cells[3:3] = ["cell", 7, None, {"cell_type": "code", "source": 5, "metadata": []}]
    path.write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")


def folder(notebook: NotebookNode, path: Path) -> None:
    """A folder with the notebook's name."""
    path.mkdir()
    nbformat.write(notebook, path / path.name)


def pipe(notebook: NotebookNode, path: Path) -> None:
    """A named pipe: opening it waits for a writer that never comes."""
    os.mkfifo(path)


def symlink_to_neighbour(notebook: NotebookNode, path: Path) -> None:
    """A symbolic link to the work of another student."""
    path.symlink_to(path.parents[2] / "right-einsum" / path.parent.name / path.name)


def symlink_to_source(notebook: NotebookNode, path: Path) -> None:
    """A symbolic link to the assignment's source, solutions and hidden tests included."""
    path.symlink_to(path.parents[3] / "source" / path.parent.name / path.name)


def symlink_to_zeros(notebook: NotebookNode, path: Path) -> None:
    """A symbolic link to a device that never ends."""
    path.symlink_to("/dev/zero")


def symlinked_folder(notebook: NotebookNode, path: Path) -> None:
    """The folder of another student, linked as one's own."""
    path.parent.rmdir()
    path.parent.symlink_to(path.parents[2] / "right-loops" / path.parent.name)


def other_files(notebook: NotebookNode, path: Path) -> None:
    """The notebook, and beside it files and links that a careless grader would use or follow."""
    nbformat.write(notebook, path)
    (path.parent / "verdict.json").write_text('{"points": 60}', encoding="utf-8")
    (path.parent / "conftest.py").write_text("print('ESCA' 'PED')", encoding="utf-8")
    (path.parent / "torch.py").write_text("print('ESCA' 'PED')", encoding="utf-8")
    (path.parent / "nbgrader_config.py").write_text("raise SystemExit('ESCA' 'PED')", encoding="utf-8")
    (path.parent / "link").symlink_to("/etc/passwd")
    (path.parent / "loop").symlink_to(".")


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
    """The causal mask's answer labelled as a test, its test as an answer, and a code of its own for it."""
    changed = deepcopy(notebook.cells)
    for cell in changed:
        label = _label(cell)
        if label.get("grade_id") == "test-causal_mask":
            label.update(grade=False, locked=False, solution=True, grade_id="causal_mask")
            cell.source = "4.0"
        elif label.get("grade_id") == "causal_mask":
            label.update(grade=True, locked=True, solution=False, points=4, grade_id="test-causal_mask")
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


def lone_surrogates(notebook: NotebookNode, path: Path) -> None:
    """Half characters in sources and metadata, which JSON can spell and UTF-8 cannot."""
    text = json.dumps(notebook)
    path.write_text(text.replace('"source": "', '"source": "# \\ud800\\n'), encoding="utf-8")


def windows(notebook: NotebookNode, path: Path) -> None:
    """A byte-order mark, and carriage returns in every source."""
    changed = deepcopy(notebook.cells)
    for cell in changed:
        cell.source = cell.source.replace("\n", "\r\n")
    text = json.dumps({**notebook, "cells": changed})
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())


def nothing(notebook: NotebookNode, path: Path) -> None:
    """Only a notebook of another name."""
    nbformat.write(notebook, path.with_name("my homework (final).ipynb"))


def _spliced(notebook: NotebookNode, value: str) -> str:
    """The notebook with this JSON text in the metadata of its first cell."""
    changed = deepcopy(notebook)
    changed.cells[0].metadata["spliced"] = "here"
    return json.dumps(changed).replace('"here"', value, 1)


def _label(cell: NotebookNode) -> dict[str, Any]:
    label = cell.metadata.get("nbgrader", {})
    assert isinstance(label, dict)
    return label


def _write(notebook: NotebookNode, cells: list[NotebookNode], path: Path) -> None:
    path.write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")


MAKERS: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        truncated, invalid_utf8, huge, many_cells, deep, long_number, odd_numbers, no_object, empty,
        format_99, format_3, odd_types, folder, pipe, symlink_to_neighbour, symlink_to_source,
        symlink_to_zeros, symlinked_folder, other_files, tests_deleted, tests_duplicated,
        tests_moved, tests_relabelled, points_changed, outputs_filled_in, lone_surrogates, windows,
        nothing,
    )
}  # fmt: skip
