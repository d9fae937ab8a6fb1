"""The course folder: where an instructor's notebooks, submissions, verdicts and grades lie.

It is nbgrader's own layout, so that nbgrader's commands and its formgrader work on it too:

    nbgrader_config.py   hands nbgrader our settings
    source/A/A.ipynb     an assignment with solutions and hidden tests     (autograder build)
    release/A/A.ipynb    the same without them, for students               (autograder build)
    …/A/data/            in both: data files that the notebook reads
    submitted/S/A/       what student S handed in                          (the instructor)
    autograded/, feedback/, gradebook.db                                   (autograder grade, …)
    .autograder/         the course's secret and the verdicts              (autograder)

Left out: who fills the folders. Proved by: folders made, found from below, broken on purpose.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import CourseError
from autograder.notebook_file import load_notebook
from autograder.secret import read_or_make, seed

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

DEFAULT_ROOT = Path("build/course")
"""Where the course folder is made, from where the command is given, unless told otherwise."""

_SETTINGS = '''\
"""nbgrader's settings for this course; add your own below the last line."""

from pathlib import Path

from autograder.nbgrader_config import configure

c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
configure(c)
'''

_PRIVATE = ".autograder"

_NOT_IN_PATHS = set("?%[]*$")
"""What file patterns, database addresses and settings of Jupyter's mean something by."""

_ASSIGNMENT = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class Course:
    """One course folder; `Course.create` makes one, `Course.find` finds it."""

    root: Path

    def __post_init__(self) -> None:
        """Make the root absolute: nbgrader changes the working directory while it works."""
        object.__setattr__(self, "root", Path(self.root).absolute())
        if bad := sorted(set(str(self.root)) & _NOT_IN_PATHS):
            raise CourseError(
                f"the course folder cannot lie at {self.root}: nbgrader and SQLite read"
                f" {' '.join(bad)} in a path as more than a letter; move or rename the folder"
            )

    @classmethod
    def create(cls, root: Path = DEFAULT_ROOT) -> "Course":
        """Make the folder, or complete it; what is there stays as it is."""
        course = cls(root)
        try:
            for folder in (course.source, course.release, course.submitted):
                folder.mkdir(parents=True, exist_ok=True)
            course._private.mkdir(mode=0o700, exist_ok=True)
            settings = course.root / "nbgrader_config.py"
            if not settings.exists():
                settings.write_text(_SETTINGS, encoding="utf-8")
        except OSError as error:
            raise CourseError(f"cannot make a course folder at {course.root}: {error}") from None
        return course

    @classmethod
    def find(cls, start: Path | None = None) -> "Course":
        """The course that `start` (default: the working directory) lies in, else the default below.

        Of `start` and each folder above it: is it, or is its `build/course`, a course folder?
        """
        here = Path(start or Path.cwd()).absolute()
        for folder in (here, *here.parents):
            for candidate in (folder, folder / DEFAULT_ROOT):
                if (candidate / _PRIVATE).is_dir():
                    return cls(candidate)
        raise CourseError(f"no course folder in or above {here}: make one with `autograder build`")

    @property
    def source(self) -> Path:
        """Assignments with solutions and hidden tests."""
        return self.root / "source"

    @property
    def release(self) -> Path:
        """Assignments as students get them."""
        return self.root / "release"

    @property
    def submitted(self) -> Path:
        """What students handed in."""
        return self.root / "submitted"

    @property
    def autograded(self) -> Path:
        """Executed and graded submissions."""
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        """What students get back."""
        return self.root / "feedback"

    @property
    def verdicts(self) -> Path:
        """Verdicts, a folder for each assignment and student."""
        return self._private / "verdicts"

    @property
    def db_url(self) -> str:
        """nbgrader's gradebook, as SQLAlchemy names it."""
        return f"sqlite:///{self.root / 'gradebook.db'}"

    @property
    def secret(self) -> str:
        """64 hexadecimal digits that only this course knows, made on first use."""
        path = self._private / "secret"
        try:
            return read_or_make(path)
        except OSError as error:
            raise CourseError(_unreadable(path, error)) from None

    def seed_for(self, assignment: str) -> int:
        """The seed of an assignment's hidden inputs."""
        return seed(self.secret, check_assignment(assignment))

    def template(self, assignment: str) -> "NotebookNode":
        """The assignment's notebook with its hidden tests and our solutions: never for students."""
        return self._read(self.source, assignment)

    def template_bytes(self, assignment: str) -> bytes:
        """The template's file. Raises: CourseError where it has not been built."""
        return self._read_bytes(self.source, assignment)

    def released(self, assignment: str) -> "NotebookNode":
        """The assignment's notebook as students get it."""
        return self._read(self.release, assignment)

    def data_files(self, assignment: str) -> dict[str, bytes]:
        """What students got beside the notebook, by path relative to it."""
        folder = self.release / check_assignment(assignment)
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix != ".ipynb"
        }

    def students(self, assignment: str) -> list[str]:
        """Who handed in something for the assignment, in order of name."""
        return [name for name in self._folders(assignment) if name_fault(name) is None]

    def unusable(self, assignment: str) -> dict[str, str]:
        """Folders with a submission to the assignment that have no usable name, each with why."""
        faults = {name: name_fault(name) for name in self._folders(assignment)}
        return {name: fault for name, fault in faults.items() if fault is not None}

    def submission(self, assignment: str, student: str) -> Path:
        """Where the student's notebook should be; whether it is there is not checked."""
        if (fault := name_fault(student)) is not None:
            raise CourseError(f"{student!r} cannot be a student's name: {fault}")
        return self.submitted / student / check_assignment(assignment) / f"{assignment}.ipynb"

    @property
    def _private(self) -> Path:
        return self.root / _PRIVATE

    def _folders(self, assignment: str) -> list[str]:
        if not self.submitted.is_dir():
            return []
        try:
            names = sorted(os.listdir(self.submitted))
        except OSError as error:
            raise CourseError(_unreadable(self.submitted, error)) from None
        return [
            name
            for name in names
            if os.path.lexists(self.submitted / name / check_assignment(assignment))
        ]

    def _read(self, step: Path, assignment: str) -> "NotebookNode":
        data = self._read_bytes(step, assignment)
        try:
            return load_notebook(data.decode("utf-8"))
        except ValueError as error:
            raise CourseError(
                f"{step / assignment / assignment}.ipynb is damaged ({error}): make it anew with "
                f"`autograder build {assignment}`"
            ) from None

    def _read_bytes(self, step: Path, assignment: str) -> bytes:
        path = step / check_assignment(assignment) / f"{assignment}.ipynb"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise CourseError(
                f"there is no {path}: make it with `autograder build {assignment}`"
            ) from None
        except OSError as error:
            raise CourseError(_unreadable(path, error)) from None


def _unreadable(path: Path, error: OSError) -> str:
    return f"cannot read {path} ({error.strerror}): give this account the right to, and repeat"


def check_assignment(name: str) -> str:
    """Return an assignment's name if it can be one: it becomes a folder and a Python package."""
    if not _ASSIGNMENT.fullmatch(name):
        raise CourseError(
            f"{name!r} cannot be an assignment's name: expected lower-case letters, digits and _"
        )
    return name


def name_fault(student: str) -> str | None:
    """Why a folder's name can stand for no student, or None.

    nbgrader reads names as file patterns, its commands and spreadsheets read a first sign as more
    than a letter, and terminals and pages show them.
    """
    if not student or student != student.strip():
        return "it is empty, or starts or ends with a space"
    if student[0] in ".-+=@":
        return f"it starts with {student[0]}"
    if not student.isprintable():
        return "it holds characters that cannot be printed"
    if bad := sorted(set(student) & set('/\\*?[]{}<>"')):
        return f"it holds {' '.join(bad)}"
    if len(student.encode()) > 120:
        return "it is longer than 120 bytes"
    return None
