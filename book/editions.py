"""What one edition of the book reads: laid out in a folder of its own, and nothing besides.

Sphinx copies what it reads into its output, its search index and its caches. So the student
edition is not told to skip pages: it never has them. `contents.yml` is the one list of pages; a
part marked `edition: instructor` is in that edition only.

    build/book/EDITION/sources/            pages, _toc.yml, _config.yml
    build/book/EDITION/reference           a link: pages include code as ../../reference/x.py
    build/book/EDITION/_build/html/        what Jupyter Book makes of them

Left out: what is generated, notebooks and solutions (`book.notebooks`, `book.solutions`).
Proved by: tests/book/test_editions.py.
"""

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BOOK = Path(__file__).parent
STUDENT, INSTRUCTOR = "student", "instructor"
TITLES = {STUDENT: "Intro to LLMs", INSTRUCTOR: "Intro to LLMs · instructors"}
GENERATED = ("assignments/a", "solutions/a")
MATHJAX = "tex-svg.js"

Contents = dict[str, Any]


@dataclass(frozen=True)
class Edition:
    """One edition, and where below `root` (`build/book`) its files lie."""

    name: str
    root: Path

    @property
    def folder(self) -> Path:
        """All of this edition."""
        return self.root / self.name

    @property
    def sources(self) -> Path:
        """What Jupyter Book reads."""
        return self.folder / "sources"

    @property
    def toc(self) -> Path:
        """The table of contents, as Sphinx reads it."""
        return self.sources / "_toc.yml"

    @property
    def doctrees(self) -> Path:
        """What Sphinx remembers of the sources."""
        return self.folder / "_build" / ".doctrees"

    @property
    def html(self) -> Path:
        """What it writes for browsers."""
        return self.folder / "_build" / "html"


def contents(edition: str, *, draft: bool = False) -> Contents:
    """Give the table of contents of an edition, in sphinx-external-toc's own format.

    A draft has only the pages that are written.
    """
    toc: Contents = yaml.safe_load((BOOK / "contents.yml").read_text(encoding="utf-8"))
    parts = [part for part in toc["parts"] if part.pop("edition", edition) == edition]
    if draft:
        for part in parts:
            part["chapters"] = [each for each in part["chapters"] if _is_there(each["file"])]
    return toc | {"parts": [part for part in parts if part["chapters"]]}


def pages(toc: Contents) -> Iterator[str]:
    """Name the pages of a table of contents, in order, without their endings."""
    yield toc["root"]
    for part in toc["parts"]:
        yield from (chapter["file"] for chapter in part["chapters"])


def lay_out(
    edition: Edition, cache: Path, launch: dict[str, str], *, draft: bool = False
) -> list[Path]:
    """Write the edition's pages, contents and settings; returns the pages.

    What is generated is put in beside them. `launch` holds the addresses for `book.launch`, none
    for a book without launch buttons.
    """
    sources = edition.sources
    toc = contents(edition.name, draft=draft)
    if edition.toc.exists() and yaml.safe_load(edition.toc.read_text(encoding="utf-8")) != toc:
        shutil.rmtree(edition.folder)  # neither we nor Sphinx remove pages that are no longer there
    kept = [sources / f"{page}.md" for page in pages(toc) if not page.startswith(GENERATED)]
    for page in kept:
        _copy(BOOK / page.relative_to(sources), page)
    for extra in [BOOK / "references.bib", *(BOOK / "static").iterdir()]:
        _copy(extra, sources / extra.relative_to(BOOK))
    _copy(_mathjax(), sources / "static" / MATHJAX)
    _write_yaml(edition.toc, toc)
    _write_yaml(sources / "_config.yml", settings(edition.name, cache, launch))
    code = edition.folder / "reference"
    if not code.is_symlink():
        code.symlink_to(BOOK.parent / "reference", target_is_directory=True)
    return kept


def settings(edition: str, cache: Path, launch: dict[str, str]) -> dict[str, Any]:
    """Give Jupyter Book's settings for an edition."""
    both: dict[str, Any] = yaml.safe_load((BOOK / "settings.yml").read_text(encoding="utf-8"))
    both["title"] = TITLES[edition]
    both["execute"]["cache"] = str(cache)
    both["sphinx"]["config"]["launch_addresses"] = launch
    return both


def _is_there(page: str) -> bool:
    return page.startswith(GENERATED) or (BOOK / f"{page}.md").exists()


def _mathjax() -> Path:
    """MathJax as one file: found, not imported, as its package's name is no identifier."""
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("sphinx-mathjax-offline is not installed: run `make book`")
    return Path(spec.origin).parent / "static" / "mathjax" / MATHJAX


def _copy(source: Path, target: Path) -> None:
    """Copy what changed: Sphinx reads again what is newer."""
    if not target.exists() or target.read_bytes() != source.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _write_yaml(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
