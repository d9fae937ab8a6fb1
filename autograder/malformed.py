"""Files that students hand in and that are no proper notebooks: one small function each.

Each takes the notebook that it starts from and the path where the submission belongs, and writes
there what it is named for. Large ones are sparse or made in memory, so that none has to be kept.
Left out: notebooks that are read and lie (`autograder.tampered`). Proved by: the sample class.
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
    cell = {"cell_type": "raw", "metadata": {}, "source": ""}
    cells = [*notebook.cells, *({**cell, "id": f"cell-{n}"} for n in range(100_000))]
    path.write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")


def deep(notebook: NotebookNode, path: Path) -> None:
    """JSON nested 10,000 deep, in a cell's metadata."""
    path.write_text(_spliced(notebook, "[" * 10_000 + "]" * 10_000), encoding="utf-8")


def long_number(notebook: NotebookNode, path: Path) -> None:
    """A number of ten million digits, which takes minutes to convert."""
    path.write_text(_spliced(notebook, "9" * 10_000_000), encoding="utf-8")


def odd_numbers(notebook: NotebookNode, path: Path) -> None:
    """NaN and infinity, which JSON does not have, and a key given twice."""
    path.write_text(
        _spliced(notebook, '[NaN, -Infinity, 1e999, {"a": 1, "a": 2}]'), encoding="utf-8"
    )


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
    (path.parent / "nbgrader_config.py").write_text(
        "raise SystemExit('ESCA' 'PED')", encoding="utf-8"
    )
    (path.parent / "link").symlink_to("/etc/passwd")
    (path.parent / "loop").symlink_to(".")


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


FILES: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        truncated, invalid_utf8, huge, many_cells, deep, long_number, odd_numbers, no_object,
        empty, format_99, format_3, odd_types, folder, pipe, symlink_to_neighbour,
        symlink_to_source, symlink_to_zeros, symlinked_folder, other_files, lone_surrogates,
        windows, nothing,
    )
}  # fmt: skip
