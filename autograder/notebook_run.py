"""One notebook's cells run beside student code, and the snapshots of it that checks use.

The cells run in order in the sandbox, with a snapshot of the state at each test cell. A cell that
ends or wedges the process is left out when a fresh process replays the cells before and after it,
so it costs what its own definitions cost. Where a snapshot ends, a fresh process replays the cells
before it for another. What ran for one test cell ends with it.
Proved by: tests/autograder/test_judge.py and the sample class.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from autograder.deadlines import Deadlines
from autograder.errors import StudentDied, StudentError
from autograder.outputs import Room, notebook_outputs
from autograder.percent import SKIPPED
from autograder.sandbox import Sandbox
from autograder.snapshot import Snapshot
from autograder.student import CellOutcome, Submission

MOST_REPLAYS = 12  # in running the cells, and again for each test cell


class NotebookRun:
    """The processes of one submission's notebook, from its first cell to its last check."""

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
        self.graded = [index for index, cell in enumerate(cells) if mark(cell, "grade")]
        self.tests = [i for i in self.graded if not mark(cells[i], "solution")]
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

    def left_out(self, index: int) -> str:
        """What to add where something is missing at a test cell: that a cell was left out."""
        reasons = [why for broken, why in self._broken.items() if broken < index]
        return f"; a cell before it was left out: {reasons[0]}" if reasons else ""

    # ── snapshots for the checks ───────────────────────────────────────────────────────────────

    def begin_checks(self) -> None:
        """Give the checks as much time as the cells had: slow cells must not cost all points."""
        self._ends, self._replays = time.monotonic() + self._deadlines.notebook_s, 0
        for _, snapshot in self._snapshots.values():
            snapshot.ends = self._ends

    def look(self, index: int, names: list[str]) -> tuple[Snapshot, dict[str, object]]:
        """What names stand for at a test cell; a snapshot that just ended is replaced once."""
        snapshot = self.snapshot(index)
        try:
            return snapshot, snapshot.look(names)
        except StudentDied:
            snapshot = self.snapshot(index)
            return snapshot, snapshot.look(names)

    def snapshot(self, index: int) -> Snapshot:
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

    def define(self, index: int, source: str) -> None:
        """Run definitions of ours at a test cell, now and in each further snapshot."""
        with contextlib.suppress(StudentError):  # what is called next will say so
            snapshot = self.snapshot(index)
            self._definitions[index] = source
            snapshot.define(source)

    def finish(self, index: int) -> None:
        """End what ran for one test cell: its memory is wanted for the next."""
        self._replays = 0
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


def mark(cell: Mapping[str, Any], name: str) -> bool:
    """Whether nbgrader's metadata mark a cell so."""
    return bool(cell["metadata"].get("nbgrader", {}).get(name, False))


def _is_skipped(cell: Mapping[str, Any]) -> bool:
    """Whether the cell is for students alone (autograder.percent)."""
    return SKIPPED in cell["metadata"].get("tags", ())


def _name(cell: Mapping[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id") or cell.get("id", "?"))
