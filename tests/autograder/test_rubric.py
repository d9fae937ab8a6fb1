"""Rubrics on toy functions: each outcome of a check, and mistakes that cost once."""

import re

import pytest
import torch

from autograder import expect
from autograder.errors import StudentDied, StudentRaised, StudentTimeout
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


def toy() -> Rubric:
    """`double(x)`, in three checks of which the second looks at the first call alone."""
    rubric = Rubric("toy", "double")

    @rubric.check("values", points=2)
    def _(student, draw, parts):
        x = draw.normal(3)
        expect.close(student(x), 2 * x, what="double")

    @rubric.check("shape", points=0.5)
    def _(student, draw, parts):
        expect.tensor(student(draw.normal(2, 3)), what="double", shape=(2, 3))

    @rubric.check("no surprise")
    def _(student, draw, parts):
        if student("text") != "texttext":
            raise CheckFailed("double('text') is 'texttext'")

    return rubric


def nested(part: Rubric) -> Rubric:
    """`double(double(x))`, which may build on `double`."""
    rubric = Rubric("toy", "quadruple", {"double": Part(part, double)})

    @rubric.check("values", points=3)
    def _(student, draw, parts):
        x = draw.normal(3)
        dtype = parts.oracle_dtype(torch.float32)
        want = parts.informative(parts.double(parts.double(x.to(dtype))))
        expect.close(student(x), want, what="quadruple", dtype=torch.float32)

    return rubric


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


def test_a_wrong_part_costs_once():
    rubric = toy()
    other = nested(rubric)

    def triple(x):
        return 3 * x

    with session(1) as now:
        assert grade(rubric, triple) == 0.5
        assert grade(other, lambda x: triple(triple(x)), double=triple) == 3
        (check,) = now.results["quadruple"].checks
        assert check.carried
        assert check.message == "right on top of your own double, which lost its points above"
        assert not now.results["quadruple"].sound, "what builds on this must be carried too"


def test_a_right_function_that_does_not_use_the_wrong_part_passes_strictly():
    rubric = toy()
    with session(1) as now:
        grade(rubric, lambda x: 3 * x)
        assert grade(nested(rubric), lambda x: 4 * x, double=lambda x: 3 * x) == 3
        assert now.results["quadruple"].sound


def test_a_part_that_passed_is_never_an_excuse():
    rubric, calls = toy(), []

    def own(x):
        calls.append(x)
        return 2 * x

    with session(1):
        grade(rubric, own)
        calls.clear()
        assert grade(nested(rubric), lambda x: 9 * x, double=lambda x: 3 * x) == 0
        assert not calls


def test_a_wrong_function_on_a_wrong_part_fails():
    rubric = toy()
    with session(1) as now:
        grade(rubric, lambda x: 3 * x)
        assert grade(nested(rubric), lambda x: 5 * x, double=lambda x: 3 * x) == 0
        assert "entries are not" in now.results["quadruple"].checks[0].message


@pytest.mark.parametrize("empty", [lambda x: 0 * x, lambda x: x * torch.nan])
def test_a_part_that_ignores_its_inputs_excuses_nothing(empty):
    rubric = toy()
    with session(1):
        grade(rubric, empty)
        assert grade(nested(rubric), empty, double=empty) == 0


def test_a_part_that_raises_excuses_nothing():
    rubric = toy()

    def blank(x):
        raise NotImplementedError

    with session(1, strict=True):
        with pytest.raises(NotImplementedError):
            grade(rubric, blank)
    with session(1):
        grade(rubric, blank)
        assert grade(nested(rubric), blank, double=blank) == 0


def test_excuses_only_where_a_broken_part_fails_the_reference():
    rubric, answers = toy(), []
    other = Rubric("toy", "other", {"double": Part(rubric, double)})

    @other.check("anything")
    def _(student, draw, parts):
        answers.append(parts.excuses(lambda: parts.double("x") + 1))
        raise CheckFailed("to be run again")

    with session(1):
        grade(rubric, lambda x: 3 * x)
        grade(other, double, double=lambda x: 3 * x)
    assert answers == [False, True]


def test_the_parts_given_must_be_those_of_the_rubric():
    with pytest.raises(TypeError, match=r"expected the parts double, got \[\]"):
        grade(nested(toy()), double)
    with pytest.raises(TypeError, match=r"expected the parts none, got \['softmax'\]"):
        grade(toy(), double, softmax=double)


def test_an_unknown_part_is_a_fault_of_the_check():
    rubric = Rubric("toy", "lonely")

    @rubric.check("asks for what is not there")
    def _(student, draw, parts):
        parts.softmax(1)

    with session(1, strict=True), pytest.raises(AttributeError, match="no part named softmax"):
        grade(rubric, double)


def test_strict_sessions_let_faults_of_checks_through_and_students_errors_not():
    rubric = Rubric("toy", "faulty")

    @rubric.check("a fault")
    def _(student, draw, parts):
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
