"""The Makefile: what `help` lists, what an old Python is told, what `clean` keeps."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TARGETS = {"help", "demo", "test", "check", "book", "gpu", "bench", "validate", "clean"}


@pytest.fixture
def clone(root: Path, tmp_path: Path) -> Path:
    """A folder with what `make` needs and nothing installed."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(root / name, tmp_path)
    for name in ("reference", "autograder", "assignments", "book", "tests"):
        (tmp_path / name).mkdir()
    return tmp_path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_lists_every_target(clone):
    listed = set(re.findall(r"^  make (\w+)", make(clone).stdout, re.MULTILINE))
    assert listed == TARGETS


def test_what_needs_the_package_installs_it(clone):
    # `help` and `clean` must work on a bare machine; the rest must not assume an environment
    for target in sorted(TARGETS - {"help", "clean"}):
        assert "pip install" in make(clone, "--dry-run", target).stdout, target


def test_an_old_python_is_refused_in_words(clone):
    old = clone / "python3.9"
    # says what an old one says, and runs the Makefile's own question with an old one's answer
    ask = "import sys; sys.version_info = (3, 9, 2); exec(sys.argv[2])"
    old.write_text(
        f'#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2 && exit\n'
        f"exec '{sys.executable}' -c '{ask}' \"$@\"\n"
    )
    old.chmod(0o755)
    refused = make(clone, "check", f"PYTHON={old}")
    assert refused.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed" in refused.stdout
    assert "Python 3.9.2" in refused.stdout
    assert not (clone / ".venv").exists()


def test_clean_keeps_the_course(clone):
    gradebook = clone / "build/course/gradebook.db"
    built = clone / "build/demo/release/a3_attention.ipynb"
    for path in (gradebook, built):
        path.parent.mkdir(parents=True)
        path.write_text("")
    assert make(clone, "clean").returncode == 0
    assert gradebook.exists(), "make clean deleted grades"
    assert not built.exists()


def test_ci_runs_the_check_the_tests_and_the_book(root, text_of):
    assert "make check test book" in text_of(".ci/run")
    assert (root / ".ci/run").stat().st_mode & 0o100, ".ci/run cannot be executed"
