"""x"""

from assignments.a7_scaling_laws.checks.count_parameters import COUNT_PARAMETERS
from assignments.a7_scaling_laws.checks.fit_power_law import FIT_POWER_LAW
from assignments.a7_scaling_laws.checks.isoflop_minimum import ISOFLOP_MINIMUM
from assignments.a7_scaling_laws.checks.minimum_over_curves import MINIMUM_OVER_CURVES
from assignments.a7_scaling_laws.checks.training_flops import TRAINING_FLOPS

RUBRICS = (COUNT_PARAMETERS, TRAINING_FLOPS, FIT_POWER_LAW, ISOFLOP_MINIMUM, MINIMUM_OVER_CURVES)
