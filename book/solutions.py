"""Pages that the instructor edition has besides: one an assignment, with all that is behind it.

For each graded function: its solution, the checks with their points, and the misconceptions with
the sentence that a student reads. All of it is read from the assignment's own modules, so that a
page cannot fall behind them.

>>> escaped("a * b_c, but `a * b_c`")
'a \\\\* b\\\\_c, but `a * b_c`'

Left out: hidden inputs, which no page needs. Proved by: tests/book/test_solutions.py.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.build import assignments
from autograder.course import Course
from autograder.leaks import rubrics
from autograder.misconception import known, right
from autograder.regions import SOLUTION, marked
from autograder.rubric import Rubric

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

_SPECIAL = re.compile(r"[\\*_{}\[\]<>|$#~^]")


def write_pages(course: Course, sources: Path) -> None:
    """Write a page for each assignment that was built in `course`."""
    folder = sources / "solutions"
    folder.mkdir(parents=True, exist_ok=True)
    for name in assignments():
        text = page(name, course.template(name))
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def page(name: str, template: "NotebookNode") -> str:
    """Give an assignment's page as MyST Markdown, in the notebook's order."""
    of_name = {rubric.name: rubric for rubric in rubrics(name).values()}
    title = next(cell.source for cell in template.cells).splitlines()[0].removeprefix("# ")
    lines = [
        f"# Solutions · {title}",
        "",
        "For instructors alone: nothing on this page is in the edition for students. The notebook",
        f"as students see it: {{doc}}`/assignments/{name}`.",
        "",
    ]
    for cell in template.cells:
        label = cell.metadata.get("nbgrader", {})
        if not label.get("solution"):
            continue
        rubric = of_name.get(cell.id)
        if rubric:
            lines += _of_function(cell.source, rubric)
        else:
            lines += _of_question(cell, label)
    return "\n".join(lines)


def _of_question(cell: "NotebookNode", label: dict[str, float]) -> Iterator[str]:
    """Lines on a cell that a person grades."""
    points = f" ({label['points']:g} points)" if label.get("grade") else ""
    yield from (f"## `{cell.id}`{points}", "", "A person reads this one.", "")
    if cell.cell_type == "markdown":
        yield from (cell.source, "")
    else:
        yield from ("```python", *_without_marks(cell.source), "```", "")


def _of_function(source: str, rubric: Rubric) -> Iterator[str]:
    """Lines on a graded function."""
    name = rubric.name
    yield from (f"## `{name}` ({rubric.points:g} points)", "", f"### Solution of `{name}`", "")
    yield from ("```python", *_without_marks(source), "```", "")
    others = [one.style for one in right(rubric)[1:]]
    if others:
        yield from (f"Also right, and held to every point: {escaped('; '.join(others))}.", "")
    yield from (f"### Checks of `{name}`", "", "| a check | points |", "| --- | ---: |")
    yield from (f"| {escaped(check.title)} | {check.points:g} |" for check in rubric.checks)
    mistakes = known(rubric)
    yield from ("", f"### Misconceptions about `{name}`", "")
    yield f"{len(mistakes)} wrong implementations are known by name. What a student reads:"
    yield ""
    for mistake in mistakes:
        yield from (f"`{mistake.name}`", f": {escaped(mistake.sentence)}", "")


def _without_marks(source: str) -> list[str]:
    return [line for line in source.split("\n") if not marked(line, SOLUTION)]


def escaped(text: str) -> str:
    """Give text that Markdown shows as it is, but for code between backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else _SPECIAL.sub(r"\\\g<0>", p) for p in parts)
