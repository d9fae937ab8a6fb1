"""Grading a class: what is stored, under which key, and what is told, whatever goes wrong."""

import contextlib
import os
import signal
import sqlite3
import time
import types
from collections.abc import Callable

import pytest

import autograder.judge
from autograder import grading
from autograder.errors import SandboxUnavailable
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
        monkeypatch.setattr(grading, "_check_sandbox", lambda job: None)

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
                os.kill(grading._job.sandbox._process.pid, signal.SIGKILL)
            return bound

        return real(source, worth, bind_and_end)

    monkeypatch.setattr(autograder.judge, "evaluate", dying)
    with pytest.raises(SandboxUnavailable):
        grade_class(tiny, "tiny", jobs=1)
    assert not list(tiny.verdicts.rglob("verdict.json"))
