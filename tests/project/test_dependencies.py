"""constraints.txt pins what pyproject.toml asks for, in a form that any machine can install."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def test_every_dependency_is_pinned_within_its_range(text_of):
    pins = pinned(text_of("constraints.txt"))
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
    asked = [Requirement(line) for line in lines]
    for requirement in asked:
        name = canonicalize_name(requirement.name)
        if name == project["name"]:
            continue
        assert name in pins, f"constraints.txt does not pin {name}"
        assert requirement.specifier.contains(pins[name]), f"{name}=={pins[name]} is out of range"


def test_nothing_ties_the_constraints_to_one_machine(text_of):
    lines = requirements(text_of("constraints.txt"))
    # a local version (torch's +cpu), a link, a path or an option would fail elsewhere
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert "torch==2.13.0" in lines


def test_the_project_cannot_be_uploaded_by_mistake(text_of):
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    assert "Private :: Do Not Upload" in project["classifiers"]


def requirements(constraints: str) -> list[str]:
    lines = [line.strip() for line in constraints.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def pinned(constraints: str) -> dict[str, str]:
    pairs = [line.split("==") for line in requirements(constraints)]
    return {canonicalize_name(name): version for name, version in pairs}
