"""The package as a whole: its table of contents, its docstrings' examples, its checked shapes."""

import ast
import doctest
import importlib
import pkgutil
import re
import sys
from pathlib import Path

import jaxtyping
import pytest
import torch

import reference
from reference.attention import scaled_dot_product_attention

MODULES = sorted(m.name for m in pkgutil.iter_modules(reference.__path__) if not m.ispkg)
# What needs more than torch, numpy and scipy stands apart from the ideas: `pictures.style`, …
APART = sorted(
    name
    for m in pkgutil.walk_packages(reference.__path__, "reference.")
    if "." in (name := m.name.removeprefix("reference.")) and not m.ispkg
)
PROMISED = {"reference", "torch", "numpy", "scipy", "jaxtyping", *sys.stdlib_module_names}
FOR_COMMANDS = {"typer", "rich", "matplotlib"}
ALSO = {"minilm": {"safetensors"}, "trainable": {"safetensors"}, "__main__": {"typer"}}
ALSO |= {"commands": FOR_COMMANDS | {"tokenizers"}, "pictures": {"matplotlib"}}


def source_of(module):
    path = Path(reference.__path__[0], *module.split(".")).with_suffix(".py")
    return path.read_text(encoding="utf-8")


def test_the_table_lists_exactly_the_modules():
    rows = re.findall(r"^\| [^|]+ \| `(\w+)`", reference.__doc__, flags=re.MULTILINE)
    assert sorted(set(rows)) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_are_true(module):
    failed, attempted = doctest.testmod(importlib.import_module(f"reference.{module}"))
    assert attempted > 0
    assert failed == 0


@pytest.mark.parametrize("module", APART)
def test_examples_apart_are_true_where_there_are_any(module):
    assert doctest.testmod(importlib.import_module(f"reference.{module}")).failed == 0


@pytest.mark.parametrize("module", [*MODULES, *APART])
def test_a_module_tells_what_is_left_out_and_how_it_is_proved(module):
    source = source_of(module)
    docstring = ast.get_docstring(ast.parse(source))
    assert re.search(r"^Left out: ", docstring, re.MULTILINE)
    assert re.search(r"^Proved by: ", docstring, re.MULTILINE)


@pytest.mark.parametrize("module", ["__init__", *MODULES, *APART])
def test_only_the_promised_packages_are_imported(module):
    promised = PROMISED | ALSO.get(module.split(".")[0], set())
    tree = ast.parse(source_of(module))
    for node in ast.walk(tree):
        # a picture that stands with its idea loads matplotlib when it is drawn
        allowed = promised if node in tree.body else promised | {"matplotlib"}
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module.split(".")[0] in allowed


def test_ideas_do_not_import_their_pictures_or_the_commands():
    for module in set(MODULES) - {"__main__"}:
        assert not re.search(r"reference\.(pictures|commands)", source_of(module)), module


def test_shapes_in_signatures_are_checked_in_the_tests():
    """Without pytest's option for jaxtyping, the other tests would check less, in silence."""
    q, k = torch.zeros(2, 3), torch.zeros(2, 4)
    with pytest.raises(jaxtyping.TypeCheckError, match="d_k"):
        scaled_dot_product_attention(q, k, k)
