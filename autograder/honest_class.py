"""A class of honest students, made from an assignment's own right implementations.

No two notebooks are alike: each student writes the graded functions in styles of their own choice
among the reference solution and the assignment's `RIGHT`, comments them, and adds a cell that
prints. All of them deserve every point, so that two graders can be compared on the class.
Proved by: `make bench` refuses to compare two sides whose points differ.
"""

import importlib
import inspect
from collections.abc import Mapping, Sequence
from copy import deepcopy

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.course import Course
from autograder.misconception import RightImplementation

IMPORTS = "import math\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")


def hand_in(course: Course, assignment: str, students: int) -> list[str]:
    """Put that many submissions into the course's `submitted/`; returns the students' names."""
    module = importlib.import_module(f"assignments.{assignment}.misconceptions")
    right: Mapping[str, Sequence[RightImplementation]] = module.RIGHT
    released = nbformat.read(course.release / assignment / f"{assignment}.ipynb", as_version=4)
    solved = {grade_id(cell): cell.source for cell in course.template(assignment).cells}
    names = [f"student{number:03d}" for number in range(1, students + 1)]
    for number, name in enumerate(names):
        folder = course.submitted / name / assignment
        folder.mkdir(parents=True)
        nbformat.write(_notebook(released, solved, right, number), folder / f"{assignment}.ipynb")
    return names


def _notebook(
    released: NotebookNode,
    solved: Mapping[str, str],
    right: Mapping[str, Sequence[RightImplementation]],
    number: int,
) -> NotebookNode:
    """The released notebook as the student of that number fills it in."""
    notebook = deepcopy(released)
    for position, cell in enumerate(notebook.cells):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            name = grade_id(cell)
            others = (_cell(name, style) for style in right.get(name, ()) if stands_alone(style))
            styles = [_unmarked(solved[name]), *others]
            # neighbours differ, and one student's functions are not all of the same rank
            source = styles[(number + position) % len(styles)]
            comment = "# " if cell.cell_type == "code" else ""
            cell.source = f"{comment}Attempt {number + 1}, the one that works.\n{source}"
    scratch = new_code_cell(f"print('student {number + 1}:', torch.ones(2, 3).sum(dim=-1))")
    scratch.id = f"scratch-{number}"
    notebook.cells.append(scratch)
    return notebook


def grade_id(cell: NotebookNode) -> str:
    """The cell's nbgrader id, or ""."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def stands_alone(style: RightImplementation) -> bool:
    """Whether its source is enough: the reference's own is not, it builds on its package."""
    return bool(style.implementation.__module__.startswith("assignments."))


def _cell(name: str, style: RightImplementation) -> str:
    """The implementation's own source as a solution cell that defines `name`."""
    source = inspect.getsource(style.implementation)
    defined = style.implementation.__name__
    ending = "" if defined == name else f"\n\n{name} = {defined}\n"
    return f"{IMPORTS}\n\n{source}{ending}"


def _unmarked(source: str) -> str:
    """A solution cell without nbgrader's marks."""
    return "\n".join(line for line in source.splitlines() if line.strip() not in MARKS)
