"""Instructors' pages hold all that is behind an assignment, in text that Markdown leaves alone."""

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.build import assignments
from autograder.leaks import rubrics
from autograder.misconception import known
from autograder.regions import SOLUTION, split
from book.solutions import escaped, page, write_pages


@pytest.fixture(params=assignments())
def name(request) -> str:
    return request.param


@pytest.fixture
def text(name, course) -> str:
    return page(name, course.template(name))


def test_every_solution_is_shown_without_its_marks(name, text, course):
    solutions = 0
    for cell in course.template(name).cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            _, cut = split(cell.source, SOLUTION)
            assert all(f"\n{line}\n" in text for line in cut)
            solutions += 1
    assert solutions == len(rubrics(name))
    assert f"BEGIN {SOLUTION}" not in text
    assert "HIDDEN TESTS" not in text


def test_every_check_stands_there_with_its_points(name, text):
    for rubric in rubrics(name).values():
        assert f"\n## `{rubric.name}` ({rubric.points:g} points)\n" in text
        for check in rubric.checks:
            assert f"| {escaped(check.title)} | {check.points:g} |" in text


def test_every_misconception_stands_there_with_its_sentence(name, text):
    told = 0
    for rubric in rubrics(name).values():
        for mistake in known(rubric):
            assert f"\n`{mistake.name}`\n: {escaped(mistake.sentence)}\n" in text
            told += 1
    assert told >= 50


def test_questions_that_people_grade_stand_there_with_their_answers(name, text, course):
    questions = [
        cell
        for cell in course.template(name).cells
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution")
    ]
    assert questions
    for cell in questions:
        assert f"## `{cell.id}` ({cell.metadata.nbgrader.points:g} points)" in text
        assert cell.source in text


def test_markdown_shows_sentences_as_they_are():
    mistakes = [
        mistake
        for name in assignments()
        for rubric in rubrics(name).values()
        for mistake in known(rubric)
    ]
    nasty = r"a * b * c, 10 ** x, $y$ and $z$, _u_ [v](w) <b> \alpha, but `a * b * c`"
    for sentence in [nasty, *(mistake.sentence for mistake in mistakes)]:
        tokens = MarkdownIt("commonmark").use(dollarmath_plugin).parse(escaped(sentence))
        (paragraph,) = [token for token in tokens if token.type == "inline"]
        shown = [
            f"`{part.content}`" if part.type == "code_inline" else part.content
            for part in paragraph.children
            if part.type in {"text", "code_inline", "text_special"}
        ]
        assert "".join(shown) == sentence


def test_pages_are_written_where_they_changed(course, tmp_path):
    write_pages(course, tmp_path)
    paths = sorted((tmp_path / "solutions").iterdir())
    assert [path.stem for path in paths] == assignments()
    before = [path.stat().st_mtime_ns for path in paths]
    write_pages(course, tmp_path)
    assert [path.stat().st_mtime_ns for path in paths] == before
