"""Grading a class: what is stored, under which key, and what is told, whatever goes wrong."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import time
import types
from collections.abc import Callable

import pytest

import autograder.judge
from autograder import grading, judging
from autograder.course import Course
from autograder.errors import CourseError, SandboxUnavailable
from autograder.grading import grade_class
from autograder.judge import Judged
from autograder.verdict import CellVerdict


@pytest.fixture
def unlisted(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tiny` has no checks of its own to load."""
    monkeypatch.setattr(grading, "warm_up", lambda assignment: None)


@pytest.fixture
def pretend(unlisted, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Judges without a sandbox: `pretend(judge)`, which is given the source of `double`."""

    def pretend(judge: Callable[[str], None] = lambda source: None) -> None:
        def judged(notebook, *rest):
            (double,) = (c for c in notebook["cells"] if _grade_id(c) == "double")
            judge("".join(double["source"]))
            cells = tuple(CellVerdict(name, worth, 1.0, False) for name, worth in WORTH.items())
            return Judged(cells, notebook, (), {})

        monkeypatch.setattr(autograder.judge, "judge", judged)
        sandbox = types.SimpleNamespace(wait_ready=lambda: None)
        monkeypatch.setattr(grading, "_sandbox", lambda _: contextlib.nullcontext(sandbox))
        monkeypatch.setattr(judging, "_check_sandbox", lambda: None)

    return pretend


def _grade_id(cell) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


WORTH = {"test-double": 4.0, "test-triple": 2.0, "question-why": 3.0}


def recorded(course) -> dict[str, float]:
    """The gradebook's automatic points, by student."""
    with contextlib.closing(sqlite3.connect(course.root / "gradebook.db")) as db:
        return dict(
            db.execute(
                "SELECT student_id, sum(auto_score) FROM grade JOIN submitted_notebook AS n"
                " ON n.id = grade.notebook_id JOIN submitted_assignment AS s"
                " ON s.id = n.assignment_id GROUP BY student_id"
            )
        )


def test_an_interrupt_ends_the_judges_and_what_was_judged_is_recorded(tiny, hand_in, pretend):
    for student, source in {"ada": "", "bob": "slow", "eve": "slow", "zoe": "slow"}.items():
        hand_in(student, double=source)
    pretend(lambda source: time.sleep(30 if source else 0))

    def interrupt(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        grade_class(tiny, "tiny", jobs=1, progress=interrupt)
    assert time.monotonic() - started < 15, "the others' 90 s were waited for"
    assert recorded(tiny) == {"ada": 2.0}, "one point a test cell"


def test_a_file_that_was_incomplete_when_read_is_judged_once_it_is_whole(
    tiny, hand_in, pretend, monkeypatch
):
    hand_in("ada")
    pretend()
    path = tiny.submission("tiny", "ada")
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    real = judging.read_submission

    def while_it_arrives(data, *rest):
        path.write_bytes(whole)
        return real(data, *rest)

    monkeypatch.setattr(judging, "read_submission", while_it_arrives)
    assert [verdict.status for verdict in grade_class(tiny, "tiny")] == ["needs review"]
    assert [verdict.status for verdict in grade_class(tiny, "tiny")] == ["graded"]


def test_what_cannot_be_read_is_read_again_only_when_it_changed(tiny, hand_in, pretend):
    hand_in("ada")
    hand_in("bob")
    pretend()
    tiny.submission("tiny", "ada").write_bytes(b"{")
    tiny.submission("tiny", "bob").unlink()
    first = grade_class(tiny, "tiny")
    assert [verdict.status for verdict in first] == ["needs review"] * 2
    done: list[tuple[int, int]] = []
    assert grade_class(tiny, "tiny", progress=lambda *now: done.append(now)) == first
    assert done == [(2, 2)]


@pytest.mark.parametrize("fault", [lambda: 1 / 0, lambda: os._exit(1)], ids=["fails", "ends"])
def test_the_judges_own_fault_is_recorded_and_judged_again(fault, tiny, hand_in, pretend):
    hand_in("ada")
    pretend(lambda source: fault())
    (verdict,) = grade_class(tiny, "tiny")
    assert verdict.status == "needs review"
    assert verdict.reason.startswith("the judge")
    assert recorded(tiny) == {"ada": 0.0}
    pretend()
    assert [verdict.status for verdict in grade_class(tiny, "tiny")] == ["graded"]
    assert recorded(tiny) == {"ada": 2.0}


def test_who_is_named_twice_is_graded_once(tiny, hand_in, pretend):
    hand_in("ada")
    pretend()
    assert len(grade_class(tiny, "tiny", students=["ada", "ada"])) == 1


def test_of_two_runs_at_a_time_the_second_waits_and_has_the_last_word(
    tiny, hand_in, pretend, monkeypatch
):
    """A student hands in again while the first run goes on; the second is told to grade that."""
    hand_in("ada", double="old")
    pretend()
    real = grading._record
    beside: list[multiprocessing.Process] = []

    def second() -> None:
        monkeypatch.setattr(grading, "_record", real)
        grade_class(tiny, "tiny", regrade=True, waiting=lambda: waits.set())

    def meanwhile(*rest):
        shutil.rmtree(tiny.submitted / "ada")
        hand_in("ada", double="new", **{"question-why": "because"})
        beside.append(multiprocessing.get_context("fork").Process(target=second))
        beside[0].start()
        assert waits.wait(20), "it went on beside the first"
        return real(*rest)

    waits = multiprocessing.get_context("fork").Event()
    monkeypatch.setattr(grading, "_record", meanwhile)
    grade_class(tiny, "tiny")
    beside[0].join(60)
    assert beside[0].exitcode == 0
    executed = (tiny.autograded / "ada" / "tiny" / "tiny.ipynb").read_text()
    assert "new" in executed
    assert "old" not in executed


def test_a_folder_that_is_no_course_is_left_as_it_is(tmp_path):
    with pytest.raises(CourseError, match="there is no"):
        grade_class(Course(tmp_path), "tiny")
    assert not list(tmp_path.iterdir())


def test_a_course_that_cannot_be_locked_is_refused_in_words(tiny):
    (tiny.root / ".autograder" / "tiny.lock").mkdir()
    with pytest.raises(CourseError, match="must be writable"):
        grade_class(tiny, "tiny")


@pytest.mark.sandbox
def test_a_sandbox_that_ends_during_the_last_test_cell_leaves_no_verdict(
    tiny, hand_in, unlisted, monkeypatch
):
    hand_in("ada", triple="def triple(x):\n    return 3 * x")
    real = autograder.judge.evaluate

    def dying(source, worth, bind):
        def bind_and_end(names):
            bound = bind(names)
            if "triple" in names:
                os.kill(judging.job.sandbox._process.pid, signal.SIGKILL)
            return bound

        return real(source, worth, bind_and_end)

    monkeypatch.setattr(autograder.judge, "evaluate", dying)
    with pytest.raises(SandboxUnavailable):
        grade_class(tiny, "tiny", jobs=1)
    assert not list(tiny.verdicts.rglob("verdict.json"))
