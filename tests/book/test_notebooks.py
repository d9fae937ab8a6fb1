"""Released assignments in the book: pages to read, archives that hold all that is needed."""

import os
import time
import zipfile

import pytest

from book.notebooks import put_in


@pytest.fixture
def releases(tmp_path):
    folder = tmp_path / "release" / "a7_laws"
    (folder / "data").mkdir(parents=True)
    (folder / "a7_laws.ipynb").write_text('{"cells": []}')
    (folder / "data" / "runs.csv").write_text("1,2\n" * 100)
    return [folder]


def test_a_page_and_an_archive_are_made_of_a_release(releases, tmp_path):
    put_in(releases, tmp_path / "sources")
    target = tmp_path / "sources" / "assignments"
    assert (target / "a7_laws.ipynb").read_text() == '{"cells": []}'
    with zipfile.ZipFile(target / "a7_laws.zip") as archive:
        assert archive.namelist() == ["a7_laws/a7_laws.ipynb", "a7_laws/data/runs.csv"]
        assert archive.read("a7_laws/data/runs.csv") == b"1,2\n" * 100


def test_the_same_release_gives_the_same_bytes(releases, tmp_path):
    put_in(releases, tmp_path / "one")
    for path in releases[0].rglob("*"):
        os.utime(path, (time.time() + 100, time.time() + 100))
    put_in(releases, tmp_path / "two")
    one, two = (tmp_path / each / "assignments" / "a7_laws.zip" for each in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_page_that_did_not_change_is_not_written_again(releases, tmp_path):
    put_in(releases, tmp_path)
    page = tmp_path / "assignments" / "a7_laws.ipynb"
    before = page.stat().st_mtime_ns
    put_in(releases, tmp_path)
    assert page.stat().st_mtime_ns == before
    (releases[0] / "a7_laws.ipynb").write_text('{"cells": [1]}')
    put_in(releases, tmp_path)
    assert page.read_text() == '{"cells": [1]}'
