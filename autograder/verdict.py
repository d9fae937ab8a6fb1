"""The verdict on one submission: what the judge found, stored so that it is found only once.

A verdict is keyed by all that it depends on (the submission's bytes, the assignment's template and
data files, the sources of the checks, the reference and the autograder, the versions, the seed,
whether student code was confined), so a class graded a second time costs nothing and an interrupted
run goes on where it stopped. Beside `verdict.json` stands the executed notebook; the verdict holds
its hash, so a pair torn by a crash is not believed.

Left out: history. A folder keeps the last verdict alone.
Proved by: each part of the key changed in turn; files cut off at every length; fields added.
"""

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from autograder.course import Course

SCHEMA: Literal[1] = 1
"""The version of this file's structures; a stored verdict of another version is graded again."""

_FILE = "verdict.json"


class CheckReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One check of a rubric, as the student will read it."""

    title: str
    points: float
    max_points: float
    passed: bool
    message: str = ""
    carried: bool = False
    """Passed only on top of a right earlier part."""


class CellVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One graded cell: its points, or None where a person must grade."""

    grade_id: str
    max_points: float
    points: float | None
    needs_review: bool
    reason: str = ""
    checks: tuple[CheckReport, ...] = ()
    misconception: str | None = None
    sentence: str | None = None


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that grading one submission found; nothing of it came unchecked from the student."""

    schema: Literal[1]
    assignment: str
    student: str
    key: str
    status: Literal["graded", "needs review"]
    reason: str
    cells: tuple[CellVerdict, ...]
    notes: tuple[str, ...]
    seconds: dict[str, float]
    notebook_sha256: str = ""
    """Hash of the executed notebook stored beside this verdict; `save` fills it in."""

    @property
    def points(self) -> float:
        """The sum of the points known so far."""
        return sum(cell.points or 0.0 for cell in self.cells)

    @property
    def max_points(self) -> float:
        """The sum of what the graded cells are worth."""
        return sum(cell.max_points for cell in self.cells)

    @property
    def misconceptions(self) -> tuple[str, ...]:
        """The names of the mistakes that were recognised, in the notebook's order."""
        return tuple(cell.misconception for cell in self.cells if cell.misconception)


def folder_of(course: "Course", assignment: str, student: str) -> Path:
    """Where a student's verdict on an assignment is kept."""
    return course.verdicts / assignment / student


def save(verdict: Verdict, notebook: Mapping[str, Any], folder: Path) -> Verdict:
    """Store the verdict and its executed notebook; returns the verdict as stored.

    The notebook comes first, so that a crash between the two leaves a verdict whose hash disagrees.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = notebook_bytes(notebook)
    stored = msgspec.structs.replace(verdict, notebook_sha256=hashlib.sha256(data).hexdigest())
    write_atomically(notebook_path(folder, verdict.assignment), data)
    write_atomically(folder / _FILE, msgspec.json.format(msgspec.json.encode(stored), indent=1))
    return stored


def notebook_bytes(notebook: Mapping[str, Any]) -> bytes:
    """A notebook as the bytes of a file; code points that UTF-8 cannot hold become `?`."""
    text = json.dumps(notebook, ensure_ascii=False, sort_keys=True)
    return msgspec.json.format(text.encode("utf-8", "replace"), indent=1) + b"\n"


def load(folder: Path, key: str) -> Verdict | None:
    """The stored verdict, if it is for this key and beside the notebook it was saved with."""
    try:
        verdict = msgspec.json.decode((folder / _FILE).read_bytes(), type=Verdict)
        if verdict.key != key:
            return None
        executed = notebook_path(folder, verdict.assignment).read_bytes()
    except (OSError, msgspec.DecodeError):
        return None
    return verdict if hashlib.sha256(executed).hexdigest() == verdict.notebook_sha256 else None


def notebook_path(folder: Path, assignment: str) -> Path:
    """Where `save` puts the executed notebook."""
    return folder / f"{assignment}.ipynb"


def basis(assignment: str, course: "Course", *, confined: bool) -> bytes:
    """The hash of all that the verdicts on an assignment's submissions share.

    Unconfined code can write what it likes, verdicts too: a confined run takes none over.

    Raises: CourseError where the assignment has not been built.
    """
    data = course.data_files(assignment)
    parts = (
        course.template_bytes(assignment),
        *(part for name, content in data.items() for part in (name.encode(), content)),
        str(course.seed_for(assignment)).encode(),
        _sources_digest(_stamps(assignment)),
        b"confined" if confined else b"unconfined",
    )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.digest()


def verdict_key(submission: bytes, basis: bytes) -> str:
    """The hash of everything that the verdict on these bytes depends on.

    Args:
        submission: The submitted file's bytes, or any bytes that stand for a file that is not read.
        basis: What `basis` gives, once for a class.
    """
    return hashlib.sha256(basis + hashlib.sha256(submission).digest()).hexdigest()


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace a file as a whole: a reader meets the old bytes or the new ones.

    The bytes may reach the disk later: what a power failure cuts short is no verdict that can be
    read, and the submission is judged again.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(partial, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _stamps(assignment: str) -> tuple[tuple[str, str, int, int], ...]:
    """(root, path, size in bytes, modified at, in ns) of each source that decides a verdict."""
    roots = [package("autograder"), package("reference"), package("assignments") / assignment]
    return tuple(
        (str(root), str(path.relative_to(root)), (found := path.stat()).st_size, found.st_mtime_ns)
        for root in roots
        for path in sorted(root.rglob("*.py"))
    )


def package(name: str) -> Path:
    """A top-level package's folder, found without importing the package."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the package {name!r} is not installed beside autograder")
    return Path(spec.submodule_search_locations[0])


@lru_cache(maxsize=8)
def _sources_digest(stamps: tuple[tuple[str, str, int, int], ...]) -> bytes:
    """The hash of the sources' contents and of the versions that compute with them."""
    digest = hashlib.sha256()
    for version in (sys.version.encode(), (package("torch") / "version.py").read_bytes()):
        digest.update(hashlib.sha256(version).digest())
    for root, path, _, _ in stamps:
        digest.update(hashlib.sha256(f"{Path(root).name}/{path}".encode()).digest())
        digest.update(hashlib.sha256((Path(root) / path).read_bytes()).digest())
    return digest.digest()
