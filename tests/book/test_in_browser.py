"""Every page in Chromium: as a file on a phone, light and dark, and served, on a desktop."""

import pytest

from book.editions import INSTRUCTOR, STUDENT, contents, pages

OF_STUDENTS = [*pages(contents(STUDENT)), "search"]
OF_INSTRUCTORS = [page for page in pages(contents(INSTRUCTOR)) if page not in OF_STUDENTS]
DESKTOP = (1400, 900)

pytestmark = pytest.mark.book


@pytest.mark.parametrize("page", OF_STUDENTS)
def test_a_page_for_students_has_no_fault(page, student, look, serve):
    path = student.html / f"{page}.html"
    assert look(path.as_uri()) == []
    assert look(f"{serve(student.html)}/{page}.html", DESKTOP, accessible=False) == []


@pytest.mark.parametrize("page", OF_INSTRUCTORS)
def test_a_page_for_instructors_has_no_fault(page, instructor, look, serve):
    path = instructor.html / f"{page}.html"
    assert look(path.as_uri()) == []
    assert look(f"{serve(instructor.html)}/{page}.html", DESKTOP, accessible=False) == []


def test_the_front_door_leads_in(student, browser):
    page = browser.new_page()
    page.goto((student.html / "index.html").as_uri())
    page.wait_for_url("**/intro.html")
    assert page.locator("article h1").inner_text().startswith("Intro to LLMs")
    page.close()


@pytest.mark.parametrize("served", [False, True])
def test_search_finds_lora(served, student, browser, serve):
    page = browser.new_page()
    home = serve(student.html) if served else student.html.as_uri()
    page.goto(f"{home}/search.html?q=LoRA")
    found = page.locator("#search-results li a")
    found.first.wait_for()
    assert any("adapters-lora-bitfit" in (a.get_attribute("href") or "") for a in found.all())
    page.close()


def test_the_theme_can_be_switched(student, browser):
    page = browser.new_page(color_scheme="light")
    page.goto((student.html / "intro.html").as_uri())
    seen = set()
    for _ in range(3):  # light, dark, as the system
        page.locator(".theme-switch-button:visible").first.click()
        seen.add(page.locator("html").get_attribute("data-theme"))
    assert seen == {"light", "dark"}
    page.close()


def test_the_notebook_can_be_downloaded(student, browser, serve):
    page = browser.new_page()
    page.goto(f"{serve(student.html)}/assignments/a3_attention.html")
    page.get_by_label("Download this page").click()
    with page.expect_download() as waiting:
        page.locator(".btn-download-source-button").click()
    notebook = (student.sources / "assignments" / "a3_attention.ipynb").read_bytes()
    assert waiting.value.path().read_bytes() == notebook
    page.close()


BROKEN = {
    "formula": (r'<span class="math">\(\frac{1}\)</span>', "formula: Missing argument"),
    "stranger": ('<img alt="x" src="https://example.org/x.png">', "asks https://example.org"),
    "missing file": ('<img alt="x" src="nowhere.png">', "nowhere.png"),
    "script": ("<script>throw new Error('oh no')</script>", "script: oh no"),
    "wide": ('<div style="width: 900px">wide</div>', "scrolls sideways: "),
    "no alternative": ('<img src="_static/file.png">', "light: image-alt"),
    "too pale": ('<p style="color: #ccc; background: #fff">pale</p>', "dark: color-contrast"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_page_is_seen(kind, student, look, tmp_path):
    html, told = BROKEN[kind]
    text = (student.html / "notation.html").read_text(encoding="utf-8")
    assert text.count("</article>") == 1
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace("</article>", f"{html}</article>"), encoding="utf-8")
    (tmp_path / "_static").symlink_to(student.html / "_static")
    found = look(broken.as_uri())
    assert any(told in fault for fault in found), found
