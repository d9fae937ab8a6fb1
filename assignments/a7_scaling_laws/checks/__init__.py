"""The hidden checks of assignment 7: one rubric for each graded function, in notebook order.

| rubric                | points | builds on             |
| --------------------- | ------ | --------------------- |
| `COUNT_PARAMETERS`    | 6      |                       |
| `TRAINING_FLOPS`      | 2      |                       |
| `FIT_POWER_LAW`       | 5      |                       |
| `ISOFLOP_MINIMUM`     | 5      |                       |
| `MINIMUM_OVER_CURVES` | 6      | `fit_power_law`       |
| `HUBER`               | 4      |                       |
| `JOINT_LOSS`          | 3      |                       |
| `FIT_JOINT_LAW`       | 12     | `huber`, `joint_loss` |
| `OPTIMAL_EXPONENTS`   | 3      |                       |
| `OPTIMAL_ALLOCATION`  | 6      | `optimal_exponents`   |

A fit is judged by what it says, not by its digits: the curve that it gives, the objective that it
reaches, its predictions where it saw nothing. Each threshold lies between what right and wrong ways
reach, and its module says how far apart those are. Checks that mistakes cannot touch (inputs left
alone, the kind of a result) first ask for a right result, so that an empty function earns nothing.
"""

from assignments.a7_scaling_laws.checks.count_parameters import COUNT_PARAMETERS
from assignments.a7_scaling_laws.checks.fit_joint_law import FIT_JOINT_LAW
from assignments.a7_scaling_laws.checks.fit_power_law import FIT_POWER_LAW
from assignments.a7_scaling_laws.checks.huber import HUBER
from assignments.a7_scaling_laws.checks.isoflop_minimum import ISOFLOP_MINIMUM
from assignments.a7_scaling_laws.checks.joint_loss import JOINT_LOSS
from assignments.a7_scaling_laws.checks.minimum_over_curves import MINIMUM_OVER_CURVES
from assignments.a7_scaling_laws.checks.optimal import OPTIMAL_ALLOCATION, OPTIMAL_EXPONENTS
from assignments.a7_scaling_laws.checks.training_flops import TRAINING_FLOPS

RUBRICS = (
    COUNT_PARAMETERS,
    TRAINING_FLOPS,
    FIT_POWER_LAW,
    ISOFLOP_MINIMUM,
    MINIMUM_OVER_CURVES,
    HUBER,
    JOINT_LOSS,
    FIT_JOINT_LAW,
    OPTIMAL_EXPONENTS,
    OPTIMAL_ALLOCATION,
)
"""In notebook order."""

__all__ = [
    "COUNT_PARAMETERS",
    "FIT_JOINT_LAW",
    "FIT_POWER_LAW",
    "HUBER",
    "ISOFLOP_MINIMUM",
    "JOINT_LOSS",
    "MINIMUM_OVER_CURVES",
    "OPTIMAL_ALLOCATION",
    "OPTIMAL_EXPONENTS",
    "RUBRICS",
    "TRAINING_FLOPS",
]
