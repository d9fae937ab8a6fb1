"""Judges one submission: runs its cells beside student code, its test cells here, and gives points.

Two passes. The first runs the student's cells in order in the sandbox and takes a snapshot of the
state at each test cell; outputs are collected in this pass alone, before any hidden input has left
the judge. The second evaluates each test cell here, with the names it reads bound to proxies of the
objects in its snapshot.

A check whose call ends the snapshot fails; the next one gets a new snapshot. Left out: the
processes that all this takes (autograder.notebook_run).
Proved by: tests/autograder/test_judge.py and the sample class.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from autograder.deadlines import Deadlines
from autograder.errors import StudentError
from autograder.evaluation import evaluate
from autograder.inside.peer import BorrowedCallable
from autograder.notebook_run import NotebookRun
from autograder.outputs import report_outputs
from autograder.proxy import LostName, MissingName, NamedProxy
from autograder.rubric import RubricResult, Session, session
from autograder.sandbox import Sandbox
from autograder.snapshot import Snapshot
from autograder.verdict import CellVerdict, CheckReport


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
    run = NotebookRun(notebook, sandbox, deadlines or Deadlines(), dict(files or {}))
    try:
        run.run_cells()
        run.begin_checks()
        with session(seed=seed) as results:
            checks = _Checks(run, blank, results)
            cells = [checks.verdict(index) for index in run.graded]
    finally:
        run.close()
    return Judged(tuple(cells), run.notebook, tuple(run.notes), run.seconds)


class _Checks:
    """The second pass over a notebook that has run: its graded cells."""

    def __init__(self, run: NotebookRun, blank: Mapping[str, str], results: Session) -> None:
        self._run, self._blank, self._results = run, blank, results

    def verdict(self, index: int) -> CellVerdict:
        """The verdict on one graded cell."""
        cell = self._run.cells[index]
        nbgrader = cell["metadata"]["nbgrader"]
        grade_id, worth = str(nbgrader["grade_id"]), float(nbgrader["points"])
        if index not in self._run.tests:
            answered = cell["source"].strip() != self._blank.get(grade_id, "").strip()
            points = None if answered else 0.0
            reason = "for a person to grade" if answered else "no response"
            return CellVerdict(grade_id, worth, points, answered, reason)
        started = time.monotonic()
        known = set(self._results.results)
        tested = evaluate(cell["source"], worth, lambda names: self._namespace(index, names))
        points, text, trouble = tested.points, tested.printed, tested.trouble
        cell["outputs"] = report_outputs(text, trouble, points)
        cell["execution_count"] = None
        self._run.finish(index)
        self._run.seconds["checks"] += time.monotonic() - started
        fresh = [result for name, result in self._results.results.items() if name not in known]
        return _cell_verdict(grade_id, worth, points, trouble, fresh)

    def _namespace(self, index: int, names: list[str]) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        try:
            snapshot, found = self._run.look(index, names)
        except StudentError as error:
            return namespace | {name: LostName(name, str(error)) for name in names}
        why = self._run.left_out(index)
        find = self._finder(index, {(snapshot, name): value for name, value in found.items()})
        define = functools.partial(self._run.define, index)
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
            snapshot = self._run.snapshot(index)
            if (snapshot, name) not in cache:
                cache[snapshot, name] = snapshot.look([name]).get(name)
            return cache[snapshot, name]

        return find


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
