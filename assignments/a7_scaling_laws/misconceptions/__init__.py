"""Known wrong implementations, and right ones in other styles, for each graded function.

`autograder validate a7_scaling_laws` shows that each wrong one loses points and is named, and that
each right one gets every point. Each wrong one is told to a student in a sentence: why it is wrong,
then what to do.
"""

from collections.abc import Mapping, Sequence

from assignments.a7_scaling_laws.misconceptions import (
    count_parameters,
    fit_joint_law,
    fit_power_law,
    huber,
    isoflop_minimum,
    joint_loss,
    minimum_over_curves,
    optimal_allocation,
    optimal_exponents,
    training_flops,
)
from assignments.a7_scaling_laws.right import RIGHT
from autograder.misconception import Misconception

MISCONCEPTIONS: Mapping[str, Sequence[Misconception]] = {
    "count_parameters": count_parameters.MISCONCEPTIONS,
    "training_flops": training_flops.MISCONCEPTIONS,
    "fit_power_law": fit_power_law.MISCONCEPTIONS,
    "isoflop_minimum": isoflop_minimum.MISCONCEPTIONS,
    "minimum_over_curves": minimum_over_curves.MISCONCEPTIONS,
    "huber": huber.MISCONCEPTIONS,
    "joint_loss": joint_loss.MISCONCEPTIONS,
    "fit_joint_law": fit_joint_law.MISCONCEPTIONS,
    "optimal_exponents": optimal_exponents.MISCONCEPTIONS,
    "optimal_allocation": optimal_allocation.MISCONCEPTIONS,
}

__all__ = ["MISCONCEPTIONS", "RIGHT"]
