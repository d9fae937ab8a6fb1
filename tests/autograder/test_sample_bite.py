"""Samples find what they look for where it stands open: elsewhere their silence says something.

Each that can harm nothing but its cage is run in a bubblewrap of its own, beside a course, a
neighbour and a listener that are there to be found (open_cage.py).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.bubblewrap import bwrap_path
from autograder.demo import CLASSES
from autograder.deserved import ALARM

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

SAMPLES = CLASSES / "a3_attention"
BITING = [
    path.stem
    for path in sorted(SAMPLES.glob("[!_]*.py"))
    if "bites: true" in path.read_text(encoding="utf-8")
]


def test_some_bite():
    assert len(BITING) >= 8


@pytest.mark.parametrize("name", BITING)
def test_a_sample_finds_what_it_looks_for_where_the_bars_are_open(name: str, tmp_path: Path):
    assert ALARM in _in_an_open_cage(_code_of(name), tmp_path)


def _code_of(name: str) -> list[str]:

    code = [c.source for c in jupytext.read(SAMPLES / f"{name}.py").cells if c.cell_type == "code"]
    setup = "import math\nimport torch\nfrom torch import nn\n"
    return [setup, *map(TransformerManager().transform_cell, code)]


def _in_an_open_cage(cells: list[str], folder: Path) -> str:
    """What the cells print beside a course, a neighbour and a listener."""
    course = folder / "course"
    (course / "submitted" / "neighbour").mkdir(parents=True)
    (course / "gradebook.db").write_text("canary-secret", encoding="utf-8")
    (folder / "packages" / "reference").mkdir(parents=True)
    (folder / "packages" / "reference" / "__init__.py").touch()
    cage = Path(__file__).with_name("open_cage.py")
    readable = {"/usr", "/lib", "/lib64", "/bin", "/etc", sys.prefix, sys.base_prefix}
    command = [bwrap_path(), "--unshare-all", "--die-with-parent", "--new-session"]
    command += ["--tmpfs", "/tmp"]  # first: the interpreter may lie in it
    for path in sorted(readable):
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            command += ["--ro-bind", path, path]
    command += ["--proc", "/proc", "--dev", "/dev", "--dir", "/scratch/home"]
    command += ["--bind", str(course), "/home/course", "--ro-bind", str(cage), "/cage.py"]
    command += ["--ro-bind", str(folder / "packages"), "/packages", "--chdir", "/scratch/home"]
    command += [
        "--clearenv",
        "--setenv",
        "HOME",
        "/scratch/home",
        "--setenv",
        "PYTHONPATH",
        "/packages",
    ]
    done = subprocess.run(
        [*command, sys.executable, "/cage.py"],
        input=json.dumps(cells),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=200,
    )
    return done.stdout
