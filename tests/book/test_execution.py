"""Pages are executed once, again when something changed, and a failure names its page."""

import nbformat
import pytest
from jupyter_cache import get_cache
from myst_nb.core.read import myst_nb_reader_plugin

from book import execution
from book.execution import PageError, cache_folder, execute, set_up_kernels

PAGE = """---
file_format: mystnb
kernelspec:
  name: python3
---

# A page

```{{code-cell}} ipython3
{}
```
"""


@pytest.fixture(autouse=True)
def _kernels(tmp_path, monkeypatch):
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "PYTHONHASHSEED", "PYTHONPATH"):
        monkeypatch.setenv(name, "")  # so that they are put back
    set_up_kernels(tmp_path / "settings")


@pytest.fixture
def write(tmp_path):
    def page(name: str, code: str):
        path = tmp_path / f"{name}.md"
        path.write_text(PAGE.format(code), encoding="utf-8")
        return path

    return page


def outputs(path, cache) -> list[nbformat.NotebookNode]:
    _, notebook = get_cache(cache).merge_match_into_notebook(myst_nb_reader_plugin(str(path)))
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_a_page_is_executed_once(write, tmp_path):
    cache, log = tmp_path / "cache", tmp_path / "log"
    page = write("page", f"print('x', file=open({str(log)!r}, 'a'))\n6 * 7")
    text = tmp_path / "text.md"
    text.write_text("# No code here", encoding="utf-8")
    told = []
    execute([page, text], cache, lambda done, of: told.append((done, of)))
    assert told == [(1, 1)]
    assert outputs(page, cache)[0].data["text/plain"] == "42"
    execute([page, text], cache)
    assert log.read_text() == "x\n"
    write("page", f"print('y', file=open({str(log)!r}, 'a'))")
    execute([page], cache)
    assert log.read_text() == "x\ny\n"


def test_one_failing_page_stops_no_other(write, tmp_path):
    cache = tmp_path / "cache"
    good, bad = write("good", "6 * 7"), write("bad", "1 / 0")
    with pytest.raises(PageError, match=r"(?s)^bad\.md: .*1 / 0.*ZeroDivisionError") as failure:
        execute([bad, good], cache)
    assert "\x1b" not in str(failure.value)
    assert outputs(good, cache)
    with pytest.raises(PageError, match="ZeroDivisionError"):  # it is not kept as if it were done
        execute([bad], cache)


def test_pages_import_this_reference_and_run_elsewhere(write, tmp_path):
    code = "import os, reference\n(os.getcwd(), reference.__file__)"
    page = write("page", code)
    execute([page], tmp_path / "cache")
    (shown,) = outputs(page, tmp_path / "cache")
    where, imported = eval(shown.data["text/plain"])
    assert imported == str(execution.BOOK.parent / "reference" / "__init__.py")
    assert not where.startswith((str(tmp_path), str(execution.BOOK.parent)))


def test_a_cache_belongs_to_one_state_of_the_code(tmp_path, monkeypatch):
    code = tmp_path / "reference"
    code.mkdir()
    (code / "a.py").write_text("x = 1")
    monkeypatch.setattr(execution, "BOOK", tmp_path / "book")
    seen = [cache_folder(tmp_path / "cache")]
    assert cache_folder(tmp_path / "cache") == seen[0]
    (code / "a.py").write_text("x = 2")
    seen.append(cache_folder(tmp_path / "cache"))
    (code / "a.csv").write_text("1,2")
    seen.append(cache_folder(tmp_path / "cache"))
    (code / "a.csv").rename(code / "b.csv")
    seen.append(cache_folder(tmp_path / "cache"))
    monkeypatch.setattr(execution, "version", lambda library: "another")
    seen.append(cache_folder(tmp_path / "cache"))
    assert len(set(seen)) == 5
    assert list((tmp_path / "cache").iterdir()) == seen[-1:], "old caches are kept"
