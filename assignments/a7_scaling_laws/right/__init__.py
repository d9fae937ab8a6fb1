"""Right implementations in other styles; the reference comes first. Each must get every point."""

from collections.abc import Mapping, Sequence

from assignments.a7_scaling_laws.right import counting, curves, fits
from autograder.misconception import RightImplementation

RIGHT: Mapping[str, Sequence[RightImplementation]] = {
    "count_parameters": counting.RIGHT_COUNT,
    "training_flops": counting.RIGHT_FLOPS,
    "fit_power_law": fits.RIGHT_POWER_LAW,
    "isoflop_minimum": fits.RIGHT_ISOFLOP,
    "minimum_over_curves": curves.RIGHT,
}
