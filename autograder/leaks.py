"""What must not reach students: searched for in everything that is about to be handed out.

Solutions and hidden tests are searched for line by line, rubrics by the titles and lines of their
checks, misconceptions by name, sentence and line. A line counts if it says something (so `x = 1`
and `import torch` do not) and students are not shown it anyway, in the part of an answer's cell
that is theirs to see. Text is compared without regard to spaces, in every string of a notebook, so
outputs and metadata are searched too. All but notebooks and plain data files is a leak by itself.

Left out: paraphrases. Proved by: every kind planted in a release, one at a time.
"""

import importlib
import inspect
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course import Course
from autograder.errors import LeakError
from autograder.misconception import known, right
from autograder.regions import HIDDEN_TESTS, SOLUTION, split
from autograder.rubric import Rubric

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

SHORTEST_OWN = 12
"""Signs of a line of the assignment's own notebook, spaces not counted, that says something."""

SHORTEST_LINE = 24
"""The same for lines of checks and implementations: `with torch.no_grad():` is anyone's."""

SHORTEST_TITLE = 12
"""Signs of a check's title from which on it is no everyday expression."""

DATA = {".csv", ".tsv", ".txt", ".json", ".jsonl", ".md", ".png", ".jpg"}
"""Endings of files in `release/A/data/` that may stand beside a notebook."""

_MOST = 10

Secrets = dict[str, tuple[str, str]]
"""By a text without its spaces: the text, and what it is."""


def rubrics(name: str) -> dict[str, Rubric]:
    """An assignment's rubrics, by their constants' names."""
    checks = vars(importlib.import_module(f"assignments.{name}.checks"))
    return {key: rubric for key, rubric in checks.items() if isinstance(rubric, Rubric)}


def scan(course: Course, name: str) -> None:
    """Search the release of an assignment.

    Raises:
        LeakError: something was found; the text says what and where
    """
    if found := search(course.release / name, secrets(name, course.template(name))):
        more = f"\n… and {len(found) - _MOST} more" if len(found) > _MOST else ""
        raise LeakError(
            f"the release of {name} would give away\n" + "\n".join(found[:_MOST]) + more
        )


def secrets(name: str, template: "NotebookNode") -> Secrets:
    """What students must not see of an assignment."""
    found: Secrets = {}
    for text, what in _secrets(name, template):
        found.setdefault(squeezed(text), (text.strip(), what))
    return found


def search(folder: Path, secrets: Secrets) -> list[str]:
    """What is in the files of a release that should not be: each with where, and what it is."""
    found: list[str] = []
    for path in sorted(_files(folder)):
        place = path.relative_to(folder.parent)
        if fault := _not_for_students(path, place):
            found.append(f"{place}: {fault}")
            continue
        for where, text in strings(path):
            found += [f"{place}{where}: {told}" for told in mentioned(text, secrets)]
    return found


def mentioned(text: str, secrets: Secrets) -> list[str]:
    """What a text says that it should not: each with what it is."""
    told = squeezed(text)
    return [f"{what}: {secret[:80]!r}" for key, (secret, what) in secrets.items() if key in told]


def _secrets(name: str, template: "NotebookNode") -> Iterator[tuple[str, str]]:
    """What students must not see, each with what it is."""
    shown = ""
    hidden: list[tuple[str, str, int]] = []
    for cell in template.cells:
        label = cell.metadata.get("nbgrader", {})
        if not label.get("solution") and not label.get("grade"):
            continue
        kind = SOLUTION if label["solution"] else HIDDEN_TESTS
        kept, cut = split(cell.source, kind)
        if cell.cell_type != "code":
            kept, cut = [], kept + cut
        shown += squeezed("\n".join(kept))
        what = "the solution of" if kind is SOLUTION else "the hidden tests of"
        hidden += [(line, f"{what} `{cell.id}`", SHORTEST_OWN) for line in cut]
    for what, lines in _sources(name):
        hidden += [(line, what, SHORTEST_LINE) for line in lines]
    for line, what, shortest in hidden:
        line = line.strip().split("  # ")[0]  # the code says it without its comment, too
        text = squeezed(line)
        if len(text) >= shortest and text not in shown and not _everyday(line):
            yield line, what
    for mark in ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN", "END HIDDEN", "autograder."):
        yield mark, "a mark of the source"
    yield from _words(name)


def _words(name: str) -> Iterator[tuple[str, str]]:
    """Titles of checks, and names and sentences of misconceptions."""
    for rubric in rubrics(name).values():
        for check in rubric.checks:
            if len(check.title) >= SHORTEST_TITLE:
                yield check.title, f"a check's title in {rubric.name}"
        for misconception in known(rubric):
            yield misconception.name, f"a misconception's name in {rubric.name}"
            yield misconception.sentence, f"the sentence of {misconception.name}"


def _sources(name: str) -> Iterator[tuple[str, list[str]]]:
    """The lines of the checks, of the wrong implementations and of the other right ones."""
    checks = importlib.import_module(f"assignments.{name}.checks")
    folder = getattr(checks, "__path__", None)
    files = sorted(Path(folder[0]).glob("*.py")) if folder else [Path(str(checks.__file__))]
    for file in files:
        yield f"a line of {file.name}", file.read_text(encoding="utf-8").split("\n")
    for rubric in rubrics(name).values():
        listed = [(each.name, each.implementation) for each in known(rubric)]
        listed += [(each.name, each.implementation) for each in right(rubric)]
        for label, implementation in listed:
            yield f"a line of {label}", inspect.getsource(implementation).split("\n")


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(Path(parent, name))]
        yield from (Path(parent, name) for name in (*files, *links))


def _not_for_students(path: Path, place: Path) -> str | None:
    """Why a file may not stand in a release at all, or None."""
    if path.is_symlink() or not path.is_file():
        return "a link, or no regular file"
    if path.suffix == ".ipynb" and len(place.parts) == 2:
        return None
    if place.parts[1] == "data" and path.suffix in DATA:
        return None
    return "neither a notebook nor a data file in `data/`"


def strings(path: Path) -> Iterator[tuple[str, str]]:
    """Every text in a file, with where it stands; JSON's own escapes undone."""
    text = path.read_bytes().decode("utf-8", "replace")
    if path.suffix != ".ipynb":
        yield "", text
        return
    notebook = json.loads(text)
    for cell in notebook.pop("cells"):
        yield f", cell `{cell['id']}`", "\n".join(_leaves(cell))
    yield "", "\n".join(_leaves(notebook))


def _leaves(value: Any) -> Iterator[str]:
    """All strings in a JSON value; a list of strings is one text in lines."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(line, str) for line in value):
        yield "".join(value)
    elif isinstance(value, Iterable):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)


def squeezed(text: str) -> str:
    """Give a text as secrets are compared: without its spaces, its capitals small."""
    return "".join(text.split()).casefold()


def _everyday(line: str) -> bool:
    """Whether a line is an import from outside, which anyone would write."""
    words = line.split()
    ours = ("assignments", "autograder", "reference")
    return words[:1] in (["import"], ["from"]) and not words[1].startswith(ours)
