"""The feedback page of one submission, made inside nbgrader's own `generate_feedback`.

The page shows the points, the mistake that was recognised and each check in words, then the
notebook. It holds no script and fetches nothing: formulas are MathML, and a content security policy
says so to the browser, should a filter ever miss something of a student's.
Left out: what the page must not show, hidden tests and mark schemes, and outputs other than text
and PNG.
Proved by: pages of hostile notebooks, read element by element and opened in a browser.
"""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import GetGrades as NbgraderGetGrades

from autograder.markdown import markdown_to_html

_LEXER = "ipython3"
_TEMPLATES = Path(__file__).parent / "templates"

_HIDDEN = re.compile(
    r"^[^\n]*BEGIN (HIDDEN TESTS|MARK SCHEME)[^\n]*\n.*?(^[^\n]*END \1[^\n]*\n?|\Z)",
    re.DOTALL | re.MULTILINE,
)
"""nbgrader's regions. Its own preprocessors fail on a student's cell that has their words in it."""


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML exporter with `templates/feedback.html.j2` and safe Markdown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Choose our template, whichever nbgrader's command or formgrader has configured."""
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.template_paths = [str(_TEMPLATES), *self.template_paths]
        self.template_file = "feedback.html.j2"

    def from_notebook_node(  # type: ignore[override]  # as HTMLExporter's
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **settings: Any
    ) -> tuple[str, dict[str, Any]]:
        """Called for each notebook.

        As HTMLExporter's, but for its second pass, two thirds of the time, which mends what our
        template has: alternative texts, and parts that the keyboard reaches.
        """
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=_LEXER, parent=self))  # type: ignore[no-untyped-call]
        page: tuple[str, dict[str, Any]]
        page = super(HTMLExporter, self).from_notebook_node(nb, resources, **settings)
        return page

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """Called once, when the template is loaded."""
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "markdown2html", markdown_to_html
        yield "ticks", _ticks


def _ticks(text: str) -> str:
    """A line of a check's, in which `backticks` mark code and nothing else is markup."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text))


class GetGrades(NbgraderGetGrades):
    """nbgrader's own preprocessor; says what a person has yet to grade, and hides hidden tests."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Called for each cell of an autograded notebook."""
        label = cell.metadata.get("nbgrader", {})
        if not label.get("solution") and (label.get("grade") or label.get("task")):
            cell.source = _HIDDEN.sub("", cell.source).rstrip()
        super().preprocess_cell(cell, resources, cell_index)
        return cell, resources

    def _get_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._get_score(cell, resources)
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"],
            self.notebook_id,
            self.assignment_id,
            self.student_id,
        )
        cell.metadata.nbgrader["pending"] = grade.needs_manual_grade and grade.manual_score is None
