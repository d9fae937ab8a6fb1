"""Rubrics: small named checks with points, and `grade`, which every hidden test cell ends with.

A check is a function of the student's object and a `Draw` of inputs; it raises to fail. Each check
runs even if an earlier one failed. A rubric names the earlier functions that its function may build
on, its parts: where one of them lost points and a check fails, the check is run again on top of
right parts, so that a mistake costs once (the pass is then `carried`). Works alike on real objects
(stock nbgrader) and on proxies of objects in another process (our judge). Left out: what a mistake
is called (`autograder.misconception`). Proved by: checks on toy functions, each outcome seen.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.draw import Draw
from autograder.errors import SandboxUnavailable, StudentDied, StudentError, StudentTimeout
from autograder.expect import CheckFailed, in_words
from autograder.parts import Part, broken_parts, put_right
from autograder.results import (
    CheckResult,
    RubricResult,
    Session,
    current_session,
    report,
    session,
)

__all__ = ["CheckFailed", "CheckResult", "Part", "Rubric", "RubricResult", "Session"]
__all__ += ["current_session", "grade", "report", "session"]

MOST_LOST = 2
"""Calls in one rubric that may time out or end the process before the rest is skipped."""


Body = Callable[[Any, Draw], None]


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


def grade(rubric: Rubric, student: Any) -> float:
    """Run every check of `rubric` on `student`, print the report, and return the points."""
    from autograder.misconception import diagnose

    now = current_session()
    run = _Run(rubric, student, now)
    checks = run.results()
    broken = {} if _all_passed(checks) else broken_parts(rubric, now.results)
    with put_right(student, broken) if broken else nullcontext():
        if broken:
            checks = run.carried(checks, broken)
        found = None
        if not _all_passed(checks) and run.lost < MOST_LOST and now.diagnoses:
            found = diagnose(rubric, student)
    named = (found.name, found.sentence) if found else (None, None)
    result = RubricResult(rubric.name, checks, *named)
    now.results[rubric.name] = result
    print(report(result))
    return float(result.points)


class _Run:
    """One `grade`; counts lost calls."""

    def __init__(self, rubric: Rubric, student: Any, now: Session) -> None:
        self.rubric, self.student, self.now = rubric, student, now
        self.lost = 0

    def results(self) -> tuple[CheckResult, ...]:
        """Run all checks."""
        return tuple(self.result(check) for check in self.rubric.checks)

    def carried(
        self, found: Sequence[CheckResult], broken: Mapping[str, Part]
    ) -> tuple[CheckResult, ...]:
        """Run the checks that failed again, now that these parts are right."""
        self.lost = 0
        names = " and ".join(broken)
        note = f"right on top of a right {names}; yours lost its points above"
        results = []
        for check, result in zip(self.rubric.checks, found, strict=True):
            again = result if result.passed else self.result(check)
            if again.passed and not result.passed:
                again = replace(again, message=note, carried=True)
            results.append(again)
        return tuple(results)

    def result(self, check: Check) -> CheckResult:
        """Run one check, unless too many calls were lost."""
        too_many = f"not run: {MOST_LOST} calls before it were too slow or ended the process"
        failure = too_many if self.lost >= MOST_LOST else self.attempt(check)
        if failure is None:
            return CheckResult(check.title, check.points, check.points, True, "", False)
        return CheckResult(check.title, 0.0, check.points, False, failure, False)

    def attempt(self, check: Check) -> str | None:
        """Run a check once and return why it failed, in words, or None."""
        draw = Draw(self.now.seed, self.rubric.assignment, self.rubric.name, check.title)
        try:
            check.body(self.student, draw)
        except CheckFailed as failed:
            return str(failed)
        except (StudentTimeout, StudentDied) as lost:
            self.lost += 1
            return in_words(lost)
        except StudentError as error:
            return in_words(error)
        except SandboxUnavailable:  # no fault of the student's
            raise
        except Exception as error:
            if self.now.strict:
                raise
            return in_words(error)
        return None


def _all_passed(checks: Sequence[CheckResult]) -> bool:
    return all(check.passed for check in checks)
