"""The folder `autograded/<student>/<assignment>/`: what graders open and feedback is made from.

It holds the executed notebook, the assignment's data files, and what nbgrader's exchange wrote
beside the submission: when it came, and the secret by which the student will find the feedback.
Left out: other files that came with a submission. Nothing reads them after grading, links among
them would pull in files of the instructor's, and formgrader would serve them as pages of its own.
Proved by: a submission with links, pipes, oversized and malformed time stamps.
"""

import contextlib
import os
import re
import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.verdict import write_atomically

if TYPE_CHECKING:
    from autograder.course import Course

TIMESTAMP = "timestamp.txt"
"""Where nbgrader's exchange writes when a submission came."""

FEEDBACK_KEY = "submission_secret.txt"
"""Where `nbgrader submit` writes what feedback is named after; `release_feedback` needs it."""

_EXCHANGE_BYTES = 200
"""No time stamp or secret is longer; what is, was not written by nbgrader."""

_HEX = re.compile(rb"[0-9a-f]{32,}")
"""128 digits, as `nbgrader submit` draws them."""

_YEARS = range(2000, 3000)
"""Years in which a submission may have come: others are a wrong clock's or a student's own."""

_USUAL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?( UTC)?", re.ASCII)

_READ_ONLY = 0o444
"""nbgrader's own permissions for autograded files."""

_IGNORED = {".ipynb_checkpoints", "__pycache__", "feedback"}
"""nbgrader's `CourseDirectory.ignore`, whose remaining pattern is `*.pyc`."""


def put(
    course: "Course",
    assignment: str,
    student: str,
    notebook: bytes,
    exchange: Mapping[str, bytes],
) -> None:
    """Write one submission's folder, each file as a whole; of `exchange`, what is not empty."""
    folder = course.autograded / student / assignment
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{assignment}.ipynb", notebook, _READ_ONLY)
    for name, data in exchange.items():
        if data:
            write_atomically(folder / name, data, _READ_ONLY)
    for name, path in data_files(course.source / assignment).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / name, path.read_bytes(), _READ_ONLY)


def is_put(course: "Course", assignment: str, student: str, notebook: bytes) -> bool:
    """Whether the submission's folder has this notebook: the same answers, checks and outputs."""
    path = course.autograded / student / assignment / f"{assignment}.ipynb"
    try:
        return path.stat().st_size == len(notebook) and path.read_bytes() == notebook
    except OSError:
        return False


def data_files(source: Path) -> dict[str, Path]:
    """The assignment's files besides notebooks, by their path in the folder."""
    found = {}
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if name not in _IGNORED]
        for name in files:
            if not name.endswith((".ipynb", ".pyc")):
                path = Path(folder, name)
                found[str(path.relative_to(source))] = path
    return found


def exchanged(course: "Course", assignment: str, student: str) -> dict[str, bytes]:
    """What the exchange wrote beside a submission, as far as it is what the exchange writes."""
    submission, found = course.submitted / student / assignment, dict[str, bytes]()
    with contextlib.suppress(OSError, ValueError):
        found[TIMESTAMP] = timestamp_of(submission)[1]
    with contextlib.suppress(OSError, ValueError):
        found[FEEDBACK_KEY] = feedback_key_of(submission)
    return {name: data for name, data in found.items() if data}


def ours(course: "Course", assignment: str, student: str) -> set[str]:
    """The files that belong in a submission's autograded folder, by their path in it."""
    return {
        f"{assignment}.ipynb",
        *data_files(course.source / assignment),
        *exchanged(course, assignment, student),
    }


def timestamp_of(submission: Path) -> tuple[str | None, bytes]:
    """When a submission came: in UTC as nbgrader's database writes it, and as the file has it.

    Raises:
        ValueError: The file is there and does not say when, or a year that cannot be.
    """
    data = _exchanged(submission / TIMESTAMP)
    text = data.decode("utf-8").strip()
    if not text:
        return None, data
    time = _utc(text)
    if time.year not in _YEARS:
        raise ValueError(f"{TIMESTAMP} says the year {time.year}")
    return time.isoformat(" ", "microseconds"), data


def feedback_key_of(submission: Path) -> bytes:
    """What the exchange names the feedback after; nothing for what came another way.

    Raises:
        ValueError: The file is there and is none of the exchange's.
    """
    data = _exchanged(submission / FEEDBACK_KEY)
    if data and not _HEX.fullmatch(data):
        raise ValueError(f"{FEEDBACK_KEY} is not what `nbgrader submit` writes")
    return data


def _exchanged(path: Path) -> bytes:
    """A small file of the exchange's, which a student may have replaced; b"" without one."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ValueError(f"{path.name} is not a file")
        data = os.read(file, _EXCHANGE_BYTES + 1)
    finally:
        os.close(file)
    if len(data) > _EXCHANGE_BYTES:
        raise ValueError(f"{path.name} is longer than {_EXCHANGE_BYTES} bytes")
    return data


def _utc(text: str) -> datetime:
    """The time as nbgrader reads it, which takes a second to load: not for its own usual format."""
    if _USUAL.fullmatch(text):
        return datetime.fromisoformat(text.removesuffix(" UTC"))
    from nbgrader.utils import parse_utc

    try:
        time = parse_utc(text)
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"{TIMESTAMP} does not say a time: {text[:40]!r}") from error
    assert isinstance(time, datetime)
    return time
