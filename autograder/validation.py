"""What `autograder validate` found, and its tables.

Left out: the trying itself (`autograder.validate`). Proved by: the tests of that module.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

WRONG_SEEDS = 3
"""Seeds under which each misconception is tried."""
RANDOM_SEEDS = 200
"""The least number of seeds for right implementations of a function that draws at random."""
NEAR_MISS = 0.5
"""The largest share of a tolerance that a right implementation may use up under the seeds tried."""


@dataclass(frozen=True)
class WrongOutcome:
    """How a misconception fared: the least it lost, the checks that caught it, and its names."""

    rubric: str
    name: str
    lost: float
    max_points: float
    caught_by: tuple[str, ...]
    named: tuple[str | None, ...]

    @property
    def accepted(self) -> bool:
        """Whether it got every point under some seed."""
        return self.lost <= 0

    @property
    def recognised(self) -> bool:
        """Whether the diagnosis named it, and nothing else, under every seed."""
        return all(name == self.name for name in self.named)


@dataclass(frozen=True)
class RightOutcome:
    """How a right implementation fared: the least it got, and the first check that it failed.

    `nearest`: the largest error, as a share of the tolerance that it was held to; None where
    nothing is compared within a tolerance.
    """

    rubric: str
    name: str
    style: str
    seeds: int
    least: float
    max_points: float
    failed: str
    nearest: float | None

    @property
    def rejected(self) -> bool:
        """Whether it lost points under some seed."""
        return self.least < self.max_points

    @property
    def near_miss(self) -> bool:
        """Whether it came so near to a tolerance that another seed may put it beyond."""
        return self.nearest is not None and self.nearest > NEAR_MISS


Outcome = TypeVar("Outcome", WrongOutcome, RightOutcome)


@dataclass(frozen=True)
class ValidationReport:
    """What `validate` found."""

    assignment: str
    wrong: tuple[WrongOutcome, ...]
    right: tuple[RightOutcome, ...]

    @property
    def false_accepts(self) -> int:
        """Wrong implementations that got every point."""
        return sum(outcome.accepted for outcome in self.wrong)

    @property
    def false_rejects(self) -> int:
        """Right implementations that lost points."""
        return sum(outcome.rejected for outcome in self.right)

    @property
    def unnamed(self) -> int:
        """Wrong implementations that were not named, or misnamed."""
        return sum(not outcome.recognised for outcome in self.wrong)

    @property
    def near_misses(self) -> int:
        """Right implementations that came too near to a tolerance."""
        return sum(outcome.near_miss for outcome in self.right)

    @property
    def ok(self) -> bool:
        """Whether the checks tell right from wrong, with room to spare, and say what is wrong."""
        return not (self.false_accepts or self.false_rejects or self.unnamed or self.near_misses)


def print_report(report: ValidationReport, console: Console | None = None) -> None:
    """Print both tables and the totals."""
    console = console or Console()
    wrong = Table(title=f"{report.assignment}: misconceptions, under {WRONG_SEEDS} seeds")
    wrong.add_column("misconception", no_wrap=True)
    wrong.add_column("lost", justify="right", no_wrap=True)
    wrong.add_column("named")
    wrong.add_column("caught by", no_wrap=True)
    widest = max([len(outcome.name) for outcome in report.wrong], default=0)
    room = max(16, console.width - widest - len("5.5 of 16 named") - 13)  # 13: borders and padding
    for rubric, wrong_ones in _by_rubric(report.wrong):
        wrong.add_row(f"[bold]{rubric}[/bold]")
        for outcome in wrong_ones:
            wrong.add_row(
                outcome.name,
                f"{outcome.lost:g} of {outcome.max_points:g}",
                _named(outcome),
                _caught(outcome, room),
            )
        wrong.add_section()
    right = Table(title=f"{report.assignment}: right implementations")
    right.add_column("implementation")
    right.add_column("style", overflow="fold")
    right.add_column("seeds", justify="right")
    right.add_column("least points", justify="right")
    right.add_column("of a tolerance", justify="right")
    for rubric, right_ones in _by_rubric(report.right):
        right.add_row(f"[bold]{rubric}[/bold]")
        for one in right_ones:
            colour = "red" if one.rejected else "green"
            points = f"[{colour}]{one.least:g} of {one.max_points:g}[/{colour}]"
            right.add_row(one.name, escape(one.style), str(one.seeds), points, _nearest(one))
        right.add_section()
    console.print(wrong, right)
    for one in report.right:
        if one.rejected:
            console.print(f"{one.rubric}, {one.name}: {one.failed}", markup=False)
    console.print(f"false accepts: {report.false_accepts} of {len(report.wrong)}")
    console.print(f"false rejects: {report.false_rejects} of {len(report.right)}")
    console.print(f"near misses:   {report.near_misses} of {len(report.right)}")
    console.print(f"not named:     {report.unnamed} of {len(report.wrong)}")


def _caught(outcome: WrongOutcome, room: int) -> str:
    """The first check that caught it, cut to fit, and how many more did."""
    if not outcome.caught_by:
        return "[red]none[/red]"
    first, *others = outcome.caught_by
    more = f" + {len(others)}" if others else ""
    room -= len(more)
    return escape(first if len(first) <= room else first[: room - 1] + "…") + more


def _nearest(outcome: RightOutcome) -> str:
    if outcome.nearest is None:
        return "–"
    colour = "red" if outcome.near_miss else "green"
    return f"[{colour}]{outcome.nearest:.1%}[/{colour}]"


def _named(outcome: WrongOutcome) -> str:
    if outcome.recognised:
        return "[green]yes[/green]"
    others = sorted({str(name) for name in outcome.named if name not in (None, outcome.name)})
    return f"[red]as {', '.join(others)}[/red]" if others else "[red]no[/red]"


def _by_rubric(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    """The outcomes in groups, each with the name of its rubric, in order of appearance."""
    grouped: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(outcome.rubric, []).append(outcome)
    yield from grouped.items()
