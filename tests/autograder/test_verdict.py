"""Verdicts: stored whole or not at all, believed only for their key and beside their notebook."""

import subprocess
import sys

import msgspec
import pytest

from autograder import verdict as module
from autograder.verdict import (
    SCHEMA,
    CellVerdict,
    CheckReport,
    Verdict,
    basis,
    folder_of,
    load,
    notebook_path,
    save,
    verdict_key,
    write_atomically,
)

CHECK = CheckReport("keeps the dtype", 1.0, 2.0, True, "a message", True)
CELLS = (
    CellVerdict("test-f", 2.0, 1.5, False, "", (CHECK,), "off-by-one", "You start at 1."),
    CellVerdict("question-why", 4.0, None, True, "for a person to grade"),
)
VERDICT = Verdict(SCHEMA, "tiny", "ada", "k1", "graded", "", CELLS, ("a note",), {"cells": 0.5})
NOTEBOOK = {"cells": [], "metadata": {"ünï": "✓"}, "nbformat": 4, "nbformat_minor": 5}


def test_what_is_saved_is_loaded(tmp_path):
    stored = save(VERDICT, NOTEBOOK, tmp_path / "new" / "folder")
    assert load(tmp_path / "new" / "folder", "k1") == stored
    assert msgspec.structs.replace(stored, notebook_sha256="") == VERDICT
    assert msgspec.json.decode(notebook_path(tmp_path / "new/folder", "tiny").read_bytes()) == (
        NOTEBOOK
    )
    names = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert names == ["tiny.ipynb", "verdict.json"]


def test_sums_leave_out_what_a_person_has_yet_to_grade():
    assert (VERDICT.points, VERDICT.max_points) == (1.5, 6.0)
    assert VERDICT.misconceptions == ("off-by-one",)


def test_another_key_is_not_answered(tmp_path):
    save(VERDICT, NOTEBOOK, tmp_path)
    assert load(tmp_path, "k2") is None
    assert load(tmp_path / "nobody", "k1") is None


@pytest.mark.parametrize("name", ["verdict.json", "tiny.ipynb"])
def test_a_file_cut_off_anywhere_is_not_believed(tmp_path, name):
    save(VERDICT, NOTEBOOK, tmp_path)
    whole = (tmp_path / name).read_bytes()
    for length in range(0, len(whole) - 1, 7):
        (tmp_path / name).write_bytes(whole[:length])
        assert load(tmp_path, "k1") is None, length
    (tmp_path / name).write_bytes(whole)
    assert load(tmp_path, "k1") is not None


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"schema": "1"},
        {"status": "fine"},
        {"extra": 1},
        {
            "cells": [
                {"grade_id": "test-f", "max_points": 2.0, "points": "2", "needs_review": False}
            ]
        },
        {"cells": [{"grade_id": "test-f", "max_points": 2.0, "needs_review": False}]},
        {"seconds": [1]},
    ],
)
def test_a_verdict_of_another_form_is_not_believed(tmp_path, change):
    save(VERDICT, NOTEBOOK, tmp_path)
    stored = msgspec.json.decode((tmp_path / "verdict.json").read_bytes())
    (tmp_path / "verdict.json").write_bytes(msgspec.json.encode(stored | change))
    assert load(tmp_path, "k1") is None


def test_a_crash_between_the_two_files_leaves_no_verdict(tmp_path, monkeypatch):
    save(VERDICT, NOTEBOOK, tmp_path)
    write = write_atomically

    def crash_at_verdict(path, data, mode=0o644):
        if path.name == "verdict.json":
            raise KeyboardInterrupt
        write(path, data, mode)

    monkeypatch.setattr(module, "write_atomically", crash_at_verdict)
    with pytest.raises(KeyboardInterrupt):
        save(VERDICT, NOTEBOOK | {"nbformat_minor": 4}, tmp_path)
    assert load(tmp_path, "k1") is None


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr(module.os, "fchmod", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"old")]


def test_half_a_character_does_not_stop_the_notebook(tmp_path):
    save(VERDICT, NOTEBOOK | {"metadata": {"title": "a\ud800b"}}, tmp_path)
    text = notebook_path(tmp_path, "tiny").read_text(encoding="utf-8")
    assert msgspec.json.decode(text)["metadata"] == {"title": "a?b"}


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Stand-ins for the packages whose sources decide a verdict."""
    for name in ("autograder", "reference", "assignments/tiny", "assignments/other", "torch"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "code.py").write_text("x = 1\n")
    (tmp_path / "torch/version.py").write_text("__version__ = '2'\n")
    monkeypatch.setattr(module, "package", lambda name: tmp_path / name)
    return tmp_path


def _rewrite(path):
    path.write_text(path.read_text() + "# changed\n")


def _move(path):
    path.rename(path.with_name("other.csv"))


def _data(course, text):
    (course.release / "tiny/data").mkdir(exist_ok=True)
    (course.release / "tiny/data/runs.csv").write_text(text)


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        (lambda tiny, root: None, False),
        (lambda tiny, root: _rewrite(root / "autograder/code.py"), True),
        (lambda tiny, root: _rewrite(root / "reference/code.py"), True),
        (lambda tiny, root: _rewrite(root / "assignments/tiny/code.py"), True),
        (lambda tiny, root: (root / "autograder/new.py").write_text(""), True),
        (lambda tiny, root: (root / "autograder/code.py").rename(root / "autograder/b.py"), True),
        (lambda tiny, root: _rewrite(root / "assignments/other/code.py"), False),
        (lambda tiny, root: (root / "autograder/notes.txt").write_text("no source"), False),
        (lambda tiny, root: _rewrite(tiny.source / "tiny/tiny.ipynb"), True),
        (lambda tiny, root: (tiny.root / ".autograder/secret").unlink(), True),
        (lambda tiny, root: _data(tiny, "loss\n2.5\n"), False),
        (lambda tiny, root: _data(tiny, "loss\n2.6\n"), True),
        (lambda tiny, root: (tiny.release / "tiny/data/runs.csv").unlink(), True),
        (lambda tiny, root: _move(tiny.release / "tiny/data/runs.csv"), True),
    ],
)
def test_the_key_changes_with_whatever_decides_the_verdict(tiny, packages, change, matters):
    _data(tiny, "loss\n2.5\n")
    before = verdict_key(b"submission", basis("tiny", tiny, confined=True))
    change(tiny, packages)
    assert (verdict_key(b"submission", basis("tiny", tiny, confined=True)) != before) is matters


def test_the_key_changes_with_torch(tiny, packages):
    before = verdict_key(b"submission", basis("tiny", tiny, confined=True))
    (packages / "torch/version.py").write_text("__version__ = '3'\n")
    module._sources_digest.cache_clear()  # another torch is another process
    assert verdict_key(b"submission", basis("tiny", tiny, confined=True)) != before


def test_the_key_changes_with_the_submission(tiny, packages):
    shared = basis("tiny", tiny, confined=True)
    assert basis("tiny", tiny, confined=True) == shared
    assert verdict_key(b"one", shared) == verdict_key(b"one", shared)
    assert verdict_key(b"one", shared) != verdict_key(b"two", shared)


def test_the_key_tells_confined_from_unconfined(tiny):
    assert basis("tiny", tiny, confined=True) != basis("tiny", tiny, confined=False)


def test_the_real_packages_are_found_without_importing_them(tiny):
    code = (
        "import sys, autograder.verdict as v\n"
        "print(v.package('reference'), v.package('assignments'), v.package('torch'))\n"
        "heavy = {'torch', 'nbgrader', 'nbformat', 'IPython', 'reference', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_folder_is_the_students_own(tiny):
    assert folder_of(tiny, "tiny", "ada") == tiny.verdicts / "tiny" / "ada"
