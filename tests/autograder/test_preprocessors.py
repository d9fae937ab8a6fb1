"""nbgrader's own commands in a course with our settings: our executor, the same rows, no way past.

The judge is played by stored verdicts, but for the last test: what it says is not the subject.
"""

import csv
import os
import sqlite3
import subprocess
import sys
import types
from contextlib import closing
from pathlib import Path

import nbformat
import pytest

from autograder.gradebook import write
from autograder.verdict import folder_of, load

# nbgrader builds a submission before it adds it to the session, which SQLAlchemy remarks upon.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")


@pytest.fixture
def judge(tiny, monkeypatch):
    """Stand in for `autograder.grading`: gives the stored verdict; remembers who was asked for."""
    asked = []

    def grade_one(root, assignment, student):
        asked.append((root, assignment, student))
        return load(folder_of(tiny, assignment, student), "key")

    grading = types.SimpleNamespace(grade_one=grade_one)
    monkeypatch.setitem(sys.modules, "autograder.grading", grading)
    return asked


def command(course, app_name, *arguments, monkeypatch):
    """Run one of nbgrader's commands as its command line does, in the course folder."""
    from nbgrader import apps

    monkeypatch.chdir(course.root)
    monkeypatch.setattr(sys, "path", list(sys.path))
    app = getattr(apps, app_name)()
    try:
        app.initialize([*arguments])
        app.start()
    finally:
        app.reset()


def everything(course):
    """The gradebook without the ids, which are random: each table's rows with names for ids."""
    queries = {
        "students": "SELECT * FROM student ORDER BY id",
        "submissions": "SELECT name, student_id, timestamp, extension"
        " FROM submitted_assignment AS s JOIN assignment AS a ON a.id = s.assignment_id"
        " ORDER BY student_id",
        "notebooks": "SELECT name, student_id, flagged, late_submission_penalty"
        " FROM submitted_notebook AS n JOIN notebook ON notebook.id = n.notebook_id"
        " JOIN submitted_assignment AS s ON s.id = n.assignment_id ORDER BY student_id",
        "grades": "SELECT student_id, c.name, c.type, auto_score, manual_score, extra_credit,"
        " needs_manual_grade FROM grade AS g JOIN base_cell AS c ON c.id = g.cell_id"
        " JOIN submitted_notebook AS n ON n.id = g.notebook_id"
        " JOIN submitted_assignment AS s ON s.id = n.assignment_id ORDER BY student_id, c.name",
        "comments": "SELECT student_id, c.name, c.type, auto_comment, manual_comment"
        " FROM comment AS g JOIN base_cell AS c ON c.id = g.cell_id"
        " JOIN submitted_notebook AS n ON n.id = g.notebook_id"
        " JOIN submitted_assignment AS s ON s.id = n.assignment_id ORDER BY student_id, c.name",
    }
    with closing(sqlite3.connect(course.root / "gradebook.db")) as db:
        return {name: db.execute(query).fetchall() for name, query in queries.items()}


def forget_students(course):
    with closing(sqlite3.connect(course.root / "gradebook.db")) as db, db:
        for table in (
            "grade",
            "comment",
            "submitted_notebook",
            "submitted_assignment",
            "student",
        ):
            db.execute(f"DELETE FROM {table}")


def the_class(judged):
    return [
        judged(
            "ada", {"test-double": 4.0, "test-triple": 2.0}, double="x", triple="y", question="z"
        ),
        judged("bob", {"test-double": 2.5}, double="x", timestamp="2026-02-03 04:05:06.5 UTC"),
        judged("eve"),
        judged("mal", {"test-double": 99.0, "test-triple": -1.0}, triple="y"),
        judged("sam", status="needs review", reason="it is not valid JSON"),
    ]


def autograded(course):
    return {
        str(path.relative_to(course.autograded)): nbformat.read(path, as_version=4)
        if path.suffix == ".ipynb"
        else path.read_text()
        for path in course.autograded.rglob("*")
        if path.is_file()
    }


def late_policy(course):
    settings = course.root / "nbgrader_config.py"
    settings.write_text(f"{settings.read_text()}\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with closing(sqlite3.connect(course.root / "gradebook.db")) as db, db:
        db.execute("UPDATE assignment SET duedate = '2026-01-01 00:00:00.000000'")


def test_both_writers_leave_the_same_rows_and_notebooks(tiny, judged, judge, monkeypatch):
    late_policy(tiny)
    graded = the_class(judged)
    assert write(tiny, "tiny", graded) == ()
    ours = everything(tiny), autograded(tiny)
    assert ours[0]["notebooks"][1] == ("tiny", "bob", 0, 2.5)
    forget_students(tiny)
    command(tiny, "AutogradeApp", "tiny", "--force", monkeypatch=monkeypatch)
    assert everything(tiny) == ours[0]
    assert autograded(tiny) == ours[1]
    assert [student for _, _, student in judge] == ["ada", "bob", "eve", "mal", "sam"]


def test_a_regrade_by_nbgrader_keeps_what_people_wrote(tiny, judged, judge, monkeypatch):
    write(tiny, "tiny", [judged("ada", {"test-double": 1.0}, double="x")])
    with closing(sqlite3.connect(tiny.root / "gradebook.db")) as db, db:
        db.execute("UPDATE grade SET manual_score = 2, extra_credit = 1, needs_manual_grade = 0")
        db.execute("UPDATE comment SET manual_comment = 'Well done'")
    write(tiny, "tiny", [])
    command(tiny, "AutogradeApp", "tiny", "--force", monkeypatch=monkeypatch)
    found = everything(tiny)
    assert ("ada", "test-double", "GradeCell", 1.0, 2.0, 1.0, 1) in found["grades"]
    assert ("ada", "triple", "SolutionCell", "No response.", "Well done") in found["comments"]


def test_export_gives_the_points(tiny, judged, judge, monkeypatch):
    for _ in the_class(judged):
        pass
    command(tiny, "AutogradeApp", "tiny", monkeypatch=monkeypatch)
    command(tiny, "ExportApp", monkeypatch=monkeypatch)
    with open(tiny.root / "grades.csv", newline="") as file:
        table = {row["student_id"]: row for row in csv.DictReader(file)}
    scores = {student: (row["raw_score"], row["max_score"]) for student, row in table.items()}
    assert scores == {
        "ada": ("6.0", "9.0"),
        "bob": ("2.5", "9.0"),
        "eve": ("0.0", "9.0"),
        "mal": ("4.0", "9.0"),
        "sam": ("0.0", "9.0"),
    }


def test_formgraders_button_uses_our_executor(tiny, judged, judge, monkeypatch):
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    from autograder.nbgrader_config import load_config

    judged("ada", {"test-double": 3.0}, double="x")
    monkeypatch.chdir(tiny.root.parent)  # formgrader may have been started anywhere
    config = load_config(tiny.root)
    api = NbGraderAPI(coursedir=CourseDirectory(config=config), config=config)
    assert api.autograde("tiny", "ada")["success"]
    assert judge == [(tiny.root, "tiny", "ada")]
    assert ("ada", "test-double", "GradeCell", 3.0, None, None, 0) in everything(tiny)["grades"]


def _cell(text):
    return f'{{"cells": [{text}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'


FORGED = (
    '{"cell_type": "code", "execution_count": null, "outputs": [], "source": "1", "id": "a",'
    ' "metadata": {"nbgrader": %s}}'
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"cells": [',
        '{"nbformat": 3, "worksheets": []}',
        "[" * 10_000,
        _cell(FORGED % '{"grade": true}'),
        _cell(FORGED % '{"grade": true, "grade_id": "test-double", "points": "many"}'),
        # nbgrader ends the whole run for this one
        _cell(FORGED % '{"schema_version": 99, "grade_id": "x", "solution": true}'),
        _cell(FORGED % '{"grade_id": "test-double", "task": true, "grade": true}'),
    ],
)
def test_a_file_that_nbgrader_cannot_read_stops_nobody(tiny, judged, judge, monkeypatch, text):
    judged("ada", status="needs review", reason="it cannot be read")
    judged("bob", {"test-double": 4.0}, double="x")
    (tiny.submitted / "ada/tiny/tiny.ipynb").write_text(text)
    command(tiny, "AutogradeApp", "tiny", monkeypatch=monkeypatch)
    grades = everything(tiny)["grades"]
    assert ("ada", "test-double", "GradeCell", 0.0, None, None, 1) in grades
    assert ("bob", "test-double", "GradeCell", 4.0, None, None, 0) in grades


def test_links_in_a_submission_bring_nothing_along(tiny, judged, judge, monkeypatch):
    judged("ada")
    theirs = tiny.submitted / "ada" / "tiny"
    (theirs / "notes.txt").symlink_to(tiny.root / "gradebook.db")
    (theirs / "sub").mkdir()
    (theirs / "sub/page.html").write_text("<script>alert(1)</script>")
    command(tiny, "AutogradeApp", "tiny", monkeypatch=monkeypatch)
    found = [p.name for p in (tiny.autograded / "ada").rglob("*") if p.is_file()]
    assert found == ["tiny.ipynb"]


def test_nbgrader_copies_no_file_of_a_submission(tiny, judged, judge, monkeypatch):
    """A link to /dev/zero would be copied without end."""
    import shutil

    copied, copy = [], shutil.copy
    monkeypatch.setattr(shutil, "copy", lambda a, b: copied.append(Path(a).name) or copy(a, b))
    judged("ada", timestamp="2026-02-03 04:05:06 UTC")
    (tiny.source / "tiny/data").mkdir()
    (tiny.source / "tiny/data/words.txt").write_text("ours")
    theirs = tiny.submitted / "ada/tiny"
    (theirs / "submission_secret.txt").write_text("0f" * 64)
    (theirs / "a/b/c").mkdir(parents=True)
    for name in ("notes.txt", ".hidden", "a/notes.txt", "a/b/c/.notes"):
        (theirs / name).symlink_to("/dev/null")
    command(tiny, "AutogradeApp", "tiny", monkeypatch=monkeypatch)
    assert copied == ["words.txt"]
    folder = tiny.autograded / "ada/tiny"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {"tiny.ipynb", "data/words.txt", "timestamp.txt", "submission_secret.txt"}
    assert (folder / "timestamp.txt").read_text() == "2026-02-03 04:05:06 UTC"


def test_a_judge_that_fails_leaves_no_autograded_notebook_and_the_others_graded(
    tiny, judged, judge, monkeypatch
):
    from nbgrader.converters.base import NbGraderException

    judged("ada")
    judged("bob", {"test-double": 4.0}, double="x")
    os.remove(folder_of(tiny, "tiny", "ada") / "verdict.json")
    with pytest.raises((SystemExit, NbGraderException)):
        command(tiny, "AutogradeApp", "tiny", monkeypatch=monkeypatch)
    assert not (tiny.autograded / "ada" / "tiny").exists()
    assert (tiny.autograded / "bob" / "tiny" / "tiny.ipynb").exists()


def test_outside_of_nbgrader_it_says_so():
    from autograder.errors import CourseError
    from autograder.preprocessors import LoadVerdict

    with pytest.raises(CourseError, match="works inside nbgrader"):
        LoadVerdict().preprocess(None, {})


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_command_line_grades_a_real_assignment_with_the_real_judge(tmp_path):
    from autograder.build import build
    from autograder.course import Course

    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONWARNINGS": "ignore",
    }
    course = Course.create(tmp_path / "course")
    build(course, "a3_attention")
    # our own answers, handed in by a student
    answers = {cell.id: cell.source for cell in course.template("a3_attention").cells}
    notebook = course.released("a3_attention")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
    path = course.submission("a3_attention", "ada")
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    for arguments in (["autograde", "a3_attention"], ["export"]):
        subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=course.root,
            env=environment,
            check=True,
            timeout=240,
        )
    with open(course.root / "grades.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], row["raw_score"], row["max_score"]) == ("ada", "56.0", "60.0")
    assert (course.verdicts / "a3_attention" / "ada" / "verdict.json").exists()
    autograded = nbformat.read(
        course.autograded / "ada/a3_attention/a3_attention.ipynb", as_version=4
    )
    tested = [cell for cell in autograded.cells if cell.id == "test-softmax"]
    assert all(check.passed for check in tested[0].metadata.autograder.checks)
