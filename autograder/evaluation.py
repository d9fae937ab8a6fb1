"""Runs a test cell of the template in the judge, with the student's names bound to proxies.

The cell is ordinary Python from this repository, never a student's. Its value, if that is a number,
is the points; else a cell that ends well gives all, and one that raises none, as nbgrader has it.
Proved by: tests/autograder/test_judge.py.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from autograder.errors import SandboxUnavailable, StudentError


class Tested(msgspec.Struct, frozen=True):
    """What a test cell gave: points, what it printed, and what it raised, in words."""

    points: float
    printed: str
    trouble: str = ""


def evaluate(source: str, worth: float, bind: Callable[[list[str]], Mapping[str, Any]]) -> Tested:
    """Run a test cell that is worth that many points; `bind` gives the names that it reads.

    Raises: SandboxUnavailable when no student process can be had.
    """
    tree = ast.parse(source)
    namespace = dict(bind(free_names(tree)))
    printed = io.StringIO()
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value: object = None
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, "<test cell>", "exec"), namespace)  # noqa: S102
            if isinstance(last, ast.Expr):
                expression = compile(ast.Expression(last.value), "<test cell>", "eval")
                value = eval(expression, namespace)  # noqa: S307
    except SandboxUnavailable:  # says nothing of the student's work
        raise
    except Exception as error:
        own = isinstance(error, StudentError)
        text = str(error) if own else f"{type(error).__name__}: {error}"
        return Tested(0.0, printed.getvalue(), text)
    return Tested(_points(value, worth), printed.getvalue())


def _points(value: object, worth: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return worth
    return 0.0 if value != value else float(min(max(value, 0.0), worth))  # not a number: nothing


def free_names(tree: ast.Module) -> list[str]:
    """Names that the cell reads and neither defines, imports nor finds among Python's own."""
    own: set[str] = set(dir(builtins))
    read: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read.append(node.id)
        elif isinstance(node, ast.Name):
            own.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            own.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
    return [name for name in dict.fromkeys(read) if name not in own]
