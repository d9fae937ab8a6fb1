"""Validation finds each planted fault: a false accept, a false reject, a missing name."""

import io
import sys
import types

import pytest
import torch
from rich.console import Console

import autograder.misconception as module
from autograder import expect
from autograder.errors import CourseError
from autograder.margin import measured, within
from autograder.misconception import Misconception, RightImplementation, observe
from autograder.rubric import Rubric
from autograder.validate import print_report, validate
from autograder.validation import NEAR_MISS

DOUBLE = Rubric("toy", "double")


@DOUBLE.check("values", points=2)
def _(student, draw):
    x = draw.normal(3)
    expect.close(student(x), 2 * x, what="double")


def triple(x):
    return 3 * x


def double(x):
    return 2 * x


def double_in_float64_on_some_seeds(x):
    return 2 * x if x.sum() > 0 else 2 * x.double()


def on_values(function, draw):
    return observe(lambda: function(draw.normal(3)))


def blind(function, draw):
    return observe(lambda: function(draw.normal(3)).shape == (3,))


NAMED = Misconception("triples", "You multiply by 3.", triple, on_values)
REFERENCE = RightImplementation("reference", "the reference", double)


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch):
    """Make an assignment `planted` of the lists given."""

    def make(wrong: tuple[Misconception, ...], right: tuple[RightImplementation, ...]) -> None:
        package = types.ModuleType("assignments.planted")
        checks = types.ModuleType("assignments.planted.checks")
        lists = types.ModuleType("assignments.planted.misconceptions")
        for planted in (package, checks, lists):
            planted.__spec__ = types.SimpleNamespace()
            monkeypatch.setitem(sys.modules, planted.__name__, planted)
        package.__path__ = []
        checks.RUBRICS = (DOUBLE,)
        lists.MISCONCEPTIONS, lists.RIGHT = {"double": wrong}, {"double": right}
        monkeypatch.setattr(DOUBLE, "assignment", "planted")
        module._evidence.cache_clear()

    yield make
    module._evidence.cache_clear()


@pytest.mark.parametrize(("random", "tries"), [(False, 2), (True, 200)])
def test_a_random_function_is_tried_under_many_seeds(plant, monkeypatch, random, tries):
    monkeypatch.setattr(DOUBLE, "random", random)
    calls = []
    plant((), (REFERENCE, RightImplementation("counted", "", lambda x: calls.append(1) or 2 * x)))
    (_, counted) = validate("planted", seeds=2).right
    assert counted.seeds == len(calls) == tries


def printed(report) -> str:
    console = Console(file=io.StringIO(), width=100)
    print_report(report, console)
    return console.file.getvalue()


def test_all_is_well(plant):
    plant((NAMED,), (REFERENCE,))
    report = validate("planted", seeds=3)
    assert report.ok
    shown = printed(report)
    assert "false accepts: 0 of 1" in shown
    assert "false rejects: 0 of 1" in shown
    assert "not named:     0 of 1" in shown
    assert "2 of 2" in shown
    assert "values" in shown


def test_a_false_accept_is_found(plant):
    unseen = Misconception("unseen", "Nobody sees it.", lambda x: 2 * x, on_values)
    plant((NAMED, unseen), (REFERENCE,))
    report = validate("planted", seeds=2)
    assert (report.false_accepts, report.ok) == (1, False)
    assert "false accepts: 1 of 2" in printed(report)
    assert "none" in printed(report)


def test_a_mistake_that_loses_nothing_under_one_seed_is_a_false_accept(plant):
    calls = []

    def first_call_alone(x):
        calls.append(x)
        return 3 * x if len(calls) == 1 else 2 * x

    lazy = Misconception("lazy", "Only at first.", first_call_alone, on_values)
    plant((lazy,), (REFERENCE,))
    assert validate("planted", seeds=1).false_accepts == 1


def test_a_false_reject_is_found_and_explained(plant):
    odd = RightImplementation("odd", "float64 at times", double_in_float64_on_some_seeds)
    plant((NAMED,), (REFERENCE, odd))
    report = validate("planted", seeds=8)
    assert (report.false_rejects, report.ok) == (1, False)
    assert "double, odd: values: double: expected dtype float32, got float64" in printed(report)


def test_a_right_style_that_comes_near_a_tolerance_is_found_though_it_is_let_through(plant):
    relative, absolute = expect.TOLERANCES[torch.float32]
    near = RightImplementation("near", "", lambda x: 2 * x * (1 + 0.6 * (relative + absolute)))
    far = RightImplementation("far", "", lambda x: 2 * x * (1 + 0.4 * (relative + absolute)))
    plant((NAMED,), (REFERENCE, far, near))
    report = validate("planted", seeds=20)
    assert (report.false_rejects, report.near_misses, report.ok) == (0, 1, False)
    shares = [one.nearest for one in report.right]
    assert shares[0] == 0.0
    assert 0.3 < shares[1] < NEAR_MISS < shares[2] < 0.7
    assert "near misses:   1 of 3" in printed(report)


def test_what_is_compared_exactly_has_no_nearness(plant, monkeypatch):
    monkeypatch.setattr(DOUBLE, "checks", [])

    @DOUBLE.check("exact")
    def _(student, draw):
        expect.equal(student(draw.integers(0, 9, 3)), torch.zeros(3, dtype=torch.int64), what="x")

    plant((), (RightImplementation("zeros", "", torch.zeros_like),))
    (one,) = validate("planted", seeds=2).right
    assert (one.nearest, one.near_miss, one.rejected) == (None, False, False)


@pytest.mark.parametrize(
    ("error", "share", "passes"), [(0.5, 0.25, True), (2.0, 1.0, True), (3.0, 1.5, False)]
)
def test_an_error_is_measured_whether_it_passes_or_not(error, share, passes):
    assert within(error, 2.0) == passes
    with measured() as margin:
        assert margin.worst is None
        assert within(error, 2.0) == passes
        assert margin.worst == share
        assert not within(float("nan"), 2.0)
        assert not within(float("inf"), 2.0)
        assert margin.worst == share


def test_a_mistake_without_its_name_is_found(plant):
    plant((Misconception("blind", "No witness.", triple, blind),), (REFERENCE,))
    report = validate("planted", seeds=1)
    assert (report.unnamed, report.false_accepts, report.ok) == (1, 0, False)
    assert "not named:     1 of 1" in printed(report)


def test_two_names_for_one_mistake_are_found(plant):
    again = Misconception("thrice", "You multiply by 3.", triple, on_values)
    plant((NAMED, again), (REFERENCE,))
    assert validate("planted", seeds=1).unnamed == 2


def test_an_assignment_that_is_not_there():
    with pytest.raises(CourseError, match="no assignment 'a99_nothing'"):
        validate("a99_nothing")


def test_torch_keeps_its_threads(plant):
    plant((NAMED,), (REFERENCE,))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        validate("planted", seeds=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
