"""The sample class of assignment 7, graded in the sandbox: every verdict as its name says."""

from pathlib import Path

import nbformat
import pytest

from autograder import demo
from autograder.grading import grade_class
from autograder.verdict import folder_of, notebook_path

ASSIGNMENT = "a7_scaling_laws"

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def test_every_verdict_is_as_its_file_name_says(tmp_path: Path):
    course = demo.fresh_course(tmp_path / "course")
    samples = demo.hand_in(course, ASSIGNMENT)
    assert len(samples) >= 20
    assert sum(sample.hostile for sample in samples) >= 6
    verdicts = grade_class(course, ASSIGNMENT, deadlines=demo.DEADLINES, record=False)
    assert demo.compare(course, ASSIGNMENT, samples, verdicts) == {}
    (honest,) = [v for v in verdicts if v.student == "right-library"]
    assert honest.points == sum(cell.points for cell in honest.cells if cell.points is not None)
    assert not honest.notes, "no cell of the notebook fails, is interrupted or is left out"
    executed = nbformat.read(
        notebook_path(folder_of(course, ASSIGNMENT, "right-library"), ASSIGNMENT), 4
    )
    pictures = [
        cell.id
        for cell in executed.cells
        if cell.id.startswith("figure-")
        and any("image/png" in output.get("data", {}) for output in cell.get("outputs", ()))
    ]
    assert len(pictures) == 6, "the tables are there, and the student's functions draw them"
