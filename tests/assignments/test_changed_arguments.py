"""No check reads what it expects from arguments that student code has had in its hands."""

import copy
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograder.misconception import right
from autograder.rubric import Rubric, grade, session

RUBRICS = {
    f"{assignment}: {rubric.name}": rubric
    for assignment in ("a3_attention", "a5_masked_lm", "a7_scaling_laws")
    for rubric in importlib.import_module(f"assignments.{assignment}.checks").RUBRICS
}


def spoil(value: Any) -> None:
    """Change every number in tensors, arrays and lists to 1, in place."""
    if isinstance(value, torch.Tensor) and value.device.type != "meta":
        value.detach().fill_(1)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        value[...] = 1
    elif isinstance(value, list | tuple):
        for item in value:
            spoil(item)
        if isinstance(value, list) and value and isinstance(value[0], int | float):
            value[:] = [1] * len(value)


def spoiling(function: Any, *, theirs: bool) -> Any:
    """The function of spoilt arguments: the caller's own, or copies."""

    def spoilt(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            if not theirs:
                kept = [a for a in (*args, *kwargs.values()) if isinstance(a, torch.Generator)]
                memo = {id(a): a for a in kept}
                args, kwargs = copied(args, memo), copied(kwargs, memo)
            for value in (*args, *kwargs.values()):
                spoil(value)
            return call(*args, **kwargs)

        return called

    if not isinstance(function, type):
        return spoilt(function)
    forward = function.forward
    return type(
        function.__name__,
        (function,),
        {"forward": lambda self, *a, **k: spoilt(lambda *a, **k: forward(self, *a, **k))(*a, **k)},
    )


def copied(value: Any, memo: dict[int, Any]) -> Any:
    """A copy in which tensors with a graph keep it."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, tuple | list):
        return type(value)(copied(item, memo) for item in value)
    if isinstance(value, dict):
        return {name: copied(item, memo) for name, item in value.items()}
    return copy.deepcopy(value, memo) if not callable(value) else value


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rubric", RUBRICS.values(), ids=RUBRICS)
def test_to_spoil_the_arguments_gains_nothing(rubric: Rubric):
    """A right function of spoilt arguments is wrong, whoever else sees them spoilt."""
    reference = right(rubric)[0].implementation
    passed = {}
    for theirs in (True, False):
        with session(3, diagnoses=False) as now:
            grade(rubric, spoiling(reference, theirs=theirs))
        checks = now.results[rubric.name].checks
        passed[theirs] = {check.title for check in checks if check.passed}
    assert passed[True] <= passed[False]
