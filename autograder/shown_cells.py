"""Cells as pages show them: what a student's text could break a page with is shown as plain text.

nbconvert colours code with Pygments, whose time grows with the square of a hostile cell's length
(`a.` half a million times: hours), and puts raw cells into a page as the HTML that they are. This
preprocessor of nbconvert's comes before the template, on feedback pages and in formgrader alike.

Left out: Markdown (`autograder.markdown`) and outputs, which the judge caps.
Proved by: cells that Pygments never ends on, and raw cells of HTML, in formgrader's own template.
"""

import re
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode

_CELL = 5_000
"""The longest code that is coloured: seconds at worst; our longest cell has 4,300 characters."""

_NOTEBOOK = 60_000
"""Characters coloured on one page, twice an honest notebook's."""

_LINE = 500
"""The longest line that is coloured: people break theirs at 100."""


class PlainWhereHostile(Preprocessor):
    """Takes the colours off long code, and gives raw cells as Markdown that quotes them."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Called for each notebook that becomes a page."""
        left = _NOTEBOOK
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "raw":
                nb.cells[index] = _quoted(cell)
            elif cell.cell_type == "code":
                if coloured := len(cell.source) <= left and _harmless(cell.source):
                    left -= len(cell.source)
                # what HighlightMagicsPreprocessor tells the filter: which lexer, `ipython3` without
                cell.metadata.pop("magics_language", None)
                cell.metadata |= {} if coloured else {"magics_language": "text"}
        return nb, resources


def _harmless(code: str) -> bool:
    """Of a usual size, and in Python: `%%` chooses among lexers of all languages."""
    lines = code.splitlines()
    return (
        len(code) <= _CELL
        and all(len(line) <= _LINE for line in lines)
        and not any(line.lstrip().startswith("%%") for line in lines)
    )


def _quoted(cell: NotebookNode) -> NotebookNode:
    """A Markdown cell of one block of code."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", cell.source)), 0)
    source = f"{fence}\n{cell.source}\n{fence}"
    return NotebookNode({**cell, "cell_type": "markdown", "source": source})
