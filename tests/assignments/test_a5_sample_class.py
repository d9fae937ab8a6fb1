"""The sample class of assignment 5, graded in the sandbox: every verdict as its name says."""

from pathlib import Path

import pytest

from autograder import demo
from autograder.grading import grade_class

ASSIGNMENT = "a5_masked_lm"

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
