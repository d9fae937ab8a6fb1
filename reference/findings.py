"""What the study found: the lecture's table made again, and how far to trust it.

Slide "Joint data-model scaling laws". The three approaches of `compute_optimal` on the study's
table, the joint law with an interval for each of its numbers, and remarks: whatever a reader must
know before believing them. An approach that disagrees with another, a budget whose best size is not
between the sizes tried, an E that misses the source's entropy: each is said in words.

>>> from reference.joint_law import JointLaw
>>> law = JointLaw(E=1.5, A=20.0, B=40.0, alpha=0.4, beta=0.35)
>>> apart((0.44, 0.47), (0.48, 0.55)), apart((0.44, 0.49), (0.48, 0.55))
(True, False)

Left out: pictures (see `pictures`), why an approach disagrees.
Proved by: tables that follow a law, whose exponents and E are found with no remark; tables spoiled
in each way, and the remark that each gets.
"""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from reference.compute_optimal import (
    Exponents,
    isoflop_profiles,
    minimum_over_curves,
    parametric_fit,
)
from reference.frontier import LossCurves, loss_curves
from reference.joint_law import JointLaw, bootstrap_joint_law, fit_joint_law
from reference.profiles import Profile, isoflop_runs
from reference.published_exponents import APPROACHES, Row
from reference.scaling_laws import LEVEL, Interval, interval
from reference.scaling_table import Points, Runs, read_points, read_runs
from reference.study_table import CURVES, RUNS


class LawOfRuns(NamedTuple):
    """The law of the runs that saw a number of tokens or more; the intervals of its E and a."""

    fewest_tokens: float
    n_runs: int
    law: JointLaw
    e_interval: Interval
    a_interval: Interval


@dataclass(frozen=True)
class Findings:
    """All that is found in a study's table."""

    runs: Runs
    curves: LossCurves
    profiles: list[Profile]
    exponents: tuple[Exponents, Exponents, Exponents]  # by approach
    law: JointLaw
    law_intervals: dict[str, Interval]  # by the law's fields
    laws_of_longer_runs: list[LawOfRuns]

    def rows(self, source: str = "this study") -> list[Row]:
        """Give the table's rows."""
        return [
            Row(source, approach, e.a, e.a_interval, e.b, e.b_interval)
            for approach, e in zip(APPROACHES, self.exponents, strict=False)
        ]

    def remarks(self, entropy_rate: float) -> list[str]:
        """Say what should be known of these numbers; `entropy_rate` is the true E."""
        found = [
            f"At {profile.flops:.1e} FLOPs the least loss is at an edge of the sizes, or round no "
            "bottom: approach 2 leaves this budget out."
            for profile in self.profiles
            if profile.parabola is None
        ]
        for profile in self.profiles:
            p = profile.parabola
            if p and not p.smallest < p.n_params < p.largest:
                found.append(
                    f"At {profile.flops:.1e} FLOPs the parabola's bottom, {p.n_params:.2g} "
                    "parameters, lies outside the sizes that it was fitted to."
                )
        for one, other in combinations(self.rows(), 2):
            if one.a_interval and other.a_interval and apart(one.a_interval, other.a_interval):
                found.append(
                    f"Approaches disagree: {one.approach} has a in {_text(one.a_interval)}, "
                    f"{other.approach} in {_text(other.a_interval)}."
                )
        whole, longest = self.laws_of_longer_runs[0], self.laws_of_longer_runs[-1]
        if apart(whole.a_interval, longest.a_interval):
            found.append(
                f"One law does not hold for all runs: of the longest {longest.n_runs} it has a in "
                f"{_text(longest.a_interval)}, of all in {_text(whole.a_interval)}. The exponents "
                "of the three approaches are averages over this study's range."
            )
        low, high = self.law_intervals["E"]
        if not low <= entropy_rate <= high:
            side = "below" if high < entropy_rate else "above"
            found.append(
                f"The law's E, {self.law.E:.3f} in {_text((low, high))}, lies {side} the source's "
                f"entropy, {entropy_rate:.3f} nats a token."
            )
        return found


def read_findings(folder: Path) -> Findings:
    """Read both tables in a folder, and find all that they show."""
    return findings(read_runs(folder / RUNS), read_points(folder / CURVES))


def findings(runs: Runs, points: Points) -> Findings:
    """Find exponents and law, with bootstrap intervals."""
    ends = runs.n_params, runs.n_tokens, runs.loss
    on_the_way = runs.sizes_of(points), points.n_tokens, points.loss
    draws = bootstrap_joint_law(*ends)
    return Findings(
        runs=runs,
        curves=loss_curves(*on_the_way, runs=points.run),
        profiles=isoflop_runs(*ends),
        exponents=(
            minimum_over_curves(*on_the_way, runs=points.run),
            isoflop_profiles(*ends),
            parametric_fit(*ends),
        ),
        law=fit_joint_law(*ends),
        law_intervals={
            name: interval(np.array([getattr(law, name) for law in draws]), LEVEL)
            for name in ("E", "A", "B", "alpha", "beta")
        },
        laws_of_longer_runs=laws_of_longer_runs(*ends),
    )


def laws_of_longer_runs(
    n_params: Float[ndarray, " runs"],
    n_tokens: Float[ndarray, " runs"],
    loss: Float[ndarray, " runs"],
    left_out: tuple[float, ...] = (0.0, 0.25, 0.5),
) -> list[LawOfRuns]:
    """Fit the law again without these shares of the runs, the shortest ones.

    Where one law holds for all runs, its numbers stay as they are. Where they move, it holds over a
    part of the range only, and what it says beyond the runs depends on the part that was fitted.
    """
    laws = []
    for fewest in np.quantile(n_tokens, left_out):
        long = n_tokens >= fewest
        runs = n_params[long], n_tokens[long], loss[long]
        draws = bootstrap_joint_law(*runs)
        e = np.array([law.E for law in draws])
        a = np.array([law.optimal_exponents()[0] for law in draws])
        intervals = interval(e, LEVEL), interval(a, LEVEL)
        laws.append(LawOfRuns(float(fewest), int(long.sum()), fit_joint_law(*runs), *intervals))
    return laws


def apart(one: Interval, other: Interval) -> bool:
    """Whether two intervals have nothing in common."""
    return one[1] < other[0] or other[1] < one[0]


def _text(bounds: Interval) -> str:
    return f"({bounds[0]:.3f}, {bounds[1]:.3f})"
