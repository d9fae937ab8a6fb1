"""nbgrader's settings for a course: our executor, our writer and our pages in nbgrader's own lists.

`configure(c)` is called by the course's `nbgrader_config.py`, so that `nbgrader autograde`,
`nbgrader generate_feedback` and formgrader's buttons all go through the same judge. The lists hold
import strings: a subclass of nbgrader's `Autograde` would be bypassed by formgrader.

Left out of nbgrader's list after execution: `IgnorePattern` (standard error costs nothing here),
`LimitOutput` (the judge caps what it keeps) and `ClearMetadataPreprocessor` (it would clear what
this list and formgrader read). The list before execution stays as nbgrader has it.
Proved by: `nbgrader autograde`, `generate_feedback` and `export` run as commands in such a course.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traitlets.config import Config

_AFTER_SANITIZING = [
    "autograder.preprocessors.LoadVerdict",
    "autograder.preprocessors.SaveVerdict",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

_FEEDBACK = [
    "autograder.feedback_page.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]


_IGNORED = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"]
"""nbgrader's own `CourseDirectory.ignore`."""


def configure(c: "Config") -> None:
    """Put our parts into nbgrader's lists; what an instructor sets afterwards wins."""
    # No file of a submission is copied, links followed, into `autograded/`: patterns with a root
    # match there alone. SaveVerdict puts in what belongs there.
    submission = f"{c.CourseDirectory.get('root', Path.cwd())}/submitted/*/*"
    c.CourseDirectory.ignore = [*_IGNORED, f"{submission}/*", f"{submission}/.*"]
    c.Autograde.exporter_class = "autograder.preprocessors.SubmissionExporter"
    c.Autograde.autograde_preprocessors = list(_AFTER_SANITIZING)
    c.GenerateFeedback.exporter_class = "autograder.feedback_page.FeedbackExporter"
    c.GenerateFeedback.preprocessors = list(_FEEDBACK)
    # Formgrader's pages too: it shows students' Markdown through the filter, outputs sanitised,
    # raw cells as text or, where somebody sets other preprocessors, not at all.
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.preprocessors = ["autograder.shown_cells.PlainWhereHostile"]
    c.HTMLExporter.raw_mimetypes = []
    c.HTMLExporter.filters = {"markdown2html": "autograder.markdown.markdown_to_html"}


def load_config(root: Path) -> "Config":
    """The settings that nbgrader itself would read for the course, the course's own file last."""
    from nbgrader.apps.baseapp import NbGrader
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    app = NbGrader(log_level="CRITICAL")
    app.load_cwd_config = False
    app.load_config_file()
    config = Config(app.config)
    settings = root / "nbgrader_config.py"
    if settings.exists():
        config.merge(PyFileConfigLoader(settings.name, path=str(root)).load_config())
    config.CourseDirectory.root = str(root)
    return config
