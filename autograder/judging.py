"""In a judge's process: one submission read, judged and stored, whatever comes of it.

A submission that cannot be read, or on which the judge itself fails, gets a verdict that says so;
the judge's own failure is shown and recorded, and tried again by the next run. Left out: which
submissions, by how many judges (autograder.grading). Proved by: tests/autograder/test_grading.py.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from autograder.course import Course
from autograder.deadlines import Deadlines
from autograder.errors import SandboxUnavailable, UnreadableSubmission
from autograder.sandbox import Sandbox
from autograder.submission import read_submission
from autograder.submitted_file import read_bytes
from autograder.verdict import SCHEMA, CellVerdict, Verdict, folder_of, save, verdict_key

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode


class Job(msgspec.Struct, frozen=True):
    """All that judging one class's submissions shares."""

    course: Course
    assignment: str
    sandbox: Sandbox
    deadlines: Deadlines
    basis: bytes  # of the keys of its verdicts
    template: NotebookNode
    release: NotebookNode
    files: Mapping[str, bytes]


job: Job
"""What the judges are forked with."""


def identity(course: Course, assignment: str, student: str) -> bytes:
    """The submission's bytes, or what stands for a file that is not read."""
    try:
        return read_bytes(course.submission(assignment, student), course.submitted)
    except UnreadableSubmission as error:
        return _unread(error)


def _unread(error: UnreadableSubmission) -> bytes:
    """What stands for a file that is not read."""
    return f"unreadable: {error}".encode("utf-8", "replace")


def judge_one(student: str) -> Verdict:
    """In a judge's process: read, judge and store one submission."""
    from autograder.judge import judge, submission_seed

    started = time.perf_counter()
    try:
        data = read_bytes(job.course.submission(job.assignment, student), job.course.submitted)
    except UnreadableSubmission as error:
        return failed(student, str(error), _unread(error))
    try:
        submission = read_submission(data, job.template, job.release)
    except UnreadableSubmission as error:
        return failed(student, str(error), data)
    try:
        judged = judge(
            submission.notebook,
            _blank(job.release),
            job.sandbox,
            submission_seed(job.course.seed_for(job.assignment), data),
            job.deadlines,
            job.files,
        )
    except SandboxUnavailable:
        raise
    except Exception as error:
        return failed(student, f"the judge itself failed: {type(error).__name__}: {error}")
    if any(cell.points is not None and cell.points < cell.max_points for cell in judged.cells):
        _check_sandbox()
    verdict = Verdict(
        SCHEMA,
        job.assignment,
        student,
        verdict_key(data, job.basis),
        "graded",
        "",
        judged.cells,
        (*submission.notes, *judged.notes),
        judged.seconds | {"whole": time.perf_counter() - started},
    )
    return save(verdict, judged.notebook, folder_of(job.course, job.assignment, student))


def _check_sandbox() -> None:
    """Raises: SandboxUnavailable if it ended meanwhile, which may look like the student's fault."""
    from autograder.student import Submission

    probe = Submission(job.sandbox, job.deadlines, {})
    probe.start()
    probe.close()


def failed(student: str, reason: str, identity: bytes | None = None) -> Verdict:
    """A stored verdict that gives no points and calls for a person.

    `identity`: what was read, where that is at fault; without, the next run judges it again.
    """
    cells = tuple(
        CellVerdict(mark["grade_id"], float(mark["points"]), 0.0, True, reason)
        for cell in job.template["cells"]
        if (mark := cell["metadata"].get("nbgrader", {})).get("grade")
    )
    verdict = Verdict(
        SCHEMA,
        job.assignment,
        student,
        "" if identity is None else verdict_key(identity, job.basis),
        "needs review",
        reason,
        cells,
        (),
        {},
    )
    return save(verdict, job.release, folder_of(job.course, job.assignment, student))


def _blank(release: Mapping[str, Any]) -> dict[str, str]:
    """The released source of every nbgrader cell, by grade id."""
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in release["cells"]
        if "nbgrader" in cell["metadata"]
    }
