"""What a test cell's end says: of the student's work, or nothing."""

import pytest

from autograder.errors import SandboxUnavailable, StudentDied
from autograder.evaluation import evaluate


def test_a_cell_without_a_sandbox_says_nothing_of_the_work():
    def unavailable(x):
        raise SandboxUnavailable("it ended")

    def died(x):
        raise StudentDied("killed")

    assert evaluate("f(1)", 2.0, lambda _: {"f": died}).trouble == "killed"
    with pytest.raises(SandboxUnavailable):
        evaluate("f(1)", 2.0, lambda _: {"f": unavailable})
