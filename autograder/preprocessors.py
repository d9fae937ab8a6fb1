"""Our judge inside `nbgrader autograde`: read, judge, record, each in nbgrader's own place.

nbgrader converts a submission twice: sanitising, then executing. `SubmissionExporter` stands for
the reading of the file, `LoadVerdict` for `Execute`, `SaveVerdict` for `SaveAutoGrades`, so that
the command line and formgrader's button grade as `autograder grade` does.

A submission that nbgrader itself cannot read (no JSON, another format, cells with forged ids or a
`schema_version` that would end the run for the whole class) never reaches nbgrader: the template
is sanitised in its stead, and the notebook that the judge made replaces it.
Proved by: nbgrader's commands on a class with such submissions; rows equal to the other writer's.
"""

import os
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode, from_dict
from nbgrader.api import Comment, Grade, Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course import Course
from autograder.errors import CourseError
from autograder.graded_folder import exchanged, ours
from autograder.marks import CellRecord, graded_notebook, mark
from autograder.verdict import folder_of, notebook_path, write_atomically

_VERDICT = "autograder verdict"
"""Where `LoadVerdict` leaves the verdict for `SaveVerdict`, among nbgrader's resources."""


class SubmissionExporter(NotebookExporter):
    """Gives nbgrader the released notebook where it would parse the student's file."""

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Called by nbgrader twice for each notebook: on the submitted, then the autograded one."""
        path, course = Path(filename), _course(self)
        if path.is_relative_to(course.submitted):
            path = course.release / path.parent.name / path.name
        return super().from_filename(str(path), resources, **kw)


class LoadVerdict(NbGraderPreprocessor):
    """In place of nbgrader's `Execute`: the notebook as the judge ran it."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Called for each sanitised notebook; judges it unless there is a verdict already."""
        course = _course(self)
        assignment, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        from autograder.grading import grade_one  # the judge, for those who run nbgrader

        verdict = grade_one(course.root, assignment, student)
        self.log.info("%s: %g of %g points", student, verdict.points, verdict.max_points)
        resources[_VERDICT] = verdict
        executed = notebook_path(folder_of(course, assignment, student), assignment)
        return nbformat.read(executed, as_version=4), resources


class SaveVerdict(NbGraderPreprocessor):
    """In place of nbgrader's `SaveAutoGrades`: the rows that the verdict means."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Called after `LoadVerdict`, whose verdict and notebook it records."""
        whose = resources["nbgrader"]
        assignment, student, name = whose["assignment"], whose["student"], whose["notebook"]
        verdict = resources[_VERDICT]
        with Gradebook(whose["db_url"]) as gradebook:
            source = gradebook.find_notebook(name, assignment)
            records = _records(source)
            marks = mark(verdict, nb, records)
            submitted = gradebook.find_submission_notebook(name, assignment, student)
            grades = {grade.cell_id: grade for grade in submitted.grades}
            for cell in (*source.grade_cells, *source.task_cells):
                grade = grades.get(cell.id) or Grade(cell_id=cell.id, notebook=submitted)
                score = marks.scores[cell.name]
                grade.auto_score = score.points
                grade.needs_manual_grade = (
                    score.needs_manual_grade or grade.manual_score is not None
                )
            comments = {comment.cell_id: comment for comment in submitted.comments}
            for cell in (*source.solution_cells, *source.task_cells):
                comment = comments.get(cell.id) or Comment(cell_id=cell.id, notebook=submitted)
                comment.auto_comment = marks.comments[cell.name]
            gradebook.db.commit()
        _put_files(_course(self), assignment, student)
        return from_dict(graded_notebook(nb, verdict, records)), resources


def _records(notebook: Any) -> dict[str, CellRecord]:
    """The gradebook's cells as the marks want them, from nbgrader's own objects."""
    worth = {cell.name: cell.max_score for cell in (*notebook.grade_cells, *notebook.task_cells)}
    solutions = {cell.name for cell in notebook.solution_cells}
    tasks = {cell.name for cell in notebook.task_cells}
    return {
        cell.name: CellRecord(
            cell.source or "",
            cell.checksum,
            worth.get(cell.name),
            cell.name in solutions,
            cell.name in tasks,
        )
        for cell in notebook.source_cells
        if cell.name in worth or cell.name in solutions
    }


def _put_files(course: Course, assignment: str, student: str) -> None:
    """Add what the exchange wrote; remove what nbgrader copied, where a course's settings let it.

    Our own settings have nbgrader copy nothing of a submission: it would follow links, to files
    without an end too.
    """
    keep = ours(course, assignment, student)
    folder = course.autograded / student / assignment
    for parent, _, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            if str(path.relative_to(folder)) not in keep:
                path.unlink()
    for name, data in exchanged(course, assignment, student).items():
        write_atomically(folder / name, data)


def _course(part: Any) -> Course:
    """The course of the nbgrader converter that an exporter or preprocessor works for."""
    while part is not None:
        if coursedir := getattr(part, "coursedir", None):
            return Course(Path(coursedir.root))
        part = part.parent
    raise CourseError("this part works inside nbgrader's autograde alone: it found no course")
