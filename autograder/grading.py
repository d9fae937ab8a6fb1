"""Grades a class: submissions are read, judged many at a time, recorded in the gradebook.

The main process starts the sandbox, loads the checks while it warms up (each takes a core for about
a second, so neither does anything first that can wait), then forks one judge a job.
Each judge takes submissions from the queue and stores its verdicts itself; the main process alone
writes the gradebook. A verdict that is stored under the same key (autograder.verdict) is taken as
it is, so a second run costs nothing and one that was broken off goes on where it stopped. Of two
runs on one assignment at the same time, the second waits for the first.

No submission can stop the others: one that cannot be read, or on which the judge itself fails, gets
a verdict that says so; the judge's own failure is shown and recorded, and tried again by the next
run. Left out: several machines. Proved by: tests/autograder/test_grading.py and
the sample class.
"""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import judging
from autograder.bubblewrap import check_outside
from autograder.course import Course
from autograder.deadlines import Deadlines
from autograder.errors import CourseError
from autograder.lock import alone
from autograder.pool import forked
from autograder.sandbox import Sandbox
from autograder.verdict import (
    Verdict,
    basis,
    folder_of,
    load,
    notebook_path,
    verdict_key,
)

if TYPE_CHECKING:
    pass

Progress = Callable[[int, int], None]


_kept: Sandbox | None = None  # a warm grader's


def grade_class(
    course: Course,
    assignment: str,
    *,
    students: Sequence[str] | None = None,
    jobs: int | None = None,
    regrade: bool = False,
    confined: bool = True,
    deadlines: Deadlines | None = None,
    record: bool = True,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    waiting: Callable[[], None] | None = None,
) -> list[Verdict]:
    """Grade the submissions of an assignment; one verdict each, in the order of `students`.

    Args:
        course: the course folder.
        assignment: the assignment's name.
        students: whom to grade (default: all who submitted); who is named twice is graded once.
        jobs: how many submissions at a time (default: the number of cores).
        regrade: judge again what already has a verdict.
        confined: False runs student code without the sandbox.
        deadlines: how long student code may take.
        record: write the gradebook and the autograded notebooks.
        progress: called with (done, of how many) after each submission.
        tell: called with each line about what could not be recorded in full.
        waiting: called where another run grades this assignment, and must end first.

    Raises: CourseError, SandboxUnavailable.
    """
    everyone = course.students(assignment)
    chosen = list(dict.fromkeys(students)) if students is not None else everyone
    if unknown := sorted(set(chosen) - set(everyone)):
        raise CourseError(f"no submission of {assignment} by {', '.join(map(repr, unknown))}")
    if confined:
        check_outside([course.root])
    course.template_bytes(assignment)  # where there is no course, nothing is made
    with alone(course.verdicts.with_name(f"{assignment}.lock"), waiting):
        shared = basis(assignment, course, confined=confined)
        found = {} if regrade else _stored(course, assignment, shared, chosen)
        left = [student for student in chosen if student not in found]
        if progress:
            progress(len(found), len(chosen))
        try:
            if left:
                with _sandbox(confined) as sandbox:
                    judging.job = judging.Job(
                        course,
                        assignment,
                        sandbox,
                        deadlines or Deadlines(),
                        shared,
                        course.template(assignment),
                        course.released(assignment),
                        course.data_files(assignment),
                    )
                    warm_up(assignment)
                    sandbox.wait_ready()
                    for student, verdict in _judge_all(left, jobs or os.cpu_count() or 1):
                        found[student] = verdict
                        if progress:
                            progress(len(found), len(chosen))
        finally:
            gc.unfreeze()
            if record and found:
                for problem in _record(
                    course, assignment, [found[s] for s in chosen if s in found]
                ):
                    if tell:
                        tell(problem)
        return [found[student] for student in chosen]


def grade_one(root: Path, assignment: str, student: str) -> Verdict:
    """The verdict on one submission, judged if need be; the gradebook is left to the caller."""
    course = Course(root)
    return grade_class(course, assignment, students=[student], jobs=1, record=False)[0]


def warm_up(assignment: str) -> None:
    """Load, before the fork, what every judge needs.

    What is loaded stays, so looking for garbage among it would be in vain, now and in the judges.
    """
    gc.disable()
    import torch

    from autograder.inside import meta_device

    torch.set_num_threads(1)
    meta_device.load()
    importlib.import_module("autograder.judge")
    importlib.import_module(f"assignments.{assignment}.checks")
    importlib.import_module(f"assignments.{assignment}.misconceptions")
    gc.freeze()
    gc.enable()


def keep(sandbox: Sandbox) -> None:
    """Have later classes graded in branches of this sandbox."""
    global _kept
    _kept = sandbox


def _sandbox(confined: bool) -> Sandbox:
    return _kept.branch() if confined and _kept else Sandbox(confined=confined)


def _stored(
    course: Course, assignment: str, shared: bytes, students: Sequence[str]
) -> dict[str, Verdict]:
    found = {}
    for student in students:
        key = verdict_key(judging.identity(course, assignment, student), shared)
        verdict = load(folder_of(course, assignment, student), key)
        if verdict is not None:
            found[student] = verdict
    return found


def _judge_all(students: Sequence[str], jobs: int) -> Iterator[tuple[str, Verdict]]:
    """Verdicts as they come. Where a judge's process dies, the unfinished are judged one by one."""
    left = list(students)
    with forked(min(jobs, len(left))) as pool:
        futures = {pool.submit(judging.judge_one, student): student for student in left}
        for future in as_completed(futures):
            verdict = _result(future)
            if verdict is not None:
                left.remove(futures[future])
                yield futures[future], verdict
    for student in left:
        with forked(1) as pool:
            verdict = _result(pool.submit(judging.judge_one, student))
        yield student, verdict or judging.failed(student, "the judge's own process ended on it")


def _result(future: Future[Verdict]) -> Verdict | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None


def _record(course: Course, assignment: str, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    from autograder.gradebook import write

    return write(
        course,
        assignment,
        (
            (verdict, notebook_path(folder_of(course, assignment, verdict.student), assignment))
            for verdict in verdicts
        ),
    )
