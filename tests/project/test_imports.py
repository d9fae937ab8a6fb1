"""Import contracts that import-linter cannot state, and calls that the trusted side never makes."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

OURS = {"reference", "autograder", "assignments", "book"}


def imported(source: str) -> set[str]:
    """The absolute names a module imports, in functions too; relative ones keep their dots."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def test_what_runs_beside_student_code_imports_only_itself(modules, text_of):
    inside = [path for path in modules if path.is_relative_to("autograder/inside")]
    assert inside, "autograder/inside is empty"
    for path in inside:
        names = imported(text_of(path))
        ours = {name for name in names if name.split(".")[0] in OURS or name.startswith("..")}
        # Mounted in the sandbox as a package of its own name, so that only relative imports work.
        assert ours == set(), f"{path} imports {ours}"


def test_every_third_party_import_is_declared(modules, text_of, root):
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    declared = {canonical(line) for line in project["dependencies"]}
    tested_against, for_book = (
        {canonical(line) for line in project["optional-dependencies"][extra]}
        for extra in ("test", "book")
    )
    distributions = importlib.metadata.packages_distributions()
    undeclared = {}
    for path in modules:
        if path.parts[0] not in OURS:
            continue
        names = {name.split(".")[0] for name in imported(text_of(path)) if name[:1] != "."}
        third_party = names - set(sys.stdlib_module_names) - OURS
        if path.is_relative_to("autograder/inside"):
            third_party -= {"inside"}
        # a bench compares with libraries that only the tests need besides
        allowed = declared | tested_against if path.name.startswith("bench_") else declared
        if path.parts[0] == "book":
            allowed = declared | for_book
        for name in third_party:
            sources = {canonical(source) for source in distributions.get(name, [name])}
            if not sources & allowed:
                undeclared.setdefault(name, []).append(str(path))
    assert undeclared == {}


def canonical(requirement: str) -> str:
    """The normalised name at the start of a requirement."""
    name = re.match(r"[\w.-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_the_trusted_side_neither_evaluates_nor_unpickles(modules, text_of):
    trusted = [
        path
        for path in modules
        if path.parts[0] == "autograder" and not path.is_relative_to("autograder/inside")
    ]
    assert trusted
    found = {
        (str(path), name)
        for path in trusted
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.Call) and (name := dangerous(node))
    }
    # The judge runs the template's test cells, and stock nbgrader's kernel right parts: they come
    # from this repository.
    assert found <= {
        ("autograder/evaluation.py", "exec"),
        ("autograder/evaluation.py", "eval"),
        ("autograder/parts.py", "exec"),
    }


def dangerous(call: ast.Call) -> str:
    """The name of a function that could run what it reads, or ""."""
    name = ast.unparse(call.func)
    if name in {"eval", "exec", "torch.load"} or re.search(r"\bpickle\.", name):
        return name
    words = {word.arg: ast.unparse(word.value) for word in call.keywords}
    unpickles = name in {"np.load", "numpy.load"} and words.get("allow_pickle", "False") != "False"
    return name if unpickles else ""


def test_a_package_docstring_lists_its_modules(modules, text_of):
    for package in (Path("reference"), Path("autograder/inside")):
        docstring = ast.get_docstring(ast.parse(text_of(package / "__init__.py"))) or ""
        listed = {name.removesuffix(".py") for name in re.findall(r"`([\w.]+)`", docstring)}
        there = {path.stem for path in modules if path.parent == package} - {"__init__"}
        assert there <= listed, f"{package}/__init__.py does not list {there - listed}"
