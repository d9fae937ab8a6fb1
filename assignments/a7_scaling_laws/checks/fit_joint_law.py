"""Checks of `fit_joint_law(n_params, n_tokens, loss)`: a law is judged by what it says.

Without noise, it must predict losses that it was not given. With noise, no two laws can be compared
by their coefficients, which trade against each other: what counts is how near the least Huber
objective it is, and that it predicts what the law at that minimum predicts. The least is the
reference's.

The thresholds below stand in the geometric middle between the worst of the right styles and the
best of the wrong ones that the check is there for. In one module, though long: how a law is judged,
and the checks that do.

Left out: columns of whole numbers or lists, fewer runs, other deltas. Proved by: `autograder
validate a7_scaling_laws`.
"""

import functools
from typing import Any

import numpy as np
import torch
from numpy import ndarray

import reference.joint_law
import reference.log_sum_fit
from assignments.a7_scaling_laws.checks import numbers, right_parts
from assignments.a7_scaling_laws.checks.huber import HUBER
from assignments.a7_scaling_laws.checks.joint_loss import JOINT_LOSS
from assignments.a7_scaling_laws.checks.joint_runs import (
    ERRORS,
    LARGE,
    NOISE,
    SMALL,
    UNEVEN,
    Runs,
    Scale,
    drawn_law,
    drawn_runs,
    held_out,
)
from autograder import expect
from autograder.draw import Draw
from autograder.margin import within
from autograder.rubric import CheckFailed, Part, Rubric

Law = dict[str, float]

NAMES = ("E", "A", "B", "alpha", "beta")
DELTA = 1e-3  # Hoffmann et al. 2022, §3.3
CLEAN = 5e-4
"""Share by which predictions may be off without noise. Right styles, over 60 seeds: at most 1.1e-4,
by L-BFGS-B with its default tolerances and 1e5 times the mean. Wrong ones: 3e-3 at least, by
coefficients rounded to two digits. (With 1e3 times the mean it stops early now and then: 0.07.)"""
EXCESS = 3e-6
"""Share by which the objective may be above the least. Right: at most 6e-8, by the same. Wrong,
over 50 seeds: at least 1e-5 for soft_l1, 8e-5 without logarithms, 2e-4 to base 10."""
APART = 5e-5
"""Share by which predictions may differ from the reference's. Right: at most 9e-6. Wrong: 2.3e-4 at
least, but for soft_l1."""


def joint_loss(
    n: ndarray, d: ndarray, E: float, A: float, B: float, alpha: float, beta: float
) -> ndarray:
    """The reference, in the order and with the names of the assignment."""
    return np.asarray(reference.joint_law.JointLaw(E, A, B, alpha, beta).loss(n, d))


FIT_JOINT_LAW = Rubric(
    "a7_scaling_laws",
    "fit_joint_law",
    {
        "huber": Part(HUBER, right_parts.huber),
        "joint_loss": Part(JOINT_LOSS, right_parts.joint_loss),
    },
)
CHECK = FIT_JOINT_LAW.check
WHAT = "fit_joint_law"


def law_of(value: object) -> Law:
    """The law that a fit returned, however its numbers are wrapped, or fail the check."""
    if type(value) is not dict or not set(NAMES) <= value.keys():
        got = sorted(map(str, value)) if type(value) is dict else expect.kind(value)
        raise CheckFailed(f"{WHAT}: expected a dict with the keys {', '.join(NAMES)}, got {got}")
    return {name: _one_number(value[name], name) for name in NAMES}


def _one_number(value: object, name: str) -> float:
    if type(value) is torch.Tensor and value.numel() == 1 and value.device.type == "cpu":
        value = value.detach().numpy()
    if type(value) is np.ndarray and value.size == 1:
        value = value.reshape(())
    return numbers.number(value, what=name)


def fitted(student: Any, runs: Runs) -> Law:
    """The student's law of these runs, each call with columns of its own."""
    return law_of(student(*(column.copy() for column in runs)))


@functools.lru_cache(maxsize=64)
def _least(*columns: bytes) -> Law:
    law = reference.joint_law.fit_joint_law(*(np.frombuffer(column) for column in columns))
    return {name: getattr(law, name) for name in NAMES}


def least(runs: Runs) -> Law:
    """The reference's law of these runs."""
    return _least(*(column.tobytes() for column in runs))


def log_losses(law: Law, n: ndarray, d: ndarray) -> ndarray:
    """The logarithms of what the law predicts; NaN where it predicts nothing positive."""
    with np.errstate(all="ignore"):
        return np.asarray(np.log(joint_loss(n, d, **law)))


def objective(law: Law, runs: Runs) -> float:
    """The mean of Huber's loss of log-loss residuals."""
    n, d, loss = runs
    with np.errstate(all="ignore"):
        residuals = log_losses(law, n, d) - np.log(loss)
        return float(np.mean(reference.log_sum_fit.huber(residuals, DELTA)))


def apart(law: Law, n: ndarray, d: ndarray, log_loss: ndarray) -> float:
    """By what share predictions are off, at most."""
    off = np.abs(log_losses(law, n, d) - log_loss)
    return float(np.inf if np.isnan(off).any() else off.max())


def excess(law: Law, runs: Runs) -> float:
    """How far the law's objective is above the least, as a share of it."""
    reached = objective(law, runs)
    lowest = objective(least(runs), runs)
    return (reached - lowest) / abs(lowest) if np.isfinite(reached) else np.inf


def _predicts(student: Any, draw: Draw, scale: Scale) -> None:
    law = drawn_law(draw, scale)
    runs = drawn_runs(draw, law, scale)
    n, d = held_out(runs)
    found = fitted(student, runs)
    if not within(apart(found, n, d, np.log(law.loss(n, d))), CLEAN):
        raise CheckFailed(
            f"{WHAT}: where the losses follow a law exactly, yours predicts other losses at sizes "
            "and data that it was not given (start from several exponents, and let the optimiser "
            "go on until the objective stands still: its tolerances are made for objectives of "
            "about 1)"
        )


@CHECK("losses without noise: the law is found again, at the study's scale", points=2)
def _(student: Any, draw: Draw) -> None:
    _predicts(student, draw, SMALL)


@CHECK("losses without noise, at the scale of large models", points=1.5)
def _(student: Any, draw: Draw) -> None:
    _predicts(student, draw, LARGE)


@CHECK("losses without noise, where size and data help unequally", points=1.5)
def _(student: Any, draw: Draw) -> None:
    _predicts(student, draw, draw.pick(UNEVEN))


def _minimises(student: Any, draw: Draw, errors: int, why: str) -> None:
    law = drawn_law(draw, SMALL)
    runs = drawn_runs(draw, law, SMALL, noise=NOISE, errors=errors)
    found = fitted(student, runs)
    if not within(excess(found, runs), EXCESS):
        raise CheckFailed(f"{WHAT}: the mean Huber loss of log-losses could be lower ({why})")
    n, d = held_out(runs)
    if not within(apart(found, n, d, log_losses(least(runs), n, d)), APART):
        raise CheckFailed(f"{WHAT}: beyond the runs it predicts other losses than the best ({why})")


@CHECK("noisy losses: the objective is at its least", points=3)
def _(student: Any, draw: Draw) -> None:
    why = "residuals of natural logarithms, delta 1e-3; go on until the objective stands still"
    _minimises(student, draw, 0, why)


@CHECK("a few grossly wrong losses hardly matter", points=3)
def _(student: Any, draw: Draw) -> None:
    why = "squares let a few wrong runs decide, Huber's loss with delta 1e-3 does not"
    _minimises(student, draw, ERRORS, why)


@CHECK("a dict of five plain numbers, and the columns left alone")
def _(student: Any, draw: Draw) -> None:
    law = drawn_law(draw, SMALL)
    runs = drawn_runs(draw, law, SMALL)
    now = tuple(column.copy() for column in runs)
    value = student(*now)
    found = law_of(value)
    if not within(apart(found, *runs[:2], np.log(runs[2])), 0.02):
        raise CheckFailed(f"{WHAT}: the law is far from the losses that it was given")
    if len(value) > len(NAMES):
        raise CheckFailed(f"{WHAT}: expected the keys {', '.join(NAMES)} and no others")
    for name in NAMES:
        numbers.number(value[name], what=f"{WHAT}: {name}")
    for name, column, before in zip(("n_params", "n_tokens", "loss"), now, runs, strict=True):
        numbers.unchanged(column, before, what=name)
