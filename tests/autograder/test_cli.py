"""The command: its exit codes, and an end that is quick but loses nothing."""

import csv
import os
import subprocess
import sys

import pytest

from autograder.course import Course


@pytest.fixture
def autograder(tmp_path):
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}

    def run(*words: str, before: str = "") -> subprocess.CompletedProcess[str]:
        program = f"{before}\nfrom autograder.cli import main\nmain()"
        return subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=tmp_path,
            env=usual | {"COLUMNS": "300"},
            capture_output=True,
            text=True,
        )

    return run


def test_what_cannot_be_done_is_exit_code_1_and_told_in_full(autograder):
    ended = autograder("grade", "a1")
    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith("make one with `autograder build`")


@pytest.mark.parametrize("path", [".", "course/nbgrader_config.py/t.csv", "/proc/t.csv"])
def test_a_table_that_cannot_be_written_is_told_before_anything_is_graded(
    autograder, tmp_path, path
):
    Course.create(tmp_path / "course")
    # of an assignment that is not there: what is looked at first speaks first
    ended = autograder("grade", "a1", "--course", "course", "--csv", path)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"autograder: no table can be written to {path} (")
    assert "Traceback" not in ended.stderr


def test_feedback_on_an_assignment_that_is_not_there_is_refused(autograder, tmp_path):
    Course.create(tmp_path / "course")
    ended = autograder("feedback", "nonsuch", "--course", "course")
    assert ended.returncode == 1
    assert ended.stderr.startswith("autograder: there is no ")
    assert ended.stderr.rstrip().endswith("make it with `autograder build nonsuch`")


def test_wrong_words_are_exit_code_2(autograder):
    assert autograder("grade").returncode == 2


@pytest.mark.parametrize("minutes", ["nan", "-5", "0"])
def test_a_warm_grader_for_no_time_is_refused(autograder, minutes):
    ended = autograder("warm", "a3_attention", "--minutes", minutes)
    assert ended.returncode == 2
    assert f"expected more than 0 minutes, got {minutes}" in ended.stderr


NOBODY_TO_GRADE = "import autograder.grading as g\ng.grade_class = lambda *_, **options: []"


def test_a_folder_that_names_no_student_is_a_problem_and_has_a_row(autograder, tiny, tmp_path):
    (tiny.submitted / "=cmd()" / "tiny").mkdir(parents=True)
    words = ["grade", "tiny", "--course", str(tiny.root), "--csv", "grades.csv"]
    ended = autograder(*words, before=NOBODY_TO_GRADE)
    assert ended.returncode == 3, ended.stderr
    assert "not graded: the folder '=cmd()' names no student: it starts with =" in ended.stdout
    with open(tmp_path / "grades.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "student": "'=cmd()",
        "points": "",
        "max_points": "",
        "status": "not graded",
        "mistakes": "",
        "reason": "the folder names no student: it starts with =",
    }
    ended = autograder(*words, "--student", "ada", before=NOBODY_TO_GRADE)
    assert ended.returncode == 0, "nobody asked for it"


def test_the_quick_end_still_writes_what_was_printed_and_runs_exit_functions(autograder):
    ended = autograder("--help", before="import atexit; atexit.register(print, 'registered')")
    assert ended.returncode == 0
    assert "doctor" in ended.stdout
    assert ended.stdout.endswith("registered\n")


def test_modules_are_not_taken_apart(autograder):
    before = "class Last:\n    __del__ = lambda self: print('taken apart')\nlast = Last()"
    assert "taken apart" not in autograder("--help", before=before).stdout


CAUSAL_MASK_ALONE = """
import autograder.validate as v
from assignments.a3_attention.checks import RUBRICS
v.rubrics_of = lambda name: tuple(r for r in RUBRICS if r.name == "causal_mask")
"""
A_WRONG_ONE_CALLED_RIGHT = """
from assignments.a3_attention import misconceptions as m
from autograder.misconception import RightImplementation
wrong = m.MISCONCEPTIONS["causal_mask"][0].implementation
m.RIGHT["causal_mask"] += (RightImplementation("planted", "not right at all", wrong),)
"""


def test_validate_prints_its_tables_and_tells_by_its_exit_code_whether_all_was_judged_well(
    autograder,
):
    ended = autograder("validate", "a3_attention", "--seeds", "2", before=CAUSAL_MASK_ALONE)
    assert ended.returncode == 0, ended.stderr
    assert "false accepts: 0 of 8" in ended.stdout
    assert "near misses:   0 of 5" in ended.stdout
    planted = CAUSAL_MASK_ALONE + A_WRONG_ONE_CALLED_RIGHT
    ended = autograder("validate", "a3_attention", "--seeds", "2", before=planted)
    assert ended.returncode == 3
    assert "false rejects: 1 of 6" in ended.stdout
    assert "causal_mask, planted: " in ended.stdout
