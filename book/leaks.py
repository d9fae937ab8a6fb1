"""What the edition for students must not say: searched for in all that was written for it.

The secrets are those of `autograder.leaks`: lines of solutions, hidden tests, checks and wrong or
other right implementations, titles of checks, sentences and names of misconceptions. They are
looked for in pages as a browser shows them, in sources, notebooks, archives and the search index,
and in what Sphinx keeps for itself. A book is long, so a line needs more than one word to count,
and as many signs as a line of a check: `raise ValueError(` is anyone's.

Left out: paraphrases; pictures; what comes with the theme (`_static`).
Proved by: tests/book/test_leaks.py, each kind planted in each kind of file.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup

from autograder.build import assignments
from autograder.course import Course
from autograder.errors import LeakError
from autograder.leaks import SHORTEST_LINE, Secrets, mentioned, secrets as secrets_of, strings
from book.editions import Edition

PICTURES = {".png", ".svg", ".jpg"}
ONE_WORD = re.compile(r"\W*\w*\W*")
WORDS = ("a check's title", "a misconception's name", "the sentence of", "a mark of the source")
_MOST = 10


def secrets(course: Course) -> Secrets:
    """Give what no page may say, of every assignment that was built in `course`."""
    found: Secrets = {}
    for name in assignments():
        found |= secrets_of(name, course.template(name))
    return {
        key: (text, what)
        for key, (text, what) in found.items()
        if what.startswith(WORDS) or len(key) >= SHORTEST_LINE and not ONE_WORD.fullmatch(text)
    }


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
