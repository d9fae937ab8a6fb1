"""Wrong ways to write `fit_joint_law(n_params, n_tokens, loss)`."""

from assignments.a7_scaling_laws.misconceptions import (
    fit_law,
    fit_objective,
    fit_result,
    fit_search,
)

MISCONCEPTIONS = (
    *fit_objective.MISCONCEPTIONS,
    *fit_law.MISCONCEPTIONS,
    *fit_result.MISCONCEPTIONS,
    *fit_search.MISCONCEPTIONS,
)
