"""What the edition for students must not say: searched for in all that was written for it.

The secrets are those of `autograder.leaks`: lines of solutions, hidden tests, checks and wrong or
other right implementations, titles of checks, sentences and names of misconceptions. They are
looked for in pages as a browser shows them, in sources, notebooks, archives and the search index,
and in what Sphinx keeps for itself.

A book is long, and shows code of `reference/`. So a line counts only if it has as many signs as a
line of a check must have, and more than one word; and not if it imports from `reference`, or stands
in it outside of what is graded: `with torch.device("meta"):` is anyone's.

Left out: paraphrases; pictures; what comes with the theme (`_static`).
Proved by: tests/book/test_leaks.py, each kind planted in each kind of file.
"""

import inspect
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup

from autograder.build import assignments
from autograder.course import Course
from autograder.errors import LeakError
from autograder.leaks import (
    SHORTEST_LINE,
    Secrets,
    mentioned,
    rubrics,
    secrets as secrets_of,
    squeezed,
    strings,
)
from autograder.misconception import right
from book.editions import BOOK, Edition

PICTURES = {".png", ".svg", ".jpg"}
EVERYDAY = re.compile(r"\W*\w*\W*|(from|import) reference\b.*")
WORDS = ("a check's title", "a misconception's name", "the sentence of", "a mark of the source")
LINE = "a line of "  # of checks and implementations
_MOST = 10


def secrets(course: Course) -> Secrets:
    """Give what no page may say, of every assignment that was built in `course`."""
    found: Secrets = {}
    for name in assignments():
        found |= secrets_of(name, course.template(name))
    public = squeezed(_public_code())
    return {
        key: (text, what)
        for key, (text, what) in found.items()
        if what.startswith(WORDS) or _says_something(key, text, public * what.startswith(LINE))
    }


def _says_something(key: str, text: str, public: str) -> bool:
    """Whether a line of code gives anything away, given what is shown anyway."""
    return len(key) >= SHORTEST_LINE and key not in public and not EVERYDAY.fullmatch(text)


def _public_code() -> str:
    """The code of `reference/` without what an assignment asks for."""
    graded = [
        inspect.getsource(right(rubric)[0].implementation)
        for name in assignments()
        for rubric in rubrics(name).values()
    ]
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((BOOK.parent / "reference").glob("*.py"))
    )
    for source in graded:
        code = code.replace(source, "")
    return code


def scan(edition: Edition, secrets: Secrets) -> None:
    """Search all of an edition.

    Raises:
        LeakError: something was found; the text says what and where
    """
    found = [
        f"{path.relative_to(edition.folder)}{where}: {told}"
        for path in sorted(_files(edition.folder))
        for where, text in _texts(path)
        for told in mentioned(text, secrets)
    ]
    if found:
        more = f"\n… and {len(found) - _MOST} more" if len(found) > _MOST else ""
        told = "\n".join(found[:_MOST])
        raise LeakError(f"the {edition.name} edition would give away\n{told}{more}")


def _files(folder: Path) -> Iterator[Path]:
    """All files but pictures and the theme's; the link to `reference/` is not followed."""
    for path in folder.iterdir():
        if path.is_symlink() or path.suffix in PICTURES or path.name in {"_static", "static"}:
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Every text in a file, with where it stands."""
    if path.suffix == ".html":
        yield "", BeautifulSoup(path.read_bytes(), "html.parser").get_text()
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield f", {name}", archive.read(name).decode("utf-8", "replace")
    else:
        yield from strings(path)
