"""The list of fonts: made once, found again, read in the sandbox, and missed by nobody."""

import json
import os
from importlib.machinery import ModuleSpec

import pytest

from autograder import fonts
from autograder.fonts import font_lists
from autograder.sandbox import Sandbox


def test_it_is_made_once_and_names_the_fonts(tmp_path, monkeypatch):
    [made] = font_lists(tmp_path)
    assert any(font["name"] == "DejaVu Sans" for font in json.loads(made.read_bytes())["ttflist"])
    monkeypatch.setattr(fonts, "_make", lambda kept: pytest.fail("made a second time"))
    assert font_lists(tmp_path) == [made]
    assert len(list(tmp_path.iterdir())) == 1, "no litter"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    assert font_lists(tmp_path / "file") == []


def test_nothing_is_kept_where_none_could_be_made(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "_MAKE", "raise SystemExit(1)")
    assert font_lists(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_another_matplotlib_in_its_place_gets_a_list_of_its_own(tmp_path, monkeypatch):
    before = fonts._installation()
    upgraded = tmp_path / "matplotlib.py"
    upgraded.write_text("")
    monkeypatch.setattr(
        fonts.importlib.util, "find_spec", lambda name: ModuleSpec(name, None, origin=str(upgraded))
    )
    assert (first := fonts._installation()) != before
    os.utime(upgraded, (1, 1))
    assert fonts._installation() != first


NAMES = """
from matplotlib import font_manager
print(sorted({font.name for font in font_manager.fontManager.ttflist}))
"""


@pytest.mark.sandbox
def test_the_sandbox_reads_it_instead_of_making_its_own(tmp_path, monkeypatch, submission):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    [made] = font_lists()
    made.write_text(made.read_text().replace('"DejaVu Serif"', '"Known by the list alone"'))
    with Sandbox() as sandbox:
        [names] = submission(sandbox).run(NAMES).outputs
    assert "Known by the list alone" in names.text
