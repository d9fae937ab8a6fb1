"""The released assignments in the book: a page to read each, and all of it to download.

The notebooks are those that `autograder build` releases, made here in a course folder of the
book's own and searched for leaks as always. A page is the notebook itself, not executed; the
archive beside it holds what students need to work: the notebook, and the tables that it reads.

Left out: buttons that open one elsewhere (`book.launch`).
Proved by: tests/book/test_notebooks.py; archives equal byte for byte when made again.
"""

import zipfile
from pathlib import Path

from autograder.build import assignments, build
from autograder.course import Course

OLDEST = (1980, 1, 1, 0, 0, 0)  # the time that an archive can tell; the same each time


def release(course: Course) -> list[Path]:
    """Build every assignment; returns the folders that students get."""
    return [build(course, name) for name in assignments()]


def put_in(releases: list[Path], sources: Path) -> None:
    """Write pages and archives of released assignments into an edition's sources."""
    target = sources / "assignments"
    target.mkdir(parents=True, exist_ok=True)
    for folder in releases:
        notebook = folder / f"{folder.name}.ipynb"
        _write(target / notebook.name, notebook.read_bytes())
        archive = target / f"{folder.name}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                name = path.relative_to(folder.parent).as_posix()
                file.writestr(zipfile.ZipInfo(name, OLDEST), path.read_bytes())


def _write(path: Path, data: bytes) -> None:
    """Write what changed: Sphinx reads again what is newer."""
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)
