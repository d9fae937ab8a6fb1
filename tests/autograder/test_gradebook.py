"""The gradebook's one writer: its rows, what it leaves to people, its repair of broken-off runs."""

import os
import shutil
import sqlite3
import sys
import types
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import nbformat
import pytest

from autograder import gradebook, gradebook_file
from autograder.errors import CourseError
from autograder.gradebook import write
from autograder.graded_folder import ours
from autograder.verdict import CellVerdict, folder_of, notebook_path


@contextmanager
def database(course):
    """The gradebook, committed and closed afterwards."""
    with closing(sqlite3.connect(course.root / "gradebook.db")) as db, db:
        yield db


def rows(course, student):
    """(auto, manual, extra, needs) of each grade, (auto, manual) of each comment, by grade id."""
    with database(course) as db:
        grades = db.execute(
            "SELECT base_cell.name, auto_score, manual_score, extra_credit, needs_manual_grade"
            " FROM grade JOIN base_cell ON base_cell.id = cell_id"
            " JOIN submitted_notebook AS n ON n.id = grade.notebook_id"
            " JOIN submitted_assignment AS a ON a.id = n.assignment_id WHERE student_id = ?",
            (student,),
        ).fetchall()
        comments = db.execute(
            "SELECT base_cell.name, auto_comment, manual_comment"
            " FROM comment JOIN base_cell ON base_cell.id = cell_id"
            " JOIN submitted_notebook AS n ON n.id = comment.notebook_id"
            " JOIN submitted_assignment AS a ON a.id = n.assignment_id WHERE student_id = ?",
            (student,),
        ).fetchall()
    return {name: tuple(row) for name, *row in grades}, {n: tuple(row) for n, *row in comments}


def update(course, statement):
    with database(course) as db:
        db.execute(statement)


def select(course, statement):
    with database(course) as db:
        return db.execute(statement).fetchall()


def test_points_and_answers_become_rows(tiny, judged):
    assert (
        write(tiny, "tiny", [judged("ada", {"test-double": 3.5}, double="x", question="y")]) == ()
    )
    grades, comments = rows(tiny, "ada")
    assert grades == {
        "test-double": (3.5, None, None, 0),
        "test-triple": (0.0, None, None, 0),
        "question-why": (None, None, None, 1),
    }
    assert comments == {
        "double": (None, None),
        "triple": ("No response.", None),
        "question-why": (None, None),
    }


def test_an_unanswered_question_gets_nothing_and_needs_nobody(tiny, judged):
    write(tiny, "tiny", [judged("ada")])
    grades, comments = rows(tiny, "ada")
    assert grades["question-why"] == (0.0, None, None, 0)
    assert comments["question-why"] == ("No response.", None)


@pytest.mark.parametrize(("points", "score"), [(9.0, 4.0), (-1.0, 0.0)])
def test_points_are_clipped_to_what_the_cell_is_worth(tiny, judged, points, score):
    write(tiny, "tiny", [judged("ada", {"test-double": points})])
    assert rows(tiny, "ada")[0]["test-double"] == (score, None, None, 0)


@pytest.mark.parametrize("points", [float("nan"), float("inf")])
def test_points_that_are_no_number_are_for_a_person(tiny, judged, points):
    write(tiny, "tiny", [judged("ada", {"test-double": points})])
    grades, comments = rows(tiny, "ada")
    assert grades["test-double"] == (0.0, None, None, 1)
    assert comments["double"] == ("Needs review: the points are not a number", None)


def test_an_unreadable_submission_is_for_a_person_in_every_row(tiny, judged):
    verdict = judged("ada", status="needs review", reason="it is not UTF-8 text\x1b[2J")
    write(tiny, "tiny", [verdict])
    grades, comments = rows(tiny, "ada")
    assert set(grades.values()) == {(0.0, None, None, 1)}
    assert set(comments.values()) == {(r"Needs review: it is not UTF-8 text\x1b[2J", None)}
    notebook = nbformat.read(tiny.autograded / "ada/tiny/tiny.ipynb", as_version=4)
    test_cell = next(cell for cell in notebook.cells if cell.id == "test-double")
    assert test_cell.outputs[0].text.startswith("Needs review: it is not UTF-8 text")


def test_one_cell_in_doubt_leaves_the_others(tiny, judged):
    doubtful = CellVerdict("test-triple", 2.0, 2.0, True, "its process ended")
    write(tiny, "tiny", [judged("ada", {"test-double": 4.0}, double="x", changes=[doubtful])])
    grades, comments = rows(tiny, "ada")
    assert grades["test-double"] == (4.0, None, None, 0)
    assert grades["test-triple"] == (0.0, None, None, 1)
    assert comments["triple"] == ("Needs review: its process ended", None)
    assert comments["double"] == (None, None)


def test_checks_worth_other_points_than_the_gradebook_says_are_for_a_person(tiny, judged):
    write(tiny, "tiny", [judged("ada", changes=[CellVerdict("test-double", 8.0, 8.0, False)])])
    grades, comments = rows(tiny, "ada")
    assert grades["test-double"] == (0.0, None, None, 1)
    assert "8 points and the gradebook says 4: build" in comments["double"][0]


def graded_by_people(course):
    update(course, "UPDATE grade SET manual_score = 2.5, extra_credit = 1, needs_manual_grade = 0")
    update(course, "UPDATE comment SET manual_comment = 'Well done'")


def test_what_people_wrote_stays_and_wants_no_second_look(tiny, judged):
    graded = judged("ada", {"test-double": 1.0}, question="y")
    write(tiny, "tiny", [graded])
    graded_by_people(tiny)
    write(tiny, "tiny", [graded])
    grades, comments = rows(tiny, "ada")
    assert grades["test-double"] == (1.0, 2.5, 1.0, 0)
    assert grades["question-why"] == (None, 2.5, 1.0, 0)
    assert comments["triple"] == ("No response.", "Well done")


def test_what_a_person_resolved_without_points_stays_resolved(tiny, judged):
    doubtful = CellVerdict("test-triple", 2.0, 2.0, True, "its process ended")
    graded = judged("ada", changes=[doubtful])
    write(tiny, "tiny", [graded])
    update(tiny, "UPDATE grade SET needs_manual_grade = 0")
    write(tiny, "tiny", [graded])
    assert rows(tiny, "ada")[0]["test-triple"] == (0.0, None, None, 0)


@pytest.mark.parametrize(
    ("points", "answer"), [(1.0, "another"), (4.0, "x")], ids=["answer", "points"]
)
def test_a_changed_submission_wants_another_look(tiny, judged, points, answer):
    write(tiny, "tiny", [judged("ada", {"test-double": 1.0}, double="x", question="y")])
    graded_by_people(tiny)
    shutil.rmtree(tiny.submitted / "ada")
    changed = judged("ada", {"test-double": points}, double=answer, question="y")
    write(tiny, "tiny", [changed])
    # nbgrader's rule: what a person graded before wants another look after a regrade
    assert rows(tiny, "ada")[0]["test-double"] == (points, 2.5, 1.0, 1)
    assert rows(tiny, "ada")[0]["question-why"] == (None, 2.5, 1.0, 1)


def test_a_change_whose_recording_was_broken_off_still_wants_its_look(tiny, judged, monkeypatch):
    write(tiny, "tiny", [judged("ada", question="y")])
    graded_by_people(tiny)
    shutil.rmtree(tiny.submitted / "ada")
    changed = judged("ada", question="another")

    def broken_off(*_):
        raise Interrupted

    for name in ("transaction", "put"):
        with monkeypatch.context() as patch:
            patch.setattr(gradebook, name, broken_off)
            with pytest.raises(Interrupted):
                write(tiny, "tiny", [changed])
    write(tiny, "tiny", [changed])
    assert rows(tiny, "ada")[0]["question-why"] == (None, 2.5, 1.0, 1)


def test_a_regrade_leaves_no_stale_score(tiny, judged):
    verdict, notebook = judged("ada", {"test-double": 4.0}, double="x")
    write(tiny, "tiny", [(verdict, notebook)])
    cells = tuple(cell for cell in verdict.cells if cell.grade_id != "test-double")
    write(tiny, "tiny", [(msgspec.structs.replace(verdict, cells=cells), notebook)])
    grades, comments = rows(tiny, "ada")
    assert grades["test-double"] == (0.0, None, None, 1)
    assert comments["double"] == ("Needs review: the autograder has no verdict on this cell", None)


def test_cells_added_to_the_assignment_since_get_rows(tiny, judged):
    graded = judged("ada", {"test-double": 4.0}, double="x")
    write(tiny, "tiny", [graded])
    whole = rows(tiny, "ada")
    update(tiny, "DELETE FROM grade WHERE auto_score = 4")
    update(tiny, "DELETE FROM comment WHERE auto_comment IS NULL")
    write(tiny, "tiny", [graded])
    assert rows(tiny, "ada") == whole


class Interrupted(BaseException):
    """Stands for Ctrl-C or a power cut."""


def test_a_run_broken_off_at_any_statement_is_repaired_by_the_next(tiny, judged, monkeypatch):
    graded = [judged(name, {"test-double": 4.0}, double="x") for name in ("ada", "bob")]
    monkeypatch.setattr(gradebook, "BATCH", 1)
    connect = sqlite3.connect

    class Counting(sqlite3.Connection):
        left = 0

        def execute(self, *args):
            self._count()
            return super().execute(*args)

        def executemany(self, *args):
            self._count()
            return super().executemany(*args)

        def _count(self):
            Counting.left -= 1
            if Counting.left == 0:
                raise Interrupted

    def counting(*args, **kwargs):
        return connect(*args, factory=Counting, **kwargs)

    broken = 0
    for statement in range(1, 200):
        update(tiny, "DELETE FROM student")
        for table in ("submitted_assignment", "submitted_notebook", "grade", "comment"):
            update(tiny, f"DELETE FROM {table}")
        Counting.left = statement
        with monkeypatch.context() as patch:
            patch.setattr(sqlite3, "connect", counting)
            try:
                write(tiny, "tiny", graded)
            except Interrupted:
                broken += 1
            else:
                break
        students = [name for (name,) in select(tiny, "SELECT id FROM student")]
        assert all(len(rows(tiny, name)[0]) == 3 for name in students), "half a submission"
        write(tiny, "tiny", graded)
        assert all(rows(tiny, v.student)[0]["test-double"][0] == 4.0 for v, _ in graded)
    assert broken > 20


def test_executed_notebooks_may_come_as_paths_and_one_at_a_time(tiny, judged):
    verdicts = [judged(name, {"test-double": 4.0})[0] for name in ("ada", "bob")]
    taken = []

    def as_they_come():
        for verdict in verdicts:
            taken.append(verdict.student)
            yield verdict, notebook_path(folder_of(tiny, "tiny", verdict.student), "tiny")

    assert write(tiny, "tiny", as_they_come()) == ()
    assert taken == ["ada", "bob"]
    assert rows(tiny, "bob")[0]["test-double"][0] == 4.0


def test_the_autograded_notebook_is_whole_read_only_and_carries_the_checks(tiny, judged):
    write(tiny, "tiny", [judged("ada", {"test-double": 1.0}, double="x = 1\n")])
    path = tiny.autograded / "ada/tiny/tiny.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_mode & 0o777 == 0o444
    cells = {cell.id: cell for cell in notebook.cells}
    assert cells["double"].source == "x = 1\n"
    assert cells["test-double"].metadata.autograder.checks[0].title == "of 3"
    assert cells["test-double"].outputs[-1].data["text/plain"] == "1.0"
    assert "autograder" not in cells["double"].metadata
    assert cells["double"].metadata.nbgrader.checksum
    assert sorted(p.name for p in path.parent.iterdir()) == ["tiny.ipynb"]


def test_metadata_that_poses_as_a_report_is_dropped(tiny, judged):
    verdict, notebook = judged("ada")
    notebook.cells[0].metadata.autograder = {"checks": [{"title": "all is well"}]}
    write(tiny, "tiny", [(verdict, notebook)])
    written = nbformat.read(tiny.autograded / "ada/tiny/tiny.ipynb", as_version=4)
    assert "autograder" not in written.cells[0].metadata


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-02-03 04:05:06.789 UTC", "2026-02-03 04:05:06.789000"),
        ("2026-02-03 04:05:06 UTC\n", "2026-02-03 04:05:06.000000"),
        ("2026-02-03T04:05:06+02:00", "2026-02-03 02:05:06.000000"),
        ("2026-02-03 04:05:06 Europe/Vienna", "2026-02-03 03:05:06.000000"),
        # nbgrader takes this for a hundred seconds; a penalty must not depend on who reads
        ("2026-02-03 04:05:06 +0100", "2026-02-03 04:03:26.000000"),
        ("2026-02-03 04:05:06", "2026-02-03 04:05:06.000000"),
    ],
)
def test_the_time_of_submission_is_what_nbgrader_reads(tiny, judged, text, stored):
    from nbgrader.utils import parse_utc

    assert write(tiny, "tiny", [judged("ada", timestamp=text)]) == ()
    assert select(tiny, "SELECT timestamp FROM submitted_assignment") == [(stored,)]
    assert f"{parse_utc(text.strip()):%Y-%m-%d %H:%M:%S.%f}" == stored
    assert (tiny.autograded / "ada/tiny/timestamp.txt").read_text() == text


def _text(folder: Path, text: str) -> None:
    (folder / "timestamp.txt").write_text(text)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: _text(folder, "soon"), "does not say a time"),
        (lambda folder: _text(folder, "0999-01-01 00:00:00 UTC"), "says the year 999"),
        (lambda folder: _text(folder, "9999-12-31 23:59:59 UTC"), "says the year 9999"),
        (lambda folder: _text(folder, "x" * 10_000), "longer than 200 bytes"),
        (lambda folder: os.mkfifo(folder / "timestamp.txt"), "not a file"),
        (lambda folder: (folder / "timestamp.txt").symlink_to("/etc/hostname"), "symbolic links"),
        (lambda folder: (folder / "timestamp.txt").mkdir(), "not a file"),
    ],
)
def test_a_time_stamp_that_is_none_costs_no_points(tiny, judged, make, words):
    graded = [judged("ada", {"test-double": 4.0}), judged("bob", {"test-double": 4.0})]
    make(tiny.submitted / "ada" / "tiny")
    (problem,) = write(tiny, "tiny", graded)
    assert problem.startswith("ada: the time of submission is unknown: ")
    assert words in problem
    assert rows(tiny, "ada")[0]["test-double"][0] == 4.0
    assert rows(tiny, "bob")[0]["test-double"][0] == 4.0
    assert not (tiny.autograded / "ada/tiny/timestamp.txt").exists()


def test_a_time_that_nbgrader_cannot_read_is_forgotten(tiny, judged):
    from nbgrader.api import Gradebook

    graded = [judged(name, timestamp="2026-02-03 04:05:06 UTC") for name in ("ada", "bob")]
    write(tiny, "tiny", graded)
    update(tiny, "UPDATE submitted_assignment SET timestamp = '999-01-01 00:00:00.000000'")
    assert write(tiny, "tiny", graded[:1]) == ()
    times = "SELECT timestamp FROM submitted_assignment ORDER BY student_id"
    assert select(tiny, times) == [("2026-02-03 04:05:06.000000",), (None,)]
    with Gradebook(tiny.db_url) as book:
        assert len(book.assignment_submissions("tiny")) == 2


def test_what_the_exchange_names_feedback_after_is_kept(tiny, judged):
    graded, key = judged("ada"), "0f" * 64
    (tiny.submitted / "ada/tiny/submission_secret.txt").write_text(key)
    assert write(tiny, "tiny", [graded]) == ()
    assert (tiny.autograded / "ada/tiny/submission_secret.txt").read_text() == key
    assert "submission_secret.txt" in ours(tiny, "tiny", "ada")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: file.write_text("<script>"), "is not what `nbgrader submit` writes"),
        (lambda file: file.write_text("0f" * 101), "longer than 200 bytes"),
        (lambda file: os.mkfifo(file), "not a file"),
        (lambda file: file.symlink_to("/etc/hostname"), "symbolic links"),
    ],
)
def test_a_key_of_another_kind_costs_the_release_alone(tiny, judged, make, words):
    graded = judged("ada", {"test-double": 4.0})
    make(tiny.submitted / "ada/tiny/submission_secret.txt")
    (problem,) = write(tiny, "tiny", [graded])
    assert problem.startswith("ada: feedback cannot be released: ")
    assert words in problem
    assert rows(tiny, "ada")[0]["test-double"][0] == 4.0
    assert not (tiny.autograded / "ada/tiny/submission_secret.txt").exists()
    assert "submission_secret.txt" not in ours(tiny, "tiny", "ada")


def test_files_of_the_assignment_are_copied_and_those_of_the_student_are_not(tiny, judged):
    (tiny.source / "tiny/data").mkdir()
    (tiny.source / "tiny/data/words.txt").write_text("ours")
    graded = judged("ada")
    theirs = tiny.submitted / "ada/tiny"
    (theirs / "page.html").write_text("<script>alert(1)</script>")
    (theirs / "words.txt").symlink_to(tiny.root / "gradebook.db")
    assert write(tiny, "tiny", [graded]) == ()
    found = (tiny.autograded / "ada/tiny").rglob("*")
    assert sorted(path.name for path in found if path.is_file()) == ["tiny.ipynb", "words.txt"]
    assert (tiny.autograded / "ada/tiny/data/words.txt").read_text() == "ours"


def test_a_folder_in_the_way_costs_that_notebook_alone(tiny, judged):
    graded = [judged("ada", {"test-double": 4.0}), judged("bob", {"test-double": 4.0})]
    tiny.autograded.mkdir()
    (tiny.autograded / "ada").write_text("not a folder")
    (problem,) = write(tiny, "tiny", graded)
    assert problem.startswith("ada: not recorded in full: ")
    assert rows(tiny, "ada")[0]["test-double"][0] == 4.0
    assert (tiny.autograded / "bob/tiny/tiny.ipynb").exists()


def late_policy(course, method):
    settings = course.root / "nbgrader_config.py"
    settings.write_text(
        f"{settings.read_text()}\nc.LateSubmissionPlugin.penalty_method = {method!r}\n"
    )
    update(course, "UPDATE assignment SET duedate = '2026-01-01 00:00:00.000000'")


PENALTIES = (
    "SELECT student_id, late_submission_penalty FROM submitted_notebook AS n"
    " JOIN submitted_assignment AS a ON a.id = n.assignment_id ORDER BY student_id"
)


def test_late_penalties_are_nbgraders_own_as_configured(tiny, judged):
    late_policy(tiny, "zero")
    graded = [
        judged("ada", {"test-double": 3.0}, timestamp="2026-01-01 00:00:01 UTC"),
        judged("bob", {"test-double": 3.0}, timestamp="2025-12-31 23:59:59 UTC"),
        judged("eve", {"test-double": 3.0}),
    ]
    assert write(tiny, "tiny", graded) == ()
    assert select(tiny, PENALTIES) == [("ada", 3.0), ("bob", None), ("eve", None)]


POLICY = """
from nbgrader.plugins import BasePlugin

class Half(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2
"""


def test_a_late_policy_of_the_courses_own_is_a_module_beside_its_settings(tiny, judged):
    late_policy(tiny, "zero")
    settings = tiny.root / "nbgrader_config.py"
    plugin = "c.AssignLatePenalties.plugin_class = 'half_of_tiny.Half'"
    settings.write_text(f"{settings.read_text()}\n{plugin}\n")
    graded = judged("ada", {"test-double": 3.0}, timestamp="2026-01-01 00:30:00 UTC")
    before = list(sys.path)
    with pytest.raises(CourseError, match="nbgrader_config.py cannot be loaded: .*half_of_tiny"):
        write(tiny, "tiny", [graded])
    (tiny.root / "half_of_tiny.py").write_text(POLICY)
    assert write(tiny, "tiny", [graded]) == ()
    assert select(tiny, PENALTIES) == [("ada", 1.5)]
    assert sys.path == before


FUSSY = """
from nbgrader.plugins import BasePlugin

class Fussy(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        if student_id == "ada":
            raise KeyError("no such student:\\x1b[2J ada")
        return 0.5
"""


def test_a_late_policy_that_fails_costs_one_line_and_no_penalty(tiny, judged):
    late_policy(tiny, "zero")
    late = "2026-01-01 00:30:00 UTC"
    graded = [judged(name, {"test-double": 3.0}, timestamp=late) for name in ("ada", "bob")]
    write(tiny, "tiny", graded)
    (tiny.root / "fussy_of_tiny.py").write_text(FUSSY)
    settings = tiny.root / "nbgrader_config.py"
    plugin = "c.AssignLatePenalties.plugin_class = 'fussy_of_tiny.Fussy'"
    settings.write_text(f"{settings.read_text()}\n{plugin}\n")
    (problem,) = write(tiny, "tiny", graded)
    assert problem.startswith("ada: the late penalty is as it was: the late policy failed on it: ")
    assert "no such student" in problem
    assert "\x1b" not in problem
    assert select(tiny, PENALTIES) == [("ada", 3.0), ("bob", 0.5)]


def test_an_extension_is_respected_and_an_old_penalty_taken_back(tiny, judged):
    late_policy(tiny, "zero")
    graded = judged("ada", {"test-double": 3.0}, timestamp="2026-01-01 00:30:00 UTC")
    write(tiny, "tiny", [graded])
    assert select(tiny, PENALTIES) == [("ada", 3.0)]
    from nbgrader.api import Gradebook

    with Gradebook(tiny.db_url) as book:
        book.grant_extension("tiny", "ada", hours=1)
    write(tiny, "tiny", [graded])
    assert select(tiny, PENALTIES) == [("ada", None)]


def test_a_penalty_goes_when_the_date_is_put_off(tiny, judged):
    late_policy(tiny, "zero")
    graded = judged("ada", {"test-double": 3.0}, timestamp="2026-01-01 00:30:00 UTC")
    write(tiny, "tiny", [graded])
    update(tiny, "UPDATE assignment SET duedate = '2026-02-01 00:00:00.000000'")
    write(tiny, "tiny", [graded])
    assert select(tiny, PENALTIES) == [("ada", None)]


def test_another_database_is_left_to_nbgrader(tiny, judged):
    where = types.SimpleNamespace(db_url="postgresql://host/grades")
    with pytest.raises(CourseError, match="is postgresql, .* run `nbgrader autograde`"):
        write(where, "tiny", [judged("ada")])


def test_without_a_gradebook_it_says_what_to_do(tiny, judged):
    graded = judged("ada")
    (tiny.root / "gradebook.db").unlink()
    with pytest.raises(CourseError, match=r"no gradebook at .*: run `autograder build` first"):
        write(tiny, "tiny", [graded])


def test_a_gradebook_of_another_schema_is_left_alone(tiny, judged):
    graded = judged("ada")
    update(tiny, "UPDATE alembic_version SET version_num = '282d30a0218e'")
    with pytest.raises(CourseError, match="schema 282d30a0218e, expected e43177bfe90b"):
        write(tiny, "tiny", [graded])
    assert select(tiny, "SELECT * FROM student") == []


def test_a_gradebook_that_cannot_be_opened_says_what_to_do(tiny, judged):
    graded = judged("ada")
    (tiny.root / "gradebook.db").write_bytes(b"no database" * 100)
    with pytest.raises(CourseError, match="cannot be written, .*: make it a file .* grade again"):
        write(tiny, "tiny", [graded])


def test_a_gradebook_that_may_not_be_read_says_so(tiny, judged, monkeypatch):
    def refuse(*_, **__):
        raise sqlite3.OperationalError("unable to open database file")

    graded = judged("ada")
    monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(CourseError, match="unable to open database file: make it a file that you"):
        write(tiny, "tiny", [graded])


def test_an_assignment_that_the_gradebook_does_not_know_is_to_be_built(tiny, judged):
    with pytest.raises(CourseError, match="run `autograder build other`"):
        write(tiny, "other", [judged("ada")])


def test_a_gradebook_in_use_is_waited_for_then_reported(tiny, judged, monkeypatch):
    monkeypatch.setattr(gradebook_file, "BUSY_S", 0.05)
    graded = judged("ada")
    with database(tiny) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(CourseError, match="is locked: close formgrader or the other program"):
            write(tiny, "tiny", [graded])
        assert not tiny.autograded.exists(), "new notebooks beside old rows"
