"""Right implementations in other styles; the reference comes first. Each must get every point."""

from collections.abc import Mapping, Sequence

from assignments.a7_scaling_laws.right import (
    counting,
    curves,
    fit_joint_law,
    fits,
    joint_law,
    optimal,
)
from autograder.misconception import RightImplementation

RIGHT: Mapping[str, Sequence[RightImplementation]] = {
    "count_parameters": counting.RIGHT_COUNT,
    "training_flops": counting.RIGHT_FLOPS,
    "fit_power_law": fits.RIGHT_POWER_LAW,
    "isoflop_minimum": fits.RIGHT_ISOFLOP,
    "minimum_over_curves": curves.RIGHT,
    "huber": joint_law.RIGHT_HUBER,
    "joint_loss": joint_law.RIGHT_JOINT_LOSS,
    "fit_joint_law": fit_joint_law.RIGHT,
    "optimal_exponents": optimal.RIGHT_EXPONENTS,
    "optimal_allocation": optimal.RIGHT_ALLOCATION,
}
