"""What shows the mistakes of `fit_joint_law`: what its laws predict, of clean and of noisy runs.

Optimisers differ in the last digits, so predictions are seen in float32, whose tolerance is 1e-4.
"""

from typing import Any

import numpy as np
import torch

from assignments.a7_scaling_laws.checks.fit_joint_law import joint_loss, law_of
from assignments.a7_scaling_laws.checks.joint_runs import (
    ERRORS,
    NOISE,
    SMALL,
    Runs,
    drawn_law,
    drawn_runs,
    held_out,
)
from assignments.a7_scaling_laws.checks.numbers import NUMBERS, observed
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def mistake(name: str, sentence: str, implementation: Any) -> Misconception:
    """A misconception that shows in the laws it fits."""
    return Misconception(name, sentence, implementation, laws)


def laws(fit: Any, draw: Draw) -> Observation:
    """Laws of runs without noise, and with noise and a few gross errors; the columns afterwards."""
    law = drawn_law(draw, SMALL)
    seen = []
    for noise, errors in ((0.0, 0), (NOISE, ERRORS)):
        runs = drawn_runs(draw, law, SMALL, noise=noise, errors=errors)
        now = tuple(column.copy() for column in runs)
        seen.append((observe(lambda now=now, runs=runs: _said(fit(*now), runs)), observed(now)))
    return tuple(seen)


def _said(value: object, runs: Runs) -> object:
    """The kinds of the coefficients, and what the law predicts; of no law, what it is."""
    if type(value) is not dict:
        return observed(value, torch.float32)
    n, d = held_out(runs)
    kinds = tuple("number" if type(v) in NUMBERS else type(v).__name__ for v in value.values())
    with np.errstate(all="ignore"):
        return kinds, observed(joint_loss(n, d, **law_of(value)), torch.float32)
