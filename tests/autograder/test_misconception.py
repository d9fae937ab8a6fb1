"""Mistakes are named by what they do, on evidence, and never when two names fit."""

import pytest
import torch
from torch import nn

import autograder.misconception as module
from autograder.errors import SandboxUnavailable, StudentDied, StudentRaised, StudentTimeout
from autograder.misconception import (
    Misconception,
    RightImplementation,
    diagnose,
    observe,
    observe_on_meta,
    same,
)
from autograder.rubric import Rubric, grade, session


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


def shifted(x):
    return 2 * x + 1


def raising(x):
    raise ValueError("no")


def shifted_or_not(x):
    return 2 * x + (x.sum() > 0)


def on_values(function, draw):
    return observe(lambda: function(draw.normal(3)))


def on_shapes(function, draw):
    return observe(lambda: function(draw.normal(2, 2)).shape == (2, 2))


LISTED = (
    Misconception("triples", "You multiply by 3.", triple, on_values),
    Misconception("shifts", "You add 1.", shifted, on_values),
    Misconception("raises", "You raise.", raising, on_values),
    Misconception("triples-unseen", "Nobody can tell.", triple, on_shapes),
)


@pytest.fixture
def rubric(monkeypatch: pytest.MonkeyPatch) -> Rubric:
    """A rubric whose misconceptions are those listed above."""
    tables = {"MISCONCEPTIONS": LISTED, "RIGHT": (RightImplementation("ref", "", double),)}
    monkeypatch.setattr(module, "listed", lambda assignment, table, name: tables[table])
    module._evidence.cache_clear()
    made = Rubric("toy", "double")

    @made.check("values")
    def _(student, draw):
        if not torch.equal(student(torch.ones(2)), 2 * torch.ones(2)):
            raise AssertionError("wrong")

    yield made
    module._evidence.cache_clear()


def named(rubric: Rubric, student) -> str | None:
    found = diagnose(rubric, student, seed=1)
    return found and found.name


def test_a_mistake_is_named_by_its_outputs_whatever_its_code(rubric: Rubric):
    assert named(rubric, lambda x: x + x + x) == "triples"
    assert named(rubric, lambda x: 1 + x * 2) == "shifts"


def test_exceptions_are_evidence_by_type_here_and_from_afar(rubric: Rubric):
    def from_afar(x):
        raise StudentRaised("ValueError: something else")

    def other(x):
        raise KeyError

    assert named(rubric, raising) == "raises"
    assert named(rubric, from_afar) == "raises"
    assert named(rubric, other) is None


def test_what_is_right_or_unknown_has_no_name(rubric: Rubric):
    assert named(rubric, double) is None
    assert named(rubric, lambda x: 5 * x) is None
    assert named(rubric, lambda x: None) is None


def test_a_mistake_must_fit_on_every_draw(rubric: Rubric):
    calls = []

    def once(x):
        calls.append(x)
        return 3 * x if len(calls) == 1 else 2 * x

    assert named(rubric, once) is None


def test_two_names_that_fit_are_none(rubric: Rubric, monkeypatch: pytest.MonkeyPatch):
    both = (*LISTED, Misconception("thrice", "You multiply by 3.", triple, on_values))
    tables = {"MISCONCEPTIONS": both, "RIGHT": (RightImplementation("ref", "", double),)}
    monkeypatch.setattr(module, "listed", lambda assignment, table, name: tables[table])
    module._evidence.cache_clear()
    assert named(rubric, triple) is None
    assert named(rubric, shifted) == "shifts"


@pytest.mark.parametrize("error", [StudentTimeout("5 s"), StudentDied("killed")])
def test_a_lost_call_ends_the_diagnosis(rubric: Rubric, error: Exception):
    calls = []

    def student(x):
        calls.append(x)
        raise error

    assert named(rubric, student) is None
    assert len(calls) == 1


@pytest.mark.parametrize("observe_one", [observe, observe_on_meta])
def test_a_call_without_a_sandbox_is_no_observation(observe_one):
    def unavailable():
        raise SandboxUnavailable("it ended")

    with pytest.raises(SandboxUnavailable):
        observe_one(unavailable)


def test_grade_files_the_name_and_prints_the_sentence(
    rubric: Rubric, capsys: pytest.CaptureFixture[str]
):
    with session(1) as now:
        grade(rubric, triple)
        assert now.results["double"].misconception == "triples"
        assert "What happened: You multiply by 3." in capsys.readouterr().out
        grade(rubric, double)
        assert now.results["double"].misconception is None
    with session(1, diagnoses=False) as now:
        grade(rubric, triple)
        assert now.results["double"].misconception is None


def test_assignments_without_a_list_have_no_names():
    assert module.listed("nowhere", "MISCONCEPTIONS", "softmax") == ()
    assert diagnose(Rubric("nowhere", "softmax"), double, 1) is None


def test_observations_agree_by_kind_and_up_to_rounding():
    x = torch.tensor([1.0, torch.nan])
    assert same((x, ("raised", "KeyError")), (x + 1e-7, ("raised", "KeyError")))
    assert same(float("nan"), float("nan"))
    assert same(x.to("meta"), x.to("meta"))
    for other in (x.double(), x[None], x.to("meta"), x + 1, None, (x,), "x"):
        assert not same(x, other)
    assert not same((x, x), (x,))
    assert not same(1, 1.0)
    assert not same(True, 1)
    assert same(torch.tensor([True]), torch.tensor([True]))
    assert not same(torch.tensor([True]), torch.tensor([False]))


def test_objects_are_observed_by_type_alone():
    class Odd:
        def __getattribute__(self, name):
            raise AssertionError("a student's object was touched")

    assert observe(Odd) == "<Odd>"
    assert observe(lambda: [1, (None, "a")]) == (1, (None, "a"))
    assert type(observe(lambda: nn.Parameter(torch.ones(1)))) is torch.Tensor


def test_reading_numbers_on_meta_is_told_apart():
    x = torch.empty(2, device="meta")
    assert module.observe_on_meta(lambda: x if x.sum() > 0 else -x) == "reads values"
    assert module.observe_on_meta(lambda: x + torch.ones(2)) == ("raised", "RuntimeError")
    assert module.observe_on_meta(lambda: x).device.type == "meta"
