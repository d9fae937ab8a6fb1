"""Chapters have one form, include code by name, and never the code that an assignment asks for."""

import ast
import re
from pathlib import Path

import pytest
from myst_nb.core.read import is_myst_markdown_notebook

from autograder.build import assignments, source_of
from book.editions import BOOK, STUDENT, contents, pages

PARTS = ("language-models/", "transformer/", "taxonomy/", "scaling/", "adaptation/")
CHAPTERS = [page for page in pages(contents(STUDENT, draft=True)) if page.startswith(PARTS)]
IN_ORDER = [
    "The formula",
    "The idea",
    "The code",
    "Try it",
    "What goes wrong",
    "Exercises",
    "Where the lecture and the sources differ",
    "Further reading",
]
NEVER_MISSING = {"The idea", "Try it", "What goes wrong", "Exercises", "Further reading"}
WIDEST = 100  # columns of code: what book.css makes fit on a wide screen, nearly

INCLUDE = re.compile(r"^(`{3,}|:{3,})\{literalinclude\} (\S+)\n(.*?)^\1", re.M | re.S)
CELL = re.compile(r"^```\{code-cell\} ipython3\n(.*?)^```$", re.M | re.S)


@pytest.fixture(params=CHAPTERS)
def chapter(request) -> str:
    return (BOOK / f"{request.param}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def graded() -> set[str]:
    """The names that students are asked to define."""
    cell = re.compile(r'grade_id": "(\w+)"[^}]*"solution": true')
    return {
        name
        for assignment in assignments()
        for name in cell.findall(source_of(assignment).read_text(encoding="utf-8"))
    }


def code_of(text: str) -> list[str]:
    """The code of a page's cells, without their settings."""
    return [re.sub(r"\A---\n.*?^---\n", "", cell, flags=re.M | re.S) for cell in CELL.findall(text)]


def includes(text: str) -> list[tuple[str, str]]:
    """The files that a page includes, and which object of each."""
    return [
        (file, found[1] if (found := re.search(r"^:pyobject: (\S+)$", options, re.M)) else "")
        for _, file, options in INCLUDE.findall(text)
    ]


def faults(text: str, folder: Path, graded: set[str]) -> list[str]:
    """What is wrong with the code that a page includes."""
    found = []
    for file, name in includes(text):
        path = (folder / file).resolve()
        if not path.is_file() or path.parent.name != "reference":
            found.append(f"{file} is no module of the reference")
        elif not name:
            if shown := {each for each in graded if defines(path, each)}:
                found.append(f"{file} has {', '.join(shown)}: name the object that you mean")
        elif not defines(path, name):
            found.append(f"{path.name} has no {name}")
        elif name.split(".")[0] in graded:
            found.append(f"{name} is what students are asked to write")
    return found


def defines(path: Path, name: str) -> bool:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        inside = [node for node in body if getattr(node, "name", "") == part]
        if not inside:
            return False
        body = getattr(inside[0], "body", [])
    return True


def test_a_chapter_has_the_sections_of_a_chapter(chapter):
    text = re.sub(
        r"^(```+).*?^\1", "", chapter, flags=re.M | re.S
    )  # comments in code are no titles
    assert len(re.findall(r"^# ", text, re.M)) == 1
    sections = re.findall(r"^## (.*)$", text, re.M)
    assert [section for section in IN_ORDER if section in sections] == sections
    assert set(sections) >= NEVER_MISSING


def test_a_chapter_shows_something_live(chapter):
    assert is_myst_markdown_notebook(chapter), "Sphinx would take its cells for plain code"
    cells = code_of(chapter)
    assert cells
    assert len(cells) == chapter.count("{code-cell}"), "a cell is not closed, or of another kernel"
    for cell in cells:
        ast.parse(cell)


def test_code_fits_the_page(chapter):
    lines = "\n".join(code_of(chapter)).splitlines()
    assert [line for line in lines if len(line) > WIDEST] == []


def test_a_chapter_fetches_nothing(chapter):
    code = "\n".join(code_of(chapter))
    assert not re.search(r"https?://|urlopen|requests|download|from_pretrained\(\"[^\"]*/", code)


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_includes_code_by_name_and_none_that_is_graded(page, graded):
    path = BOOK / f"{page}.md"
    assert faults(path.read_text(encoding="utf-8"), path.parent, graded) == []


def test_the_graded_names_are_found(graded):
    assert {"softmax", "MultiHeadAttention", "mask_tokens", "fit_joint_law"} <= graded
    assert len(graded) == 22


@pytest.mark.parametrize(
    ("file", "name", "fault"),
    [
        ("../../reference/attention.py", "softmax", "is what students are asked to write"),
        ("../../reference/multihead_attention.py", "MultiHeadAttention.forward", "is what"),
        ("../../reference/positions.py", "", "has sinusoidal_positions: name the object"),
        ("../../reference/attention.py", "no_such_function", "has no no_such_function"),
        ("../../reference/nowhere.py", "softmax", "no module of the reference"),
        ("../../assignments/a3_attention/a3_attention.py", "softmax", "no module of the reference"),
        ("../../reference/attention.py", "self_attention", None),
        ("../../reference/pre_tokenizer.py", "", None),
    ],
)
def test_code_that_may_not_be_shown_is_seen(file, name, fault, graded):
    options = f":pyobject: {name}\n" if name else ":lines: 1-3\n"
    page = f"```{{literalinclude}} {file}\n:language: python\n{options}```\n"
    told = faults(page, BOOK / "transformer", graded)
    assert (fault in told[0]) if fault else (told == [])
