"""IPython's magics are looked for in cells that are not plain Python.

IPython takes each cell apart with Python's own tokenizer, which takes longer than to run most of
them. What the parser accepts has none of its special syntax (a line that begins with `%`, `!` or
`?`, one that ends in `?`, `x = %magic`), so such a cell is left as it is. Not so where the parser
could warn (the warning would be told twice), or where IPython and Python disagree on where lines
end.
Proved by: tests/autograder/inside/test_magics.py.
"""

from __future__ import annotations

import ast
import re

from IPython.core.inputtransformer2 import TransformerManager

_WARNS = re.compile(r"\\|(?<!\w)\d[\w.]*[A-Za-z]")  # escapes, and numbers that run into a word


class Transformers(TransformerManager):
    """As IPython's, quicker for plain Python; a notebook may add its own."""

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        """The lines with magics turned into calls."""
        if self.token_transformers == _OWN and _is_python(lines):
            return lines
        return super().do_token_transforms(lines)  # type: ignore[no-any-return, no-untyped-call]


_OWN = TransformerManager().token_transformers


def _is_python(lines: list[str]) -> bool:
    text = "".join(lines)
    if _WARNS.search(text) or text.count("\n") != len(lines):
        return False
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
