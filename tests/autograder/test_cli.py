"""The command: its exit codes, and an end that is quick but loses nothing."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def autograder(tmp_path):
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}

    def run(*words: str, before: str = "") -> subprocess.CompletedProcess[str]:
        program = f"{before}\nfrom autograder.cli import main\nmain()"
        return subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=tmp_path,
            env=usual | {"COLUMNS": "300"},
            capture_output=True,
            text=True,
        )

    return run


def test_what_cannot_be_done_is_exit_code_1_and_told_in_full(autograder):
    ended = autograder("grade", "a1")
    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith("make one with `autograder build`")


def test_wrong_words_are_exit_code_2(autograder):
    assert autograder("grade").returncode == 2


def test_the_quick_end_still_writes_what_was_printed_and_runs_exit_functions(autograder):
    ended = autograder("--help", before="import atexit; atexit.register(print, 'registered')")
    assert ended.returncode == 0
    assert "doctor" in ended.stdout
    assert ended.stdout.endswith("registered\n")


def test_modules_are_not_taken_apart(autograder):
    before = "class Last:\n    __del__ = lambda self: print('taken apart')\nlast = Last()"
    assert "taken apart" not in autograder("--help", before=before).stdout
