"""The book as `make book` made it, and a browser to look at it."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.build import assignments, source_of
from autograder.course import Course
from autograder.leaks import rubrics
from autograder.percent import to_notebook
from book.editions import INSTRUCTOR, STUDENT, Edition

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "book"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PHONE = (390, 844)  # CSS pixels, width and height
BAD = {"serious", "critical"}  # of axe-core's four grades

Look = Callable[..., list[str]]


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of both editions, as `make book` has just made them."""
    if not (Edition(STUDENT, BUILT).html / "index.html").exists():
        pytest.skip("no book in build/book: `make book` makes it, and runs these tests")
    return BUILT


@pytest.fixture(scope="session")
def student(built: Path) -> Edition:
    """The edition for students."""
    return Edition(STUDENT, built)


@pytest.fixture(scope="session")
def instructor(built: Path) -> Edition:
    """The edition for instructors."""
    return Edition(INSTRUCTOR, built)


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Serves a folder on this machine, and gives the address."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    @functools.cache
    def start(folder: Path) -> str:
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def browser():
    """Chromium, from the system: Playwright's own would have to be fetched."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no Chromium on this machine: `apt install chromium` brings it")
    # a browser's own sandbox refuses to start for root
    options = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, as one script."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def look(browser, axe) -> Iterator[Look]:
    """Opens an address, and tells all faults of the page."""
    context = browser.new_context(color_scheme="light")

    def faults(url: str, size: tuple[int, int] = PHONE, accessible: bool = True) -> list[str]:
        page = context.new_page()
        found: list[str] = []
        home = url if url.startswith("file:") else url.split("/", 3)[2]
        page.on("pageerror", lambda error: found.append(f"script: {error}"))
        page.on(
            "console",
            lambda said: found.append(f"console: {said.text}") if said.type == "error" else None,
        )
        page.on("requestfailed", lambda request: found.append(f"cannot be had: {request.url}"))
        page.on(
            "response",
            lambda got: found.append(f"{got.status}: {got.url}") if got.status >= 400 else None,
        )
        page.on(
            "request",
            lambda request: None if is_here(request.url) else found.append(f"asks {request.url}"),
        )

        def is_here(asked: str) -> bool:
            return asked.startswith("data:") or (
                asked.startswith("file:")
                if home.startswith("file:")
                else asked.startswith(f"http://{home}/")
            )

        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(url)
        page.evaluate("() => window.MathJax?.startup?.promise")
        for formula in page.locator("[data-mjx-error]").all():
            found.append(f"formula: {formula.get_attribute('data-mjx-error')}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size[0]:
            found.append(f"the page scrolls sideways: {wide} pixels wide")
        if accessible:
            page.evaluate(axe)
            found += [f"light: {told}" for told in violations(page)]
            page.evaluate("document.documentElement.dataset.theme = 'dark'")
            found += [f"dark: {told}" for told in violations(page, "color-contrast")]
        page.close()
        return found

    yield faults
    context.close()


def violations(page, *rules: str) -> list[str]:
    """What axe-core finds in the page as it is; only by these rules, if any are named."""
    # without `preload: false` it would ask for style sheets itself, which files may not be asked
    options = {"resultTypes": ["violations"], "preload": False}
    result = page.evaluate("axe.run", options | ({"runOnly": list(rules)} if rules else {}))
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in result["violations"]
        if fault["impact"] in BAD
        for node in fault["nodes"]
    ]


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with the instructor's notebooks, without what takes long: their releases."""
    course = Course.create(tmp_path_factory.mktemp("course"))
    for name in assignments():
        points = {key: rubric.points for key, rubric in rubrics(name).items()}
        notebook = to_notebook(source_of(name).read_text(encoding="utf-8"), name, points)
        (course.source / name).mkdir()
        (course.source / name / f"{name}.ipynb").write_bytes(notebook)
    return course
