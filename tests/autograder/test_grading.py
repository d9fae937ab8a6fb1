"""Grading a class: what is stored, under which key, and what is told, whatever goes wrong."""

import os
import signal

import pytest

import autograder.judge
from autograder import grading
from autograder.errors import SandboxUnavailable
from autograder.grading import grade_class


@pytest.fixture
def unlisted(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tiny` has no checks of its own to load."""
    monkeypatch.setattr(grading, "warm_up", lambda assignment: None)


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
