"""Rubrics on toy functions: each outcome of a check, and mistakes that cost once."""

import builtins
import re
from typing import Any

import pytest
import torch

from autograder import expect, proxy
from autograder.errors import SandboxUnavailable, StudentDied, StudentRaised, StudentTimeout
from autograder.proxy import MissingName
from autograder.results import report
from autograder.rubric import (
    CheckFailed,
    Part,
    Rubric,
    current_session,
    grade,
    session,
)


def double(x):
    return 2 * x


def quadruple(x):
    return 4 * x


def toy() -> Rubric:
    """`double(x)`, in three checks of which the second looks at the first call alone."""
    rubric = Rubric("toy", "double")

    @rubric.check("values", points=2)
    def _(student, draw):
        x = draw.normal(3)
        expect.close(student(x), 2 * x, what="double")

    @rubric.check("shape", points=0.5)
    def _(student, draw):
        expect.tensor(student(draw.normal(2, 3)), what="double", shape=(2, 3))

    @rubric.check("no surprise")
    def _(student, draw):
        if student("text") != "texttext":
            raise CheckFailed("double('text') is 'texttext'")

    return rubric


def nested(part: Rubric) -> Rubric:
    """`double(double(x))`, which may build on `double`."""
    rubric = Rubric("toy", "quadruple", {"double": Part(part, double)})

    @rubric.check("values", points=3)
    def _(student, draw):
        x = draw.normal(3)
        expect.close(student(x), 4 * x, what="quadruple", dtype=torch.float32)

    @rubric.check("shape")
    def _(student, draw):
        expect.tensor(student(draw.normal(2)), what="quadruple", shape=(2,))

    return rubric


def notebook(source: str) -> dict[str, Any]:
    """What a student's cell defines."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace


def test_points_and_report(capsys: pytest.CaptureFixture[str]):
    rubric = toy()
    assert rubric.points == 3.5
    with session(1) as now:
        points = grade(rubric, double)
        assert now.results["double"].points == points == 3.5
        assert now.results["double"].sound
    assert type(points) is float
    shown = capsys.readouterr()
    assert "double: 3.5 of 3.5 points" in shown.out
    assert "✓ 0.5/0.5  shape" in shown.out
    assert shown.err == "", "stock nbgrader gives 0 to a cell that writes to stderr"


def test_each_check_runs_though_an_earlier_one_failed():
    with session(1) as now:
        assert grade(toy(), lambda x: x) == 0.5
    first, second, third = now.results["double"].checks
    assert (first.passed, second.passed, third.passed) == (False, True, False)
    assert first.message == "double: 3 of 3 entries are not what they should be"
    assert third.message == "double('text') is 'texttext'"


def test_an_exception_fails_its_check_alone_and_is_told():
    def student(x):
        if x == "text":
            raise TypeError("no text, please")
        return 2 * x

    with session(1) as now:
        assert grade(toy(), student) == 2.5
    assert now.results["double"].checks[2].message == "raised TypeError: no text, please"


def test_a_message_never_shows_the_numbers_of_an_input():
    def student(x):
        raise ValueError(f"got {x!r}")

    with session(1) as now:
        grade(toy(), student)
    shown = report(now.results["double"])
    assert "ValueError: got tensor([" in shown
    assert not re.search(r"\.\d", shown.replace("3.5", "").replace("0.5", ""))


def test_inputs_depend_on_seed_and_title_and_on_nothing_else():
    seen = []

    def student(x):
        seen.append(x)
        return x

    for seed in (1, 1, 2):
        with session(seed):
            grade(toy(), student)
    first, second, other = seen[0], seen[3], seen[6]
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("error", [StudentTimeout("after 5 s"), StudentDied("killed")])
def test_after_two_lost_calls_the_rest_is_not_run(error: Exception):
    calls = []

    def student(x):
        calls.append(x)
        raise error

    with session(1) as now:
        assert grade(toy(), student) == 0
    assert len(calls) == 2
    assert now.results["double"].checks[2].message.startswith("not run: 2 calls before it")


def test_one_lost_call_costs_one_check():
    def student(x):
        if isinstance(x, torch.Tensor) and x.dim() == 1:
            raise StudentTimeout("after 5 s")
        return 2 * x

    with session(1) as now:
        assert grade(toy(), student) == 1.5
    assert now.results["double"].checks[0].message == "took too long: after 5 s"


QUADRUPLE = "def quadruple(x): return double(double(x))"
STYLES = {
    "a function": QUADRUPLE,
    "a lambda": "quadruple = lambda x: double(double(x))",
    "an object": "class Four:\n    def __call__(self, x): return double(double(x))\n"
    "quadruple = Four()",
    "a class": "class quadruple:\n    def __new__(cls, x): return double(double(x))",
    "wrapped": f"import functools\n{QUADRUPLE}\ninner = quadruple\n"
    "@functools.wraps(inner)\ndef quadruple(x): return inner(x)",
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_a_wrong_part_costs_once(style):
    rubric = toy()
    other = nested(rubric)
    defined = notebook(f"def double(x): return 3 * x\n{style}")
    with session(1) as now:
        assert grade(rubric, defined["double"]) == 0.5
        assert grade(other, defined["quadruple"]) == 4
        first, second = now.results["quadruple"].checks
        assert first.carried
        assert first.message == "right on top of a right double; yours lost its points above"
        assert second.passed
        assert not second.carried
        assert not now.results["quadruple"].sound, "what builds on this must be carried too"
    assert defined["double"](1) == 3, "the student's own is back"


def test_a_part_that_is_missing_costs_once():
    rubric = toy()
    defined = notebook(QUADRUPLE)
    with session(1) as now:
        assert grade(rubric, lambda x: x) == 0.5
        assert grade(nested(rubric), defined["quadruple"]) == 4
        assert all(check.carried for check in now.results["quadruple"].checks)
    assert "double" not in defined


def test_parts_of_parts_are_put_right_too():
    rubric = toy()
    between = nested(rubric)
    last = Rubric("toy", "last", {"quadruple": Part(between, quadruple)})

    @last.check("values")
    def _(student, draw):
        x = draw.normal(3)
        expect.close(student(x), 8 * x, what="last", dtype=torch.float32)

    defined = notebook(
        f"def double(x): return 3 * x\n{QUADRUPLE}\ndef last(x): return quadruple(double(x))"
    )
    with session(1):
        grade(rubric, defined["double"])
        grade(between, defined["quadruple"])
        assert grade(last, defined["last"]) == 1


def test_a_right_function_that_does_not_use_the_wrong_part_passes_strictly():
    rubric = toy()
    with session(1) as now:
        grade(rubric, lambda x: 3 * x)
        assert grade(nested(rubric), lambda x: 4 * x) == 4
        assert now.results["quadruple"].sound


def test_a_part_that_passed_is_never_an_excuse():
    rubric = toy()
    defined = notebook("def double(x): return 3 * x\n" + QUADRUPLE)
    with session(1):
        grade(rubric, double)
        assert grade(nested(rubric), defined["quadruple"]) == 1


@pytest.mark.parametrize("part", ["3 * x", "0 * x", "x * float('nan')", "1 / 0"])
@pytest.mark.parametrize("function", ["5 * x", "0 * x", "x * float('nan')", "double(x)"])
def test_a_wrong_function_on_a_wrong_part_fails(part, function):
    rubric = toy()
    defined = notebook(f"def double(x): return {part}\ndef quadruple(x): return {function}")
    with session(1) as now:
        grade(rubric, defined["double"])
        assert grade(nested(rubric), defined["quadruple"]) == 1, "the shape is right"
        assert not now.results["quadruple"].checks[0].passed


def test_lost_calls_on_a_wrong_part_are_not_held_against_the_function():
    def slow(x):
        raise StudentTimeout("after 5 s")

    rubric = toy()
    defined = notebook(QUADRUPLE)
    defined["double"] = slow
    with session(1):
        grade(rubric, slow)
        assert grade(nested(rubric), defined["quadruple"]) == 4


@pytest.mark.parametrize("student", [3, "text", None, torch.ones(2), MissingName("f", "")])
def test_what_is_no_function_has_no_parts(student):
    rubric = toy()
    with session(1):
        grade(rubric, student)
        assert grade(nested(rubric), student) == 0
    assert not hasattr(builtins, "double")
    assert not hasattr(proxy, "double")


def test_strict_sessions_let_faults_of_checks_through_and_students_errors_not():
    rubric = Rubric("toy", "faulty")

    @rubric.check("a fault")
    def _(student, draw):
        student(1)
        raise ZeroDivisionError

    with session(1) as now:
        assert grade(rubric, double) == 0
        assert now.results["faulty"].checks[0].message == "raised ZeroDivisionError:"

    def student(x):
        raise StudentRaised("ValueError: mine")

    with session(1, strict=True):
        assert grade(rubric, student) == 0
        with pytest.raises(ZeroDivisionError):
            grade(rubric, double)


def test_a_lost_sandbox_is_nobodys_failure():
    def student(x):
        raise SandboxUnavailable("the warm process ended")

    with session(1), pytest.raises(SandboxUnavailable):
        grade(toy(), student)


def test_two_checks_of_one_title_are_refused():
    rubric = toy()
    with pytest.raises(ValueError, match="already has a check titled 'values'"):
        rubric.check("values")


def test_sessions_nest_and_end():
    outside = current_session()
    with session(1) as outer:
        with session(2) as inner:
            assert current_session() is inner
        assert current_session() is outer
    assert current_session() is outside
    assert outside.seed == 0
