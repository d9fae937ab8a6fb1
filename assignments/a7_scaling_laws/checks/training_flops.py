"""Checks of `training_flops(n_params, n_tokens)`: one number each, or arrays of them.

Left out: exact counts, which `reference.model_sizes` has. Proved by: `autograder validate
a7_scaling_laws`.
"""

from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks import numbers
from autograder.draw import Draw
from autograder.rubric import Rubric
from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN

TRAINING_FLOPS = Rubric("a7_scaling_laws", "training_flops")

WHAT = "training_flops"
ROUNDING = 1e-6  # relative: of float32 too, which is 6e-8 an operation
WHY = "six operations for each parameter and each token: two forward, four backward"


@TRAINING_FLOPS.check("a model and its data")
def _(student: Any, draw: Draw) -> None:
    for most in (10, 10**5, 10**9, 10**12):
        n, d = draw.integer(2, most), draw.integer(2, most)
        want = float(FLOPS_PER_PARAMETER_AND_TOKEN * n * d)
        numbers.near(student(n, d), want, tolerance=ROUNDING, what=WHAT, why=WHY)


@TRAINING_FLOPS.check("columns of a table, of whole numbers too")
def _(student: Any, draw: Draw) -> None:
    for dtype in (np.float64, np.int64):
        n = draw.integers(10**9, 10**12, 7).numpy().astype(dtype)
        d = draw.integers(10**9, 10**13, 7).numpy().astype(dtype)
        want = FLOPS_PER_PARAMETER_AND_TOKEN * n.astype(np.float64) * d.astype(np.float64)
        why = f"{WHY}; whole numbers of NumPy end at 9.2e18, and go on at the other end, negative"
        what = f"{WHAT} of two columns of {n.dtype}"
        numbers.near(student(n.copy(), d.copy()), want, tolerance=ROUNDING, what=what, why=why)
