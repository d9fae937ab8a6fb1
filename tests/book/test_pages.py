"""The built pages as files: links, anchors, pictures, what they load, what they are not."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag

from autograder.course import Course
from autograder.errors import LeakError
from book import leaks
from book.editions import STUDENT, Edition, contents, pages

pytestmark = pytest.mark.book


@pytest.fixture(params=["student", "instructor"])
def edition(request) -> Edition:
    return request.getfixturevalue(request.param)


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_bytes(), "html.parser")


def html_of(edition: Edition) -> list[Path]:
    found = [path for path in edition.html.rglob("*.html") if "_static" not in path.parts]
    assert len(found) > 20
    return sorted(found)


def tags(path: Path, attribute: str) -> Iterator[tuple[Tag, str]]:
    for tag in parsed(path).find_all(attrs={attribute: True}):
        yield tag, str(tag[attribute])


def test_links_lead_to_files_and_anchors(edition):
    broken = []
    for path in html_of(edition):
        for attribute in ("href", "src"):
            for _, address in tags(path, attribute):
                parts = urlsplit(address)
                if parts.scheme:
                    continue
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                if not target.is_file():
                    broken.append((path.name, address))
                elif parts.fragment and target.suffix == ".html":
                    name = unquote(parts.fragment)
                    if not parsed(target).find(id=name):
                        broken.append((path.name, address))
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(edition):
    loading = [("src", {"script", "img", "iframe", "video", "audio", "source"}), ("href", {"link"})]
    for path in html_of(edition):
        for attribute, names in loading:
            for tag, address in tags(path, attribute):
                elsewhere = bool(urlsplit(address).scheme or urlsplit(address).netloc)
                assert tag.name not in names or not elsewhere or address.startswith("data:"), tag
        for script in parsed(path).find_all("script"):
            assert "://" not in script.text, script


def test_every_picture_says_what_it_shows(edition):
    silent = [
        (path.name, str(tag)[:100])
        for path in html_of(edition)
        for tag in parsed(path).select("article img")
        if len(str(tag.get("alt", ""))) < 20 or str(tag["alt"]).endswith((".png", ".svg"))
    ]
    assert silent == []


def test_every_page_has_one_title_and_no_trace_of_a_failure(edition):
    for page in pages(contents(edition.name)):
        html = parsed(edition.html / f"{page}.html")
        assert len(html.select("article h1")) == 1, page
        assert "Traceback (most recent call last)" not in html.get_text(), page


def test_students_get_no_page_of_the_instructors(student):
    built = {path.relative_to(student.html).with_suffix("").as_posix() for path in html_of(student)}
    assert built == {*pages(contents(STUDENT)), "index", "search"}
    for name in ("solutions", "instructors"):
        assert not list(student.folder.rglob(name)), name


def test_nothing_leaks_to_students_and_the_search_sees_what_would(student, instructor, built):
    secrets = leaks.secrets(Course(built / "course"))
    leaks.scan(student, secrets)
    with pytest.raises(LeakError, match=r"the solution of `softmax`.*(.|\n)*and \d+ more"):
        leaks.scan(instructor, secrets)
