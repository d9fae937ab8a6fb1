"""The sample class, graded: every verdict as its name says, and nothing else has happened.

The class is graded a single time, whatever number of workers runs these tests, beside canaries that
nobody may touch: processes, listeners, files, an environment variable. What was seen is kept as
JSON.
"""

import hashlib
import io
import json
import os
import re
import site
import socket
import subprocess
import sys
import sysconfig
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock
from rich.console import Console

from autograder import demo
from autograder.deserved import ALARM
from autograder.feedback import feedback
from autograder.grading import grade_class
from autograder.report import class_table
from autograder.samples import Sample

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

ASSIGNMENT = "a3_attention"
NAMES = sorted(path.stem for path in (demo.CLASSES / ASSIGNMENT).glob("[!_]*.py"))
ACTIVE = """iframe frame object embed applet form input button base svg animate animatetransform set
    foreignobject mglyph maction annotation-xml link template portal""".split()
LEFT_BEHIND = re.compile(r"outlives-grading|sleep 8639[89]|marker-of-the-sample-class")


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    """What grading the class gave and what became of the canaries."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "sample-class"
    shared.mkdir(exist_ok=True)
    result = shared / "seen.json"
    with FileLock(shared / "lock"):
        if not result.exists():
            result.write_text(json.dumps(_grade(shared)), encoding="utf-8")
    return json.loads(result.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The name of the pytest-xdist worker, or "master" without one."""
    return os.environ.get("PYTEST_XDIST_WORKER", "master")


@pytest.mark.parametrize("name", NAMES)
def test_the_verdict_is_as_the_name_says(seen: dict[str, Any], name: str):
    assert seen["differences"].get(name, []) == []


def test_honest_students_get_every_point_beside_hostile_ones(seen: dict[str, Any]):
    right = {name: points for name, points in seen["points"].items() if name.startswith("right")}
    assert len(right) >= 5
    assert set(right.values()) == {56.0}, "all but the question that a person grades"


def test_nothing_forbidden_worked(seen: dict[str, Any]):
    assert seen["alarms"] == []


def test_no_secret_is_in_what_grading_wrote(seen: dict[str, Any]):
    assert seen["files with the canary's secret"] == []


def test_no_canary_was_touched(seen: dict[str, Any]):
    assert seen["changed files"] == []
    assert seen["connections"] == []
    assert seen["the canary process lives"]


def test_no_process_is_left(seen: dict[str, Any]):
    assert seen["processes left"] == []


def test_the_table_obeys_no_escape(seen: dict[str, Any]):
    assert "right-einsum" in seen["table"]
    assert [c for c in seen["table"] if c != "\n" and unicodedata.category(c) in ("Cc", "Cf")] == []


def test_what_grading_wrote_steers_no_terminal(seen: dict[str, Any]):
    assert seen["files with escapes"] == []


def test_feedback_runs_no_script_of_a_students(seen: dict[str, Any]):
    assert len(seen["pages"]) > 2
    honest = seen["pages"]["right-einsum"]
    for name, page in seen["pages"].items():
        assert set(page["scripts"]) <= set(honest["scripts"]), name
        assert page["active"] == honest["active"], name


def test_feedback_shows_what_the_student_wrote(seen: dict[str, Any]):
    assert "marker-11" in seen["pages"]["hostile-11-html-in-outputs"]["text"]


# ── grading ─────────────────────────────────────────────────────────────────────────────────────


def _grade(folder: Path) -> dict[str, Any]:
    """Grade the class beside the canaries; everything that the tests ask about."""
    secret = f"canary-{os.urandom(8).hex()}"
    course = demo.fresh_course(folder / "course")
    samples = demo.hand_in(course, ASSIGNMENT)
    _lay_out(folder, secret)
    watched = [
        folder / "gradebook.db",
        folder / "submitted",
        course.submitted,
        course.source,
        course.release,
    ]
    before = _hashes([*watched, *_package_folders()])
    with _canaries(secret) as canaries:
        verdicts = grade_class(course, ASSIGNMENT, jobs=None, deadlines=demo.DEADLINES)
        lives = canaries.process.poll() is None
    after = _hashes([*watched, *_package_folders()])
    written = [
        *course.verdicts.rglob("*"),
        *course.autograded.rglob("*"),
        course.root / "gradebook.db",
    ]
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(class_table(verdicts))
    return {
        "differences": demo.compare(course, ASSIGNMENT, samples, verdicts),
        "points": {verdict.student: verdict.points for verdict in verdicts},
        "alarms": _holding(written, ALARM),
        "files with the canary's secret": _holding(written, secret),
        "files with escapes": _holding(written, "\\u001b"),
        "changed files": sorted(set(before.items()) ^ set(after.items())),
        "connections": canaries.connections,
        "the canary process lives": lives,
        "processes left": _processes_left(),
        "table": console.export_text(),
        "pages": _pages(course, samples),
    }


def _lay_out(folder: Path, secret: str) -> None:
    """A gradebook and another student's work right beside the course."""
    (folder / "gradebook.db").write_text(secret, encoding="utf-8")
    neighbour = folder / "submitted" / "neighbour" / ASSIGNMENT
    neighbour.mkdir(parents=True)
    (neighbour / f"{ASSIGNMENT}.ipynb").write_text(secret, encoding="utf-8")


class _Canaries:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.connections: list[str] = []


@contextmanager
def _canaries(secret: str) -> Iterator[_Canaries]:
    """A process, a loopback listener and an abstract socket that nobody may touch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CANARY", secret)
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)", secret])
        canaries = _Canaries(process)
        listeners = []
        for family, address in (
            (socket.AF_INET, ("127.0.0.1", 0)),
            (socket.AF_UNIX, f"\0canary-{os.getpid()}"),
        ):
            listener = socket.socket(family)
            listener.bind(address)
            listener.listen()
            listeners.append(listener)
            threading.Thread(target=_listen, args=(listener, canaries), daemon=True).start()
        try:
            yield canaries
        finally:
            for listener in listeners:
                listener.close()
            process.kill()
            process.wait()


def _listen(listener: socket.socket, canaries: _Canaries) -> None:
    while True:
        try:
            _, address = listener.accept()
        except OSError:
            return
        canaries.connections.append(repr(address))


def _hashes(places: list[Path]) -> dict[str, str]:
    """Every file's content, every link's target and every folder's names below these places."""
    found = {}
    for place in places:
        for path in (
            [place, *sorted(place.rglob("*"))] if place.name != "site-packages" else [place]
        ):
            if path.is_symlink():
                found[str(path)] = os.readlink(path)
            elif path.is_dir():
                found[str(path)] = repr(sorted(set(os.listdir(path)) - {"__pycache__"}))
            elif path.is_file() and path.stat().st_size < 10**8:
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _package_folders() -> list[Path]:
    """Where what is installed stands: only the names directly in it are compared."""
    return [Path(folder) for folder in {*site.getsitepackages(), sysconfig.get_paths()["purelib"]}]


def _holding(paths: list[Path], text: str) -> list[str]:
    return [str(path) for path in paths if path.is_file() and text.encode() in path.read_bytes()]


def _processes_left() -> list[str]:
    """Processes that samples leave behind, found by what they are called."""
    import psutil

    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        described = " ".join([process.info["name"] or "", *(process.info["cmdline"] or [])])
        if LEFT_BEHIND.search(described):
            found.append(described)
    return found


def _pages(course: Any, samples: list[Sample]) -> dict[str, Any]:
    """What of the feedback pages of a few students could act in a browser."""
    import shutil

    wanted = {
        s.student for s in samples if s.name.startswith("hostile-11") or s.name == "right-einsum"
    }
    wanted.add("hostile-04-hostile-errors")
    for folder in course.autograded.iterdir():
        if folder.name not in wanted:
            shutil.rmtree(folder)
    assert not feedback(course, ASSIGNMENT)
    return {
        page.parent.parent.name: _active_parts(page) for page in course.feedback.rglob("*.html")
    }


def _active_parts(page: Path) -> dict[str, Any]:
    """Scripts, and everything else that does more than show text."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    scripts = [f"{tag.get('src')} {tag.get_text()}" for tag in soup.find_all("script")]
    active = []
    for tag in soup.find_all(True):
        refreshes = tag.name == "meta" and tag.get("http-equiv", "").lower() == "refresh"
        if tag.name in ACTIVE or refreshes:
            active.append(str(tag)[:200])
        for name, value in tag.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            if name.startswith("on") or re.match(r"\s*(javascript|vbscript|data:text)", text, re.I):
                active.append(f"{tag.name} {name}={text[:100]}")
    return {"scripts": scripts, "active": active, "text": soup.get_text()}
