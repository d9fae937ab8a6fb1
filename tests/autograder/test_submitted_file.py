"""Files in a submitted folder: which are read, and why the others are not."""

import os
import tracemalloc

import pytest

from autograder.errors import UnreadableSubmission
from autograder.submitted_file import read_bytes

GOOD = b"{}"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "submitted" / "ada" / "a3"
    folder.mkdir(parents=True)
    (tmp_path / "secret.ipynb").write_bytes(GOOD)
    return folder


def unread(path, inside=None):
    with pytest.raises(UnreadableSubmission) as caught:
        read_bytes(path, inside)
    return str(caught.value)


def test_a_regular_file_is_read(folder, tmp_path):
    (folder / "a3.ipynb").write_bytes(GOOD)
    assert read_bytes(folder / "a3.ipynb") == GOOD
    assert read_bytes(folder / "a3.ipynb", tmp_path / "submitted") == GOOD


def test_a_sparse_file_of_200_mb_is_refused_before_it_is_read(folder):
    with open(folder / "a3.ipynb", "wb") as file:
        file.truncate(200 * 2**20)
    tracemalloc.start()
    try:
        assert unread(folder / "a3.ipynb") == "a3.ipynb has 200.0 MB; at most 20 MB are read"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_symbolic_links_are_not_followed_at_any_level(folder, tmp_path):
    submitted = tmp_path / "submitted"
    (folder / "a3.ipynb").symlink_to(tmp_path / "secret.ipynb")
    assert "'a3.ipynb' is a symbolic link" in unread(folder / "a3.ipynb")

    (folder / "a3.ipynb").unlink()
    (folder / "a3.ipynb").write_bytes(GOOD)
    (submitted / "eve").mkdir()
    (submitted / "eve" / "a3").symlink_to(folder)
    assert "'a3' is a symbolic link" in unread(submitted / "eve" / "a3" / "a3.ipynb", submitted)
    (submitted / "mallory").symlink_to(submitted / "ada")
    assert "'mallory' is a symbolic link" in unread(
        submitted / "mallory" / "a3" / "a3.ipynb", submitted
    )


def test_pipes_and_folders_are_no_files(folder):
    os.mkfifo(folder / "a3.ipynb")
    assert unread(folder / "a3.ipynb") == "a3.ipynb is no regular file"
    (folder / "a3.ipynb").unlink()
    (folder / "a3.ipynb").mkdir()
    assert unread(folder / "a3.ipynb") == "a3.ipynb is no regular file"


def test_a_missing_file_names_what_is_there_instead(folder, tmp_path):
    assert unread(folder / "a3.ipynb") == "there is no a3.ipynb"
    (folder / "a3 (1).ipynb").write_bytes(GOOD)
    (folder / "\x1b[2J.ipynb").write_bytes(GOOD)
    assert unread(folder / "a3.ipynb") == (
        r"there is no a3.ipynb; there is '\x1b[2J.ipynb', 'a3 (1).ipynb'"
    )
    nobody = tmp_path / "submitted" / "bob" / "a3" / "a3.ipynb"
    assert unread(nobody, tmp_path / "submitted") == "cannot open 'bob': No such file or directory"


def test_no_descriptor_is_left_open(folder, tmp_path):
    before = os.listdir("/proc/self/fd")
    for path in (folder / "a3.ipynb", tmp_path / "submitted" / "bob" / "a3" / "a3.ipynb"):
        unread(path, tmp_path / "submitted")
    (folder / "a3.ipynb").write_bytes(GOOD)
    read_bytes(folder / "a3.ipynb", tmp_path / "submitted")
    assert os.listdir("/proc/self/fd") == before
