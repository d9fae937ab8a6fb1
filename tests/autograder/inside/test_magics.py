"""Cells come out as IPython's own transformers give them, and plain ones without its tokenizer."""

import ast
import warnings
from pathlib import Path

import pytest
from IPython.core import inputtransformer2
from IPython.core.inputtransformer2 import TransformerManager

from autograder.inside.magics import Transformers

HERE = Path(__file__).parents[3]
SOURCES = [*HERE.glob("reference/*.py"), *HERE.glob("assignments/*/*.py"), Path(ast.__file__)]
MAGICS = {
    "line magic": "%matplotlib inline\nx = 1",
    "cell magic": "%%capture\nprint(1)",
    "magic assigned": "x = %pwd",
    "system call assigned": "x = !ls",
    "system call": "!ls",
    "help": "len?",
    "help before": "?len",
    "in a block": "if True:\n    %time x = 1",
    "among plain lines": "y = 2\n%time x = 1\nz = (3\n%y)",
    "a prompt": ">>> x = 1\n... y = 2",
    "IPython's prompt": "In [1]: x",
    "indented": "  x = 1\n  y = 2",
    "quotes": '"""\n%pwd\n!ls\nlen?\n"""',
    "remainder on a line of its own": "x = (10\n% 3)\ny = 10 \\\n% 3",
    "question in a comment": "x = 1  # really?",
    "not Python": "x = = 1",
    "half a cell": "def f(:",
    "a line that only IPython sees": 'x = "a\u2028%pwd"',
    "form feed": "x = 1\n\x0c%pwd",
    "nothing": "",
}


@pytest.mark.filterwarnings("ignore:`make_tokens_by_line` received")
@pytest.mark.parametrize("cell", MAGICS.values(), ids=MAGICS)
def test_a_cell_comes_out_as_from_ipython(cell):
    assert Transformers().transform_cell(cell) == TransformerManager().transform_cell(cell)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_plain_python_holds_no_magic_for_ipython(path):
    source = path.read_text()
    assert TransformerManager().transform_cell(source) == Transformers().transform_cell(source)


def test_plain_python_is_not_taken_apart(monkeypatch):
    def refuse(lines):
        raise AssertionError("the tokenizer was asked")

    monkeypatch.setattr(inputtransformer2, "make_tokens_by_line", refuse)
    assert Transformers().transform_cell("x = 1\nif x:\n    print(x)\n") == (
        "x = 1\nif x:\n    print(x)\n"
    )
    with pytest.raises(AssertionError, match="the tokenizer was asked"):
        Transformers().transform_cell("%pwd")


def test_a_transformer_that_a_notebook_adds_is_asked():
    class Shout(inputtransformer2.TokenTransformBase):
        @classmethod
        def find(cls, tokens_by_line):
            first = tokens_by_line[0][0]
            return cls(first.start) if first.string == "quiet" else None

        def transform(self, lines):
            return ["loud\n", *lines[1:]]

    transformers = Transformers()
    transformers.token_transformers.append(Shout)
    assert transformers.transform_cell("quiet\n") == "loud\n"
    assert Transformers().transform_cell("quiet\n") == "quiet\n"


@pytest.mark.parametrize("cell", [r"x = '\d'", "x = 1or 2", "x = [0x1for x in (1, 2)]"])
def test_a_warning_of_the_parser_is_not_told_twice(cell):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Transformers().transform_cell(cell)
