"""Judges one submission: runs its cells beside student code, its test cells here, and gives points.

Two passes. The first runs the student's cells in order in the sandbox and takes a snapshot of the
state at each test cell; outputs are collected in this pass alone, before any hidden input has left
the judge. The second evaluates each test cell here, with the names it reads bound to proxies of the
objects in its snapshot.

A cell that ends or wedges the process is left out when a fresh process replays the cells before and
after it, so it costs what its own definitions cost. A check whose call ends the snapshot fails; the
next one gets a new snapshot. What ran for one test cell ends with it.
Proved by: tests/autograder/test_judge.py and the sample class.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from autograder.deadlines import Deadlines
from autograder.errors import StudentDied, StudentError
from autograder.evaluation import evaluate
from autograder.inside.peer import BorrowedCallable
from autograder.outputs import Room, notebook_outputs, report_outputs
from autograder.percent import SKIPPED
from autograder.proxy import LostName, MissingName, NamedProxy
from autograder.rubric import RubricResult, Session, session
from autograder.sandbox import Sandbox
from autograder.snapshot import Snapshot
from autograder.student import CellOutcome, Submission
from autograder.verdict import CellVerdict, CheckReport

MOST_REPLAYS = 12  # in running the cells, and again for each test cell


class Judged(msgspec.Struct):
    """What judging one submission gave. `seconds`: fork, cells, checks."""

    cells: tuple[CellVerdict, ...]
    notebook: dict[str, Any]
    notes: tuple[str, ...]
    seconds: dict[str, float]


def judge(
    notebook: Mapping[str, Any],
    blank: Mapping[str, str],
    sandbox: Sandbox,
    seed: int,
    deadlines: Deadlines | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Judged:
    """Judge a merged notebook (autograder.submission).

    Args:
        notebook: nbformat 4 as plain dicts; test cells as in the template.
        blank: source of each manually graded cell as released, by grade_id.
        sandbox: where student code runs.
        seed: of the hidden inputs.
        deadlines: how long student code may take.
        files: data files of the assignment, by name.

    Raises: SandboxUnavailable when no student process can be had.
    """
    run = _Run(notebook, sandbox, deadlines or Deadlines(), dict(files or {}))
    try:
        run.run_cells()
        run.begin_checks()
        with session(seed=seed) as results:
            cells = [run.verdict(index, blank, results) for index in run.graded]
    finally:
        run.close()
    return Judged(tuple(cells), run.notebook, tuple(run.notes), run.seconds)


class _Run:
    """The judging of one submission."""

    def __init__(
        self,
        notebook: Mapping[str, Any],
        sandbox: Sandbox,
        deadlines: Deadlines,
        files: dict[str, bytes],
    ) -> None:
        cells = [dict(cell, metadata=dict(cell["metadata"])) for cell in notebook["cells"]]
        self.notebook = {**notebook, "cells": cells}
        self.cells = cells
        self.graded = [index for index, cell in enumerate(cells) if _mark(cell, "grade")]
        self.tests = [i for i in self.graded if not _mark(cells[i], "solution")]
        self.notes: list[str] = []
        self.seconds = {"fork": 0.0, "cells": 0.0, "checks": 0.0}
        self._sandbox, self._deadlines, self._files = sandbox, deadlines, files
        self._ends = time.monotonic() + deadlines.notebook_s
        self._broken: dict[int, str] = {}  # cells left out of replays, and why
        self._replays = 0
        self._room = Room()
        self._submissions: list[Submission] = []
        self._snapshots: dict[int, tuple[Submission, Snapshot]] = {}
        self._definitions: dict[int, str] = {}
        self._replayed: Submission | None = None  # for the test cell that is being evaluated

    # ── first pass: the student's cells ────────────────────────────────────────────────────────

    def run_cells(self) -> None:
        """Run every code cell, keep its outputs, and take a snapshot at every test cell."""
        submission = self._start()
        for index, cell in enumerate(self.cells):
            if cell["cell_type"] != "code":
                continue
            if _is_skipped(cell):
                cell["outputs"], cell["execution_count"] = [], None
                continue
            if index in self.tests:
                submission = self._take_snapshot(submission, index)
                continue
            outcome = self._run_one(submission, cell["source"])
            cell["outputs"] = notebook_outputs(
                outcome.outputs, outcome.trouble, outcome.count, self._room
            )
            cell["execution_count"] = outcome.count or None
            if outcome.trouble:
                self.notes.append(f"cell {_name(cell)}: {outcome.trouble}")
            if not outcome.alive:
                self._broken[index] = outcome.trouble
                with contextlib.suppress(StudentDied):
                    submission = self._replay(index)

    def _run_one(self, submission: Submission, source: str) -> CellOutcome:
        started = time.monotonic()
        if started > self._ends:
            return CellOutcome([], 0, "not run: the notebook took too long before it")
        if not submission.alive:
            return CellOutcome([], 0, "not run: the notebook's process ended too often before it")
        try:
            return submission.run(source)
        finally:
            self.seconds["cells"] += time.monotonic() - started

    def _take_snapshot(self, submission: Submission, index: int) -> Submission:
        started = time.monotonic()
        try:
            self._snapshots[index] = submission, submission.snapshot()
        except StudentDied:
            with contextlib.suppress(StudentDied):
                submission = self._replay(index)
                self._snapshots[index] = submission, submission.snapshot()
        finally:
            self.seconds["fork"] += time.monotonic() - started
        return submission

    def _start(self) -> Submission:
        started = time.monotonic()
        submission = Submission(self._sandbox, self._deadlines, self._files)
        submission.start()
        self._submissions.append(submission)
        self.seconds["fork"] += time.monotonic() - started
        return submission

    def _replay(self, end: int) -> Submission:
        """A fresh process that has run all cells before `end` but those that are broken.

        Raises: StudentDied when there were too many, or time is up.
        """
        while self._replays < MOST_REPLAYS and time.monotonic() < self._ends:
            submission = self._start()
            self._replays += 1
            for index in range(end):
                cell = self.cells[index]
                if cell["cell_type"] != "code" or index in self.tests or index in self._broken:
                    continue
                if _is_skipped(cell):
                    continue
                if not self._run_one(submission, cell["source"]).alive:
                    self._broken[index] = "it ended the notebook's process"
                    break
            else:
                if time.monotonic() < self._ends:
                    return submission
        raise StudentDied("the notebook's process ended, or was too slow, too often")

    # ── second pass: the test cells ────────────────────────────────────────────────────────────

    def begin_checks(self) -> None:
        """Give the checks as much time as the cells had: slow cells must not cost all points."""
        self._ends = time.monotonic() + self._deadlines.notebook_s
        for _, snapshot in self._snapshots.values():
            snapshot.ends = self._ends

    def verdict(self, index: int, blank: Mapping[str, str], results: Session) -> CellVerdict:
        """The verdict on one graded cell."""
        cell = self.cells[index]
        nbgrader = cell["metadata"]["nbgrader"]
        grade_id, worth = str(nbgrader["grade_id"]), float(nbgrader["points"])
        if index not in self.tests:
            answered = cell["source"].strip() != blank.get(grade_id, "").strip()
            points = None if answered else 0.0
            reason = "for a person to grade" if answered else "no response"
            return CellVerdict(grade_id, worth, points, answered, reason)
        started = time.monotonic()
        self._replays = 0
        known = set(results.results)
        tested = evaluate(cell["source"], worth, lambda names: self._namespace(index, names))
        points, text, trouble = tested.points, tested.printed, tested.trouble
        cell["outputs"] = report_outputs(text, trouble, points)
        cell["execution_count"] = None
        self._finish(index)
        self.seconds["checks"] += time.monotonic() - started
        fresh = [result for name, result in results.results.items() if name not in known]
        return _cell_verdict(grade_id, worth, points, trouble, fresh)

    def _namespace(self, index: int, names: list[str]) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        try:
            snapshot, found = self._look(index, names)
        except StudentError as error:
            return namespace | {name: LostName(name, str(error)) for name in names}
        left_out = [why for broken, why in self._broken.items() if broken < index]
        why = f"; a cell before it was left out: {left_out[0]}" if left_out else ""
        find = self._finder(index, {(snapshot, name): value for name, value in found.items()})
        define = functools.partial(self._define, index)
        for name in names:
            if name not in found:
                namespace[name] = MissingName(name, why)
            elif isinstance(found[name], BorrowedCallable):
                namespace[name] = NamedProxy(name, find, define)
            else:
                namespace[name] = found[name]
        return namespace

    def _finder(
        self, index: int, cache: dict[tuple[Snapshot, str], object]
    ) -> Callable[[str], object]:
        """Finds a name in the snapshot at a test cell, asking once for each new snapshot."""

        def find(name: str) -> object:
            snapshot = self._snapshot(index)
            if (snapshot, name) not in cache:
                cache[snapshot, name] = snapshot.look([name]).get(name)
            return cache[snapshot, name]

        return find

    def _define(self, index: int, source: str) -> None:
        """Run definitions of ours at a test cell, now and in each further snapshot."""
        with contextlib.suppress(StudentError):  # what is called next will say so
            snapshot = self._snapshot(index)
            self._definitions[index] = source
            snapshot.define(source)

    def _look(self, index: int, names: list[str]) -> tuple[Snapshot, dict[str, object]]:
        """What names stand for at a test cell; a snapshot that just ended is replaced once."""
        snapshot = self._snapshot(index)
        try:
            return snapshot, snapshot.look(names)
        except StudentDied:
            snapshot = self._snapshot(index)
            return snapshot, snapshot.look(names)

    def _snapshot(self, index: int) -> Snapshot:
        """The live snapshot at a test cell. Raises: StudentDied when none can be had any more."""
        if index in self._snapshots and self._snapshots[index][1].alive:
            return self._snapshots[index][1]
        self._end_replayed()
        self._replayed = self._replay(index)
        snapshot = self._replayed.snapshot()
        snapshot.ends = self._ends
        self._snapshots[index] = self._replayed, snapshot
        if index in self._definitions:
            snapshot.define(self._definitions[index])
        return snapshot

    def _finish(self, index: int) -> None:
        """End what ran for one test cell: its memory is wanted for the next."""
        if index in self._snapshots:
            submission, snapshot = self._snapshots[index]
            submission.finish(snapshot)
        self._end_replayed()

    def _end_replayed(self) -> None:
        if self._replayed:
            self._replayed.close()

    def close(self) -> None:
        """End everything that the submission started."""
        for submission in self._submissions:
            submission.close()


def submission_seed(course_seed: int, submission: bytes) -> int:
    """The seed of one submission's hidden inputs.

    It depends on the course's secret and on the submission itself: a regrade agrees, but what a
    submission may have smuggled out of its checks is of no use to the next one.
    """
    digest = hashlib.sha256(f"{course_seed}:".encode() + hashlib.sha256(submission).digest())
    return int.from_bytes(digest.digest()[:8], "little")


def _cell_verdict(
    grade_id: str, worth: float, points: float, trouble: str, results: list[RubricResult]
) -> CellVerdict:
    checks = tuple(
        CheckReport(c.title, c.points, c.max_points, c.passed, c.message, c.carried)
        for result in results
        for c in result.checks
    )
    named = next((result for result in results if result.misconception), None)
    return CellVerdict(
        grade_id,
        worth,
        points,
        False,
        trouble,
        checks,
        named.misconception if named else None,
        named.sentence if named else None,
    )


def _mark(cell: Mapping[str, Any], name: str) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get(name, False))


def _is_skipped(cell: Mapping[str, Any]) -> bool:
    """Whether the cell is for students alone (autograder.percent)."""
    return SKIPPED in cell["metadata"].get("tags", ())


def _name(cell: Mapping[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id") or cell.get("id", "?"))
