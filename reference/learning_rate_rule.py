"""The study's learning rates: the best of a sweep, and a rule that carries them to other runs.

The best learning rate is lower for larger models (Kaplan et al. 2020, App. D.6, have a rule
in log N) and for longer runs. At each size and budget of a sweep, the loss against log rate is
lowest at the bottom of a parabola. A plane through the bottoms,

    log rate = constant + of_params log N + of_tokens log D,

gives the rate of every run of the study. At the study's largest budget, eight times the sweep's, it
was tried beside half and twice its rate, one run each: at 31k, 118k and 458k parameters half the
rate loses -0.001, 0.004 and 0.003 nats a token, and twice the rate 0.003, 0.007 and 0.010, compared
with the mean of three seeds, which differ by 0.001 to 0.010.

>>> round(best_rate([0.005, 0.01, 0.02, 0.04], [2.3, 2.1, 2.0, 2.1]), 4)
0.02

Left out: the rest of what can be tuned (batch, warm-up, decay), which stays the same for all runs.
Proved by: parabolas and rules made by hand, which are found again; lowest losses at an edge.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reference.study import Finished


class RateRule(NamedTuple):
    """log rate = constant + of_params log N + of_tokens log D."""

    constant: float
    of_params: float
    of_tokens: float

    def rate(self, n_params: int, n_tokens: int) -> float:
        """Give the learning rate of a run."""
        return math.exp(
            self.constant
            + self.of_params * math.log(n_params)
            + self.of_tokens * math.log(n_tokens)
        )


def best_rate(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """Give the bottom of the parabola through the lowest loss and its neighbours, in log rate.

    None where the lowest is the first or the last: the best rate may lie beyond.
    """
    order = np.argsort(rates)
    x, y = np.log(np.asarray(rates)[order]), np.asarray(losses)[order]
    lowest = int(y.argmin())
    if lowest in (0, len(x) - 1):
        return None
    around = slice(lowest - 1, lowest + 2)
    curvature, slope, _ = np.polyfit(x[around] - x[lowest], y[around], 2)
    return math.exp(x[lowest] - slope / (2 * curvature))


def rate_rule(finished: Sequence[Finished]) -> RateRule:
    """Put a plane through the best rates of a sweep."""
    groups: dict[tuple[float, int], list[Finished]] = {}
    for one in finished:
        groups.setdefault((one.run.budget, one.run.d_model), []).append(one)
    rows, bottoms = [], []
    for group in groups.values():
        best = best_rate([one.run.learning_rate for one in group], [one.loss for one in group])
        if best is not None:
            run = group[0].run
            rows.append([1.0, math.log(run.n_params), math.log(run.n_tokens)])
            bottoms.append(math.log(best))
    if len(rows) < 3 or np.linalg.matrix_rank(np.array(rows)) < 3:
        raise ValueError(
            "a rule needs best rates at 3 sizes and budgets or more: got a lowest loss between "
            f"higher ones in {len(rows)} of {len(groups)} sweeps; add lower and higher rates"
        )
    solution, *_ = np.linalg.lstsq(np.array(rows), np.array(bottoms), rcond=None)
    return RateRule(*(float(value) for value in solution))
