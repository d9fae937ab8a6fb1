"""A draft of the book, built once for all tests that look at it, and a browser."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from book.editions import INSTRUCTOR, STUDENT, Edition

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "book"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both editions, as `make book` leaves them: built by the first who asks.

    Workers of pytest-xdist share a folder one above their own; what the first made, the others use.
    """
    shared = tmp_path_factory.getbasetemp().parent
    with FileLock(shared / "book.lock"):
        done = shared / "book.built"
        if not done.exists():
            command = [sys.executable, "-m", "book"]
            ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            done.touch()
    return BUILT


@pytest.fixture(scope="session", params=[STUDENT, INSTRUCTOR])
def edition(built: Path, request: pytest.FixtureRequest) -> Edition:
    """Each edition in turn."""
    return Edition(request.param, built)


@pytest.fixture(scope="session")
def student(built: Path) -> Edition:
    """The edition for students."""
    return Edition(STUDENT, built)


@pytest.fixture(scope="session")
def browser():
    """Chromium, from the system."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no Chromium on this machine: `apt install chromium` brings one")
    with sync_playwright() as playwright:
        # a browser's own sandbox refuses root
        options = [] if os.geteuid() else ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=found, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serve(built: Path) -> Iterator[str]:
    """The address of a server of this machine that gives out `build/book`."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
