"""What each edition reads: all its pages, nothing of the other's, and nothing that is gone."""

import re

import pytest
import yaml

from book import editions
from book.editions import BOOK, GENERATED, INSTRUCTOR, STUDENT, Edition, contents, lay_out, pages

SECRET = ("solutions/", "instructors/")


@pytest.fixture(params=[STUDENT, INSTRUCTOR])
def edition(request, tmp_path) -> Edition:
    return Edition(request.param, tmp_path / "book")


def lay(edition: Edition, **options) -> list[str]:
    laid = lay_out(edition, edition.root / "cache", {}, draft=True, **options)
    return [path.relative_to(edition.sources).with_suffix("").as_posix() for path in laid]


def test_every_page_of_the_contents_is_written():
    listed = [page for page in pages(contents(INSTRUCTOR)) if not page.startswith(GENERATED)]
    assert [page for page in listed if not (BOOK / f"{page}.md").is_file()] == []


def test_every_page_that_is_written_is_in_the_contents():
    written = {path.relative_to(BOOK).with_suffix("").as_posix() for path in BOOK.rglob("*.md")}
    assert written - set(pages(contents(INSTRUCTOR))) == set()


def test_every_assignment_has_its_pages():
    from autograder.build import assignments

    listed = set(pages(contents(INSTRUCTOR)))
    for name in assignments():
        assert {f"assignments/{name}", f"solutions/{name}"} <= listed
        assert f"{{doc}}`{name}`" in (BOOK / "assignments/index.md").read_text(encoding="utf-8")


def test_students_have_all_pages_but_the_instructors():
    everything = list(pages(contents(INSTRUCTOR)))
    of_students = [page for page in everything if not page.startswith(SECRET)]
    assert list(pages(contents(STUDENT))) == of_students
    assert len(everything) - len(of_students) >= 7


def test_an_edition_is_laid_out_with_its_pages_alone(edition):
    laid = lay(edition)
    there = {path.relative_to(edition.sources) for path in edition.sources.rglob("*.md")}
    assert {path.with_suffix("").as_posix() for path in there} == set(laid)
    assert any(page.startswith("instructors/") for page in laid) == (edition.name == INSTRUCTOR)
    assert (edition.sources / "notation.md").read_bytes() == (BOOK / "notation.md").read_bytes()


def test_pages_can_include_the_code_of_the_reference(edition):
    lay(edition)
    page = edition.sources / "transformer" / "positions.md"
    assert (page.parent / "../../reference/positions.py").is_file()


def test_a_page_that_did_not_change_is_not_written_again(edition):
    lay(edition)
    page = edition.sources / "notation.md"
    before = page.stat().st_mtime_ns
    lay(edition)
    assert page.stat().st_mtime_ns == before
    page.write_text("something else", encoding="utf-8")
    lay(edition)
    assert page.read_bytes() == (BOOK / "notation.md").read_bytes()


def test_nothing_of_a_page_that_is_gone_is_left(edition, monkeypatch):
    lay(edition)
    built = edition.html / "notation.html"
    built.parent.mkdir(parents=True)
    built.write_text("a page", encoding="utf-8")
    lay(edition)
    assert built.exists(), "pages are made anew for no reason"

    fewer = contents(edition.name, draft=True)
    fewer["parts"] = [part for part in fewer["parts"] if part["caption"] != "The course"]
    monkeypatch.setattr(editions, "contents", lambda name, draft: fewer)
    lay(edition)
    assert not built.exists()
    assert not (edition.sources / "notation.md").exists()


def test_a_draft_leaves_out_what_is_not_written(edition, monkeypatch, tmp_path):
    for name in ("contents.yml", "settings.yml", "intro.md", "references.md", "references.bib"):
        (tmp_path / name).write_bytes((BOOK / name).read_bytes())
    (tmp_path / "static").symlink_to(BOOK / "static")
    monkeypatch.setattr(editions, "BOOK", tmp_path)
    assert lay(edition) == ["intro", "references"]
    with pytest.raises(FileNotFoundError, match="how-to-use"):
        lay_out(edition, tmp_path / "cache", {}, draft=False)


def test_what_differs_between_editions_is_in_their_settings(edition, tmp_path):
    lay_out(edition, tmp_path / "kept", {"repository": "r"}, draft=True)
    written = yaml.safe_load((edition.sources / "_config.yml").read_text(encoding="utf-8"))
    assert ("instructors" in written["title"]) == (edition.name == INSTRUCTOR)
    assert written["execute"]["cache"] == str(tmp_path / "kept")
    assert written["sphinx"]["config"]["launch_addresses"] == {"repository": "r"}
    assert set(edition.toc.read_text(encoding="utf-8").split()).isdisjoint({"edition:"})


def test_no_source_is_entered_twice():
    entries = re.findall(r"^@\w+\{(\w+),", (BOOK / "references.bib").read_text(), re.M)
    assert len(entries) > 50
    assert sorted(set(entries)) == entries, "twice, or out of order"
