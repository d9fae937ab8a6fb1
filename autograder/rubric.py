"""Rubrics: small named checks with points, and `grade`, which every hidden test cell ends with.

A check is a function of the student's object, a `Draw` of inputs and the `Parts` that the object
may build on; it raises to fail. Each check runs even if an earlier one failed. A rubric with parts
judges against the reference built on reference parts; where that fails and the student's own part
is known to be broken, it judges again against the reference built on the *student's* part, so that
a mistake costs once (the pass is then `carried`). Works alike on real objects (stock nbgrader) and
on proxies of objects in another process (our judge). Left out: what a mistake is called
(`autograder.misconception`). Proved by: checks on toy functions, each outcome seen.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from autograder.draw import Draw
from autograder.errors import StudentDied, StudentError, StudentTimeout
from autograder.expect import CheckFailed, in_words
from autograder.parts import Part, Parts
from autograder.results import (
    CheckResult,
    RubricResult,
    Session,
    current_session,
    report,
    session,
)

__all__ = ["CheckFailed", "CheckResult", "Part", "Parts", "Rubric", "RubricResult", "Session"]
__all__ += ["current_session", "grade", "report", "session"]

MOST_LOST = 2
"""Calls in one rubric that may time out or end the process before the rest is skipped."""


Body = Callable[[Any, Draw, Parts], None]


@dataclass(frozen=True)
class Check:
    """A named check with its points."""

    title: str
    points: float
    body: Body


@dataclass
class Rubric:
    """The checks of one graded function or class; `random`: of one that draws at random."""

    assignment: str
    name: str
    parts: Mapping[str, Part] = field(default_factory=dict)
    random: bool = False
    checks: list[Check] = field(default_factory=list, init=False)

    @property
    def points(self) -> float:
        """The most that can be earned."""
        return sum(check.points for check in self.checks)

    def check(self, title: str, points: float = 1.0) -> Callable[[Body], Body]:
        """Add the decorated function as a check."""
        if any(check.title == title for check in self.checks):
            raise ValueError(f"rubric {self.name} already has a check titled {title!r}")

        def add(body: Body) -> Body:
            self.checks.append(Check(title, points, body))
            return body

        return add


def grade(rubric: Rubric, student: Any, **earlier: Any) -> float:
    """Run every check of `rubric` on `student`, print the report, and return the points.

    `earlier` holds the student's own versions of the rubric's parts, by name.
    """
    from autograder.misconception import diagnose

    if earlier.keys() != rubric.parts.keys():
        names = ", ".join(sorted(rubric.parts)) or "none"
        raise TypeError(f"grade({rubric.name}): expected the parts {names}, got {sorted(earlier)}")
    now = current_session()
    run = _Run(rubric, student, earlier, now)
    checks = run.results()
    result = RubricResult(rubric.name, checks)
    if not all(check.passed for check in checks) and run.lost < MOST_LOST and now.diagnoses:
        found = diagnose(rubric, student)
        if found is not None:
            result = RubricResult(rubric.name, checks, found.name, found.sentence)
    now.results[rubric.name] = result
    print(report(result))
    return float(result.points)


class _Run:
    """One `grade`: counts lost calls, and knows which of the student's parts are broken."""

    def __init__(
        self, rubric: Rubric, student: Any, earlier: Mapping[str, Any], now: Session
    ) -> None:
        self.rubric, self.student, self.now = rubric, student, now
        self.lost = 0
        self.reference = {name: part.implementation for name, part in rubric.parts.items()}
        results = {name: now.results.get(part.rubric.name) for name, part in rubric.parts.items()}
        broken = [name for name, result in results.items() if result and not result.sound]
        self.broken = [
            MappingProxyType({name: earlier[name] for name in chosen})
            for count in range(1, len(broken) + 1)
            for chosen in itertools.combinations(broken, count)
        ]

    def results(self) -> tuple[CheckResult, ...]:
        """Run all checks. Passes that tell nothing count beside one that tells something, only."""
        found = [self.result(check) for check in self.rubric.checks]
        if any(result.passed and told for result, told in found):
            return tuple(result for result, _ in found)
        why = "cannot be judged until the function it builds on is right"
        return tuple(_failed(result, why) if result.passed else result for result, _ in found)

    def result(self, check: Check) -> tuple[CheckResult, bool]:
        """Run one check, if need be once more for each set of the student's broken parts.

        Returns its result, and whether a pass tells something (`Parts.told`).
        """
        title, points = check.title, check.points
        if self.lost >= MOST_LOST:
            why = f"not run: {MOST_LOST} calls before it were too slow or ended the process"
            return CheckResult(title, 0.0, points, False, why, False), False
        failure = self.attempt(check, Parts(self.reference, carried=False))
        if failure is None:
            return CheckResult(title, points, points, True, "", False), True
        for own in self.broken:
            if self.lost >= MOST_LOST:
                break
            parts = Parts({**self.reference, **own}, carried=True)
            if self.attempt(check, parts) is None:
                names = " and ".join(own)
                note = f"right on top of your own {names}, which lost its points above"
                return CheckResult(title, points, points, True, note, True), parts.told
        return CheckResult(title, 0.0, points, False, failure, False), False

    def attempt(self, check: Check, parts: Parts) -> str | None:
        """Run a check once and return why it failed, in words, or None."""
        draw = Draw(self.now.seed, self.rubric.assignment, self.rubric.name, check.title)
        try:
            check.body(self.student, draw, parts)
        except CheckFailed as failed:
            return str(failed)
        except (StudentTimeout, StudentDied) as lost:
            self.lost += 1
            return in_words(lost)
        except StudentError as error:
            return in_words(error)
        except Exception as error:
            if self.now.strict and not parts.carried:
                raise
            return in_words(error)
        return None


def _failed(result: CheckResult, why: str) -> CheckResult:
    """The result as a failure."""
    return CheckResult(result.title, 0.0, result.max_points, False, why, False)
