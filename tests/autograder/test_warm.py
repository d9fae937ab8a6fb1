"""A warm grader runs a command where it was asked, and serves nobody and nothing else."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from autograder import warm
from autograder.sandbox import Sandbox
from autograder.student import Submission

GRADER = """\
import os, sys, time
from autograder import grading, warm
from autograder.deadlines import Deadlines
from autograder.student import Submission
from autograder.warm_grader import start

def run(words):
    if words[0] == "where":
        print(os.getcwd(), os.environ.get("MARK"), oct(os.umask(0)), sys.stdout.isatty())
        print("told", file=sys.stderr)
        sys.stdout.flush(), sys.stderr.flush()
    if words[0] == "pid":
        print(os.getppid(), flush=True)
    if words[0] == "wait":
        print("waiting", flush=True)
        time.sleep(60)
    if words[0] == "last":
        with grading._sandbox(True) as sandbox:
            print("waiting", flush=True)
            while not os.path.exists(words[1]):
                time.sleep(0.05)
            one = Submission(sandbox, Deadlines(), {})
            one.start()
            print(one.run("1").alive, flush=True)
    if words[0] == "student":
        with grading._sandbox(True) as sandbox:
            one = Submission(sandbox, Deadlines(), {})
            one.start()
            print(one._init.pid, flush=True)
            one.run("while True: pass")
    return 7

real = warm.key
warm.key = lambda: real() + "changed" * os.path.exists(sys.argv[2])
start([], float(sys.argv[1]), run)
"""
ASK = "import sys; from autograder.warm import hand_over; sys.exit(hand_over(sys.argv[1:]))"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the test's sockets lie."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "autograder-warm"


@pytest.fixture
def grader(place: Path, ask) -> Iterator[Callable[..., psutil.Process]]:
    """Starts a warm grader that runs the commands of GRADER; gives its process."""
    made: list[psutil.Process] = []

    def start(idle_s: float = 60) -> psutil.Process:
        changed = place.with_name("changed")
        subprocess.run([sys.executable, "-c", GRADER, str(idle_s), str(changed)], check=True)
        made.append(psutil.Process(int(ask("pid").communicate(timeout=60)[0])))
        return made[-1]

    yield start
    for process in made:
        if process.is_running():
            process.kill()


@pytest.fixture
def ask(place: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Hands a command's words to the warm grader, in a process like the command's own."""
    with contextlib.ExitStack() as asked:

        def ask(*words: str, **options) -> subprocess.Popen[str]:
            made = subprocess.Popen(
                [sys.executable, "-c", ASK, *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                **options,
            )
            asked.enter_context(made)
            asked.callback(made.kill)
            return made

        yield ask


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    ends = time.monotonic() + seconds
    while not true() and time.monotonic() < ends:
        time.sleep(0.05)
    return true()


@pytest.mark.sandbox
def test_a_command_runs_where_it_was_asked_and_its_code_comes_back(grader, ask, tmp_path):
    grader()
    asked = ask("where", cwd=tmp_path, env=os.environ | {"MARK": "mine"}, umask=0o027)
    out, err = asked.communicate(timeout=60)
    assert (out, err) == (f"{tmp_path} mine 0o27 False\n", "told\n")
    assert asked.returncode == 7


@pytest.mark.sandbox
def test_an_interrupt_reaches_the_command(grader, ask):
    grader()
    asked = ask("wait")
    assert asked.stdout.readline() == "waiting\n"
    asked.send_signal(signal.SIGINT)
    assert asked.wait(timeout=20) == 128 + signal.SIGINT


@pytest.mark.sandbox
def test_a_command_that_is_killed_takes_its_students_along_and_the_grader_stays(grader, ask):
    process = grader()
    asked = ask("student")
    student = psutil.Process(int(asked.stdout.readline()))
    (command,) = [child for child in process.children() if "bwrap" not in child.name()]
    command.kill()
    assert "the command was killed" in asked.communicate(timeout=20)[1]
    assert asked.returncode == 1
    assert until(lambda: not student.is_running(), 20), "its loop would go on for ever"
    assert ask("other").wait(timeout=60) == 7


@pytest.mark.sandbox
def test_it_ends_when_told_and_its_sandbox_with_it(grader, place):
    process = grader()
    family = [process, *process.children(recursive=True)]
    assert len(family) > 1
    assert warm.stop()
    assert until(lambda: not any(one.is_running() for one in family))
    assert not list(place.iterdir())
    assert warm.hand_over(["where"]) is None
    assert not warm.stop()


@pytest.mark.sandbox
@pytest.mark.parametrize("how", ["told", "outdated"])
def test_a_command_that_runs_when_its_grader_is_to_end_comes_to_its_end(
    how, grader, ask, place, tmp_path
):
    process = grader()
    asked = ask("last", str(tmp_path / "go"))
    assert asked.stdout.readline() == "waiting\n"
    if how == "told":
        assert warm.stop()
    else:
        (tmp_path / "changed").touch()
    assert until(lambda: not list(place.iterdir())), "it takes no more commands"
    (tmp_path / "go").touch()
    assert asked.communicate(timeout=60) == ("True\n", "")
    assert asked.returncode == 7
    assert until(lambda: not process.is_running())


@pytest.mark.sandbox
def test_it_ends_without_work(grader):
    process = grader(idle_s=8)
    assert until(lambda: not process.is_running())


@pytest.mark.sandbox
def test_it_ends_with_its_sandbox(grader):
    process = grader()
    process.children()[0].kill()
    assert until(lambda: not process.is_running())


@pytest.mark.sandbox
def test_a_branch_serves_and_ends_on_its_own(sandbox: Sandbox, submission):
    with sandbox.branch() as branch:
        one: Submission = submission(branch)
        assert one.run("x = 1").alive
    assert until(lambda: not one.run("x").alive)
    assert submission(sandbox).run("x = 1").alive


def test_the_key_changes_with_each_source_and_comes_back(tmp_path, monkeypatch):
    for name in ("autograder", "reference", "assignments"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text("x = 1\n")
    monkeypatch.setattr(warm, "package", lambda name: tmp_path / name)
    keys = [warm.key()]
    for name in ("autograder", "reference", "assignments"):
        path = tmp_path / name / "module.py"
        found = path.stat()
        path.write_text("x = 2\n")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
        keys.append(warm.key())
        (tmp_path / name / "new.py").write_text("")
        keys.append(warm.key())
    assert len(set(keys)) == 7
    assert warm.key() == keys[-1]


def test_no_grader_is_none(place):
    assert warm.hand_over(["where"]) is None


def test_a_folder_that_others_can_enter_is_refused(place):
    place.mkdir(mode=0o755)
    place.chmod(0o755)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        with pytest.raises(PermissionError, match="yours alone"), warm.folder():
            pass
        opened = os.open(place, os.O_DIRECTORY)
        listener.bind(warm.at(opened, warm.key()))
        os.close(opened)
        listener.listen()
        assert warm.connect() is None


def test_what_answers_nothing_is_no_grader(place):
    place.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        with warm.folder() as opened:
            listener.bind(warm.at(opened, warm.key()))
        listener.listen()
        child = os.fork()
        if child == 0:
            listener.accept()[0].close()
            os._exit(0)
        assert warm.hand_over(["where"]) is None
        os.waitpid(child, 0)
