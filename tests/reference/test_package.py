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


def source_of(module):
    return Path(reference.__path__[0], f"{module}.py").read_text(encoding="utf-8")


def test_the_table_lists_exactly_the_modules():
    rows = re.findall(r"^\| [^|]+ \| `(\w+)`", reference.__doc__, flags=re.MULTILINE)
    assert sorted(set(rows)) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_are_true(module):
    failed, attempted = doctest.testmod(importlib.import_module(f"reference.{module}"))
    assert attempted > 0
    assert failed == 0


@pytest.mark.parametrize("module", MODULES)
def test_a_module_tells_what_is_left_out_and_how_it_is_proved(module):
    source = source_of(module)
    docstring = ast.get_docstring(ast.parse(source))
    assert re.search(r"^Left out: ", docstring, re.MULTILINE)
    assert re.search(r"^Proved by: ", docstring, re.MULTILINE)


@pytest.mark.parametrize("module", ["__init__", *MODULES])
def test_only_the_promised_packages_are_imported(module):
    promised = {"reference", "torch", "numpy", "scipy", "jaxtyping", *sys.stdlib_module_names}
    also = {"minilm": {"safetensors"}, "trainable": {"safetensors"}}
    also["__main__"] = {"typer", "rich", "matplotlib"}
    promised |= also.get(module, set())
    tree = ast.parse(source_of(module))
    for node in ast.walk(tree):
        # pictures alone need matplotlib, and load it when they are drawn
        allowed = promised if node in tree.body else promised | {"matplotlib"}
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module.split(".")[0] in allowed


def test_shapes_in_signatures_are_checked_in_the_tests():
    """Without pytest's option for jaxtyping, the other tests would check less, in silence."""
    q, k = torch.zeros(2, 3), torch.zeros(2, 4)
    with pytest.raises(jaxtyping.TypeCheckError, match="d_k"):
        scaled_dot_product_attention(q, k, k)
