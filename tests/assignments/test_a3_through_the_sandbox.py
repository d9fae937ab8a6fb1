"""The checks of assignment 3 give the same through the sandbox as on the objects themselves."""

import contextlib
import inspect
import io
from collections.abc import Iterator

import pytest

from assignments.a3_attention.checks import RUBRICS
from assignments.a3_attention.misconceptions import MISCONCEPTIONS, RIGHT
from autograder.deadlines import Deadlines
from autograder.rubric import Rubric, RubricResult, grade, session
from autograder.sandbox import Sandbox
from autograder.student import Submission

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

IMPORTS = "import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
ALL = [
    (rubric, one)
    for rubric in RUBRICS
    for one in (*MISCONCEPTIONS[rubric.name], *RIGHT[rubric.name][1:])
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        running.wait_ready()
        yield running


def result_of(rubric: Rubric, student) -> RubricResult:
    with session(7) as now, contextlib.redirect_stdout(io.StringIO()):
        grade(rubric, student)
    return now.results[rubric.name]


@pytest.mark.parametrize(("rubric", "one"), ALL, ids=[f"{r.name}-{one.name}" for r, one in ALL])
def test_points_and_names_are_those_of_the_object_itself(sandbox: Sandbox, rubric, one):
    here = result_of(rubric, one.implementation)
    submission = Submission(sandbox, Deadlines(), {})
    submission.start()
    try:
        name = one.implementation.__name__
        cell = submission.run(IMPORTS + inspect.getsource(one.implementation))
        assert not cell.trouble
        there = result_of(rubric, submission.snapshot().look([name])[name])
    finally:
        submission.close()
    passed = [
        (check.title, check.passed, check.message if check.passed else "") for check in here.checks
    ]
    assert [
        (check.title, check.passed, check.message if check.passed else "") for check in there.checks
    ] == passed, [check.message for check in there.checks]
    assert there.misconception == here.misconception
