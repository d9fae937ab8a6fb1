"""What grading found: the result of each check, of each rubric, and of a session, one notebook.

Left out: verdicts on disk (`autograder.verdict`). Proved by: the tests of `autograder.rubric`,
which fills these in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CheckResult:
    """How one check ended; `carried`: it passed only on top of a right earlier part."""

    title: str
    points: float
    max_points: float
    passed: bool
    message: str
    carried: bool


@dataclass(frozen=True)
class RubricResult:
    """How one graded object did, and the mistake that its outputs show, if one could be named."""

    rubric: str
    checks: tuple[CheckResult, ...]
    misconception: str | None = None
    sentence: str | None = None

    @property
    def points(self) -> float:
        """The points earned."""
        return sum(check.points for check in self.checks)

    @property
    def max_points(self) -> float:
        """The most that could be earned."""
        return sum(check.max_points for check in self.checks)

    @property
    def sound(self) -> bool:
        """Whether every check passed on top of the student's own parts."""
        return all(check.passed and not check.carried for check in self.checks)


@dataclass
class Session:
    """The grading of one notebook: its seed, and the results so far by rubric name.

    `strict` is for tests of checks: what a check raises, other than its own verdict or the
    student's error, is let through. `diagnoses` says whether failures are compared with the known
    misconceptions.
    """

    seed: int = 0
    strict: bool = False
    diagnoses: bool = True
    results: dict[str, RubricResult] = field(default_factory=dict)


_default = Session()
_current: ContextVar[Session] = ContextVar("session", default=_default)


def current_session() -> Session:
    """The session of the innermost `with session(…)`; outside of any, the process's own."""
    return _current.get()


@contextmanager
def session(seed: int, *, strict: bool = False, diagnoses: bool = True) -> Iterator[Session]:
    """Grade under a fresh session."""
    fresh = Session(seed, strict, diagnoses)
    token = _current.set(fresh)
    try:
        yield fresh
    finally:
        _current.reset(token)


def report(result: RubricResult) -> str:
    """The report on one graded object, as plain text."""
    lines = [f"{result.rubric}: {result.points:g} of {result.max_points:g} points"]
    for check in result.checks:
        mark = "✓" if check.passed else "✗"
        lines.append(f"  {mark} {check.points:g}/{check.max_points:g}  {check.title}")
        if check.message:
            lines.append(f"       {check.message}")
    if result.sentence:
        lines.append(f"  What happened: {result.sentence}")
    return "\n".join(lines)
