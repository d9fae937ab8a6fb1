"""From an assignment's one source to what students get.

The percent script becomes the notebook in `source/` (`autograder.percent`); stock
`nbgrader generate_assignment` makes of it the one in `release/`, and enters the assignment in the
gradebook; then the release is searched for leaks (`autograder.leaks`).

An assignment whose package names files of `reference/data/` as `DATA` gets copies in `data/` beside
its notebook, for students and, when work is graded, in the sandbox too; instructors may put more
into `source/A/data/`.

Left out: data files of another origin. Proved by: a build repeated byte for byte, what nbgrader
makes of faulty ones, and a notebook that reads its data, graded in both ways.
"""

import importlib
import importlib.util
import os
import re
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder import leaks
from autograder.course import Course, check_assignment
from autograder.errors import BuildError
from autograder.nbgrader_config import load_config
from autograder.percent import to_notebook
from autograder.verdict import write_atomically


def assignments() -> list[str]:
    """The names of all assignments that have a source."""
    return sorted(path.stem for path in _home().glob("*/*.py") if path.stem == path.parent.name)


def source_of(name: str) -> Path:
    """An assignment's percent script."""
    script = _home() / check_assignment(name) / f"{name}.py"
    if not script.is_file():
        raise BuildError(f"there is no assignment {name!r}; there is {', '.join(assignments())}")
    return script


def build(course: Course, name: str) -> Path:
    """Build an assignment's notebook and its release; returns the release's folder.

    Where that fails, the source and the release of before are put back: students may be at work
    on them. The gradebook may know the new cells already, until a build succeeds.

    Raises:
        BuildError: the source is at fault, a data file is missing, or nbgrader could not make the
            release of it
        LeakError: the release would give something away
    """
    script = source_of(name).read_text(encoding="utf-8")
    points = {key: rubric.points for key, rubric in leaks.rubrics(name).items()}
    notebook = to_notebook(script, name, points)
    target = course.source / name / f"{name}.ipynb"
    with _put_back_on_failure(target.parent, course.release / name):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, notebook)
        _copy_data(name, target.parent / "data")
        _generate(course, name)
        leaks.scan(course, name)
    return course.release / name


@contextmanager
def _put_back_on_failure(*folders: Path) -> Iterator[None]:
    """Leave the folders as they were before the block, if it does not come to its end."""
    with TemporaryDirectory() as kept:
        before = {folder: Path(kept, str(n)) for n, folder in enumerate(folders) if folder.exists()}
        for folder, copy in before.items():
            shutil.copytree(folder, copy, symlinks=True)
        try:
            yield
        except BaseException as error:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
                if folder in before:
                    shutil.copytree(before[folder], folder, symlinks=True)
            if isinstance(error, BuildError) and len(before) == len(folders):
                back = "what was built before is back in place: mend the source, then build again"
                raise type(error)(f"{error}; {back}") from error
            raise


def _copy_data(name: str, folder: Path) -> None:
    """Put what the assignment's package names as `DATA` into the folder."""
    for file in getattr(importlib.import_module(f"assignments.{name}"), "DATA", ()):
        path = _folder_of("reference") / "data" / file
        if not path.is_file():
            raise BuildError(f"{name} hands out {file}, but reference/data/ has none: put it there")
        folder.mkdir(exist_ok=True)
        write_atomically(folder / file, path.read_bytes())


def _home() -> Path:
    """The folder of the assignments' sources."""
    return _folder_of("assignments")


def _folder_of(package: str) -> Path:
    """The folder of one of our packages, wherever it is installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise BuildError(f"the package `{package}` is not installed beside `autograder`")
    return Path(next(iter(spec.submodule_search_locations)))


def _generate(course: Course, name: str) -> None:
    """Let nbgrader make the release, with the course's settings and without a word."""
    from nbgrader.converters import GenerateAssignment  # 3 s to import
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    config = load_config(course.root)
    folder = CourseDirectory(config=config, assignment_id=name)
    converter = GenerateAssignment(coursedir=folder, config=config)
    converter.force = True
    with _commands_on_path():
        result = capture_log(converter)
    if not result["success"]:
        told = result.get("log", "") + result["error"]
        reasons = re.findall(r"^ +(\w[\w.]*(?:Error|Entry|Exception): .+)", told, re.MULTILINE)
        reason = (reasons or result["error"].strip().splitlines())[-1]
        raise BuildError(f"`nbgrader generate_assignment {name}` failed: {reason}")


@contextmanager
def _commands_on_path() -> Iterator[None]:
    """Let nbgrader find `alembic`, which lies beside Python, where no environment is activated."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
