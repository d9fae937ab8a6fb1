"""The hidden checks of assignment 7: right and wrong ways; fits are judged by what they say."""

import inspect
import math

import jupytext
import numpy as np
import pytest
import torch

from assignments.a7_scaling_laws.checks import (
    FIT_POWER_LAW,
    MINIMUM_OVER_CURVES,
    RUBRICS,
)
from assignments.a7_scaling_laws.checks.minimum_over_curves import exponents, family, lowest
from assignments.a7_scaling_laws.misconceptions import MISCONCEPTIONS, RIGHT
from autograder.build import source_of
from autograder.draw import Draw
from autograder.misconception import same, witness_draw
from autograder.rubric import Rubric, RubricResult, grade, session
from autograder.validate import try_right, try_wrong
from reference import compute_optimal

WRONG = [(rubric, one) for rubric in RUBRICS for one in MISCONCEPTIONS[rubric.name]]
STYLES = [(rubric, one) for rubric in RUBRICS for one in RIGHT[rubric.name]]

OURS = [
    (rubric, one)
    for rubric, one in WRONG + STYLES
    if one.name != "reference" and rubric.name != "fit_joint_law"
]


def ids(pairs) -> list[str]:
    return [f"{rubric.name}-{one.name}" for rubric, one in pairs]


def graded(rubric: Rubric, student, *, seed: int = 11, strict: bool = False) -> RubricResult:
    """The result for one object, without diagnosis."""
    with session(seed, strict=strict, diagnoses=False) as now:
        grade(rubric, student)
    return now.results[rubric.name]


def lost(result: RubricResult) -> list[str]:
    return [check.title for check in result.checks if not check.passed]


def test_points():
    assert {rubric.name: rubric.points for rubric in RUBRICS} == {
        "count_parameters": 6,
        "training_flops": 2,
        "fit_power_law": 5,
        "isoflop_minimum": 5,
        "minimum_over_curves": 6,
        "huber": 4,
        "joint_loss": 3,
        "fit_joint_law": 12,
        "optimal_exponents": 3,
        "optimal_allocation": 6,
    }


def test_there_are_enough_of_both_and_each_has_a_name_and_a_sentence():
    assert len(WRONG) >= 100
    assert len(STYLES) - len(RUBRICS) >= 40
    names = [one.name for _, one in WRONG]
    assert len(set(names)) == len(names)
    assert len({one.sentence for _, one in WRONG}) == len(WRONG)
    for _, one in WRONG:
        assert one.name.replace("-", "").isalnum()
        assert one.name.islower()
        assert one.sentence.endswith((".", ".)"))
        assert 30 < len(one.sentence) < 300


@pytest.mark.parametrize(("rubric", "one"), STYLES, ids=ids(STYLES))
def test_each_right_style_passes_the_visible_tests(try_visible, rubric, one):
    defined = {name: styles[0].implementation for name, styles in RIGHT.items()}
    try_visible("a7_scaling_laws", rubric.name, defined | {rubric.name: one.implementation})


@pytest.mark.filterwarnings("ignore")  # numpy's, of what some of the mistakes do
@pytest.mark.parametrize(("rubric", "one"), WRONG, ids=ids(WRONG))
def test_each_mistake_loses_points_and_is_named(rubric, one):
    outcome = try_wrong(rubric, one)
    assert not outcome.accepted
    assert outcome.recognised, outcome.named


@pytest.mark.filterwarnings("ignore")  # numpy's, of places that a search looks at and leaves
@pytest.mark.parametrize(("rubric", "one"), STYLES, ids=ids(STYLES))
def test_each_right_style_gets_every_point(rubric, one):
    outcome = try_right(rubric, one, seeds=5)
    assert not outcome.rejected, outcome.failed
    assert not outcome.near_miss, outcome.nearest


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("rubric", "one"), WRONG, ids=ids(WRONG))
def test_each_witness_tells_its_mistake_from_the_reference(rubric, one):
    def seen(implementation, i):
        return one.witness(implementation, witness_draw("a7_scaling_laws", rubric.name, 3, i))

    for i in range(2):
        right = seen(RIGHT[rubric.name][0].implementation, i)
        assert not same(seen(one.implementation, i), right)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("rubric", "one"), OURS, ids=ids(OURS))
def test_each_source_stands_alone(rubric, one):
    """It can be pasted into a notebook that has the usual imports."""
    names = {"math": math, "np": np}
    exec(inspect.getsource(one.implementation), names)
    pasted = names[one.implementation.__name__]
    assert graded(rubric, pasted).points == graded(rubric, one.implementation).points


def test_the_notebooks_own_solutions_get_every_point():
    cells = jupytext.read(source_of("a7_scaling_laws"), fmt="py:percent").cells
    names: dict[str, object] = {"np": np, "math": math}
    for cell in cells:
        label = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and (label.get("solution") or label["grade_id"] == "stopping"):
            exec(cell.source, names)
    for rubric in RUBRICS:
        result = graded(rubric, names[rubric.name])
        assert result.points == rubric.points, (rubric.name, lost(result))


ODD = [None, 3, 2.5, True, math.nan, "text", b"x", (), (1, 2), (1.0, math.nan), [None, None]]
ODD += [{"a": 1}, object(), 1j, np.ones(2), np.ones(7), np.array("x"), np.array(None), np.bool_(1)]
ODD += [torch.ones(()), torch.ones(2), (torch.ones(2), 1), (1, 2, 3), {"E": 1, "A": 2, "B": None}]
ODD += [np.float64(1e300), 10**400, (np.ones(1), np.ones(1)), np.ma.masked]


@pytest.mark.filterwarnings("ignore")  # numpy's, of overflow
@pytest.mark.parametrize("value", ODD, ids=lambda value: f"{type(value).__name__}")
@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.name)
def test_whatever_comes_back_is_the_students_failure_and_no_fault_of_a_check(rubric, value):
    """Strict sessions let every exception through that is no verdict of the check."""
    assert graded(rubric, lambda *args, **kwargs: value, strict=True).points == 0


def test_what_raises_gets_nothing():
    def blank(*args, **kwargs):
        raise NotImplementedError

    with session(3, diagnoses=False):
        for rubric in RUBRICS:
            assert grade(rubric, blank) == 0


def test_the_oracle_of_curves_is_the_references():
    """Two programs, one definition, but for the first and the last of 200 budgets.

    Curves that all begin there exist or not as rounding has it: hence 2e-3. Budgets with the
    smallest or largest size at their best, if they counted, would make a difference of 0.1.
    """
    for seed in range(4):
        for more in ({}, {"late": True}, {"sizes": (0.1, 10.0)}):
            curves = family(Draw(seed, "oracle"), 20, **more)
            n = np.concatenate([np.full(len(c), size) for size, c, _ in curves])
            c, loss = (np.concatenate(columns) for columns in list(zip(*curves, strict=True))[1:])
            found = compute_optimal.minimum_over_curves(n, c / (6 * n), loss, draws=2)
            for a, b in exponents(curves):
                assert (a, b) == pytest.approx((found.a, found.b), abs=2e-3)


CURVES = """
def minimum_over_curves(curves):
    budgets, best = lowest(curves)
    _, a = fit_power_law(budgets, best)
    return a, 1 - a
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("one", MISCONCEPTIONS["fit_power_law"], ids=lambda one: one.name)
def test_a_wrong_fit_costs_once(one, notebook):
    defined = notebook(CURVES, lowest=lowest, fit_power_law=one.implementation)
    with session(3, diagnoses=False) as now:
        assert grade(FIT_POWER_LAW, one.implementation) < 5
        points = grade(MINIMUM_OVER_CURVES, defined["minimum_over_curves"])
    assert points == 6, lost(now.results["minimum_over_curves"])


def test_an_empty_function_on_an_empty_fit_gets_nothing():
    with session(3, diagnoses=False):
        grade(FIT_POWER_LAW, lambda x, y: (1.0, 0.5))
        assert grade(MINIMUM_OVER_CURVES, lambda curves: (0.5, 0.5)) == 0
