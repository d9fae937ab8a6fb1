"""What student code can reach from inside: tried by student code, and looked at from outside."""

import os
import re
import site
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyseccomp
import pytest

import autograder
from autograder.inside import jail
from autograder.inside.jail import Limits
from autograder.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

ROOT = Path(autograder.__file__).parents[1]
TIGHT = Limits(
    processes=12,
    open_files=64,
    file_bytes=2**20,
    scratch_bytes=4 * 2**20,
    scratch_files=50,
    cpu_s=1,
)


@pytest.fixture(scope="module")
def tight() -> Iterator[Sandbox]:
    """A sandbox with limits that are quickly met."""
    with Sandbox(TIGHT) as sandbox:
        yield sandbox


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def family(submission) -> list[psutil.Process]:
    """The processes of a submission, init first."""
    init = psutil.Process(submission._init.pid)
    return [init, *init.children(recursive=True)]


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


# ── rights ──────────────────────────────────────────────────────────────────────────────────────


def test_no_capability_no_new_rights_and_a_filter(submission):
    for process in family(submission()):
        seen = status(process.pid)
        sets = {name: int(seen[f"Cap{name}"], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")}
        assert sets == dict.fromkeys(sets, 0)
        assert seen["NoNewPrivs"] == "1"
        assert len(seen["NSpid"].split()) >= 3, "a PID namespace within the sandbox's"
        assert seen["Uid"].split()[0] != "0"
    assert status(submission()._main.pid)["Seccomp"] == "2"


def test_student_code_is_an_ordinary_user_without_groups(probe):
    code = (
        "import os; print(os.getresuid(), os.getresgid(), {*os.getgroups()} - {1000}, os.getpid())"
    )
    assert probe(code) == "(1000, 1000, 1000) (1000, 1000, 1000) set() 2\n"


HALF_CONFINED = """
import os
from autograder.inside import jail

def fails(*ids):
    raise jail.JailError(1, "no map")

jail._become_student = fails
try:
    print(os.waitstatus_to_exitcode(os.waitpid(jail.fork_into_namespaces(), 0)[1]))
except OSError:
    print("went on")
"""


def test_a_child_that_cannot_be_confined_ends():
    """It must not go on as a second warm process."""
    ran = subprocess.run([sys.executable, "-c", HALF_CONFINED], capture_output=True, text=True)
    assert ran.stdout == "1\n"


def test_every_namespace_is_its_own(submission):
    one, other = submission(), submission()

    def namespaces(pid: int | str) -> set[str]:
        return {
            os.readlink(f"/proc/{pid}/ns/{kind}")
            for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
        }

    seen = [namespaces(pid) for pid in (one._main.pid, other._main.pid, "self")]
    assert len(set.union(*seen)) == 3 * 7


BECOME_ROOT = """
import os
for call in (os.setuid, os.setgid, os.seteuid):
    try:
        call(0)
        print("became root by", call)
    except OSError:
        pass
import shutil, stat
for folder in os.get_exec_path():
    for name in os.listdir(folder):
        found = os.stat(f"{folder}/{name}")
        if found.st_mode & stat.S_ISUID and found.st_uid == 0:
            print("of root, and runs as its owner:", folder, name)
"""


def test_student_code_cannot_become_root(probe):
    assert probe(BECOME_ROOT) == ""


# ── system calls ────────────────────────────────────────────────────────────────────────────────

NUMBERS = {
    name: number
    for name in jail.REFUSED
    if (number := pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)) >= 0
}
TRY_CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {numbers}.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    print(name, result, ctypes.get_errno())
"""


def test_the_names_of_refused_calls_are_known_here():
    assert len(NUMBERS) > 50
    assert {"ptrace", "unshare", "mount", "bpf", "memfd_create"} <= NUMBERS.keys()


def test_refused_calls_are_refused_in_the_student_s_process(probe):
    expected = "".join(f"{name} -1 {jail.REFUSED[name]}\n" for name in NUMBERS)
    assert probe(TRY_CALLS.format(numbers=NUMBERS)) == expected


SET_LIMITS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    while True: os.sched_yield()
for name, (number, place) in {calls}.items():
    for whom in (0, child):
        arguments = [ctypes.c_long(1 if place else 0)] * place + [ctypes.c_long(whom)]
        arguments += [ctypes.byref(ctypes.create_string_buffer(64))] * 3
        ctypes.set_errno(0)
        libc.syscall(number, *arguments)
        print(name, "itself" if whom == 0 else "another", ctypes.get_errno() == 1)
os.kill(child, 9)
os.wait()
"""


def test_one_process_sets_no_limits_to_another(probe):
    system = pyseccomp.system_arch()
    calls = {
        name: (pyseccomp.resolve_syscall(system, name), place)
        for name, place in jail.ON_ITSELF_ALONE.items()
    }
    assert all(number >= 0 for number, _ in calls.values())
    expected = "".join(f"{name} itself False\n{name} another True\n" for name in calls)
    assert probe(SET_LIMITS.format(calls=calls)) == expected


def test_it_is_the_filter_that_refuses():
    """With an error that no call gives of itself; without rights, should the filter fail."""
    odd = 133  # EHWPOISON
    program = f"""
import ctypes, os
from autograder.inside import jail
program = jail.filter_program(dict.fromkeys({list(NUMBERS)}, {odd}))
if os.getuid() == 0:
    os.setgroups([])
    os.setresuid(65534, 65534, 65534)
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
jail.load_filter(program)
"""
    answer = subprocess.run(
        [sys.executable, "-c", program + TRY_CALLS.format(numbers=NUMBERS)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "".join(f"{name} -1 {odd}\n" for name in NUMBERS)


NEW_NAMESPACE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for name, flag in {flags}.items():
    pid = libc.syscall({clone}, flag | 17, 0, 0, 0, 0)  # 17: SIGCHLD, as fork does
    if pid == 0:
        os._exit(0)
    print(name, pid, ctypes.get_errno())
"""


def test_no_process_can_be_made_in_a_new_namespace(probe):
    clone = pyseccomp.resolve_syscall(pyseccomp.system_arch(), "clone")
    expected = "".join(f"{name} -1 1\n" for name in jail._CLONE)
    assert probe(NEW_NAMESPACE.format(flags=jail._CLONE, clone=clone)) == expected


MEMORY_OF_NOBODY = """
import mmap, os
for how, flags in (("shared", mmap.MAP_SHARED), ("validated", 3)):
    try:
        mmap.mmap(-1, 4096, flags=flags | mmap.MAP_ANONYMOUS)
        print(how)
    except PermissionError:
        pass
try:
    mmap.mmap(os.open("/dev/zero", os.O_RDWR), 4096)
    print("/dev/zero")
except OSError:
    pass
mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
with open("/dev/shm/x", "w+b") as file:
    file.truncate(4096)
    mmap.mmap(file.fileno(), 4096)
import torch
torch.zeros(3).share_memory_()
print(*torch.utils.data.DataLoader([1, 2, 3], num_workers=1))
"""


def test_no_memory_that_the_watch_would_not_see(probe):
    """Shared anonymous memory is refused; private memory and files of /dev/shm are not."""
    assert probe(MEMORY_OF_NOBODY) == "tensor([1]) tensor([2]) tensor([3])\n"


MEMORY_OF_OTHERS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
pid = os.fork()
if pid == 0:
    import time
    time.sleep(30)
for victim in (1, os.getppid(), pid):
    for request in (16, 0x4206):  # PTRACE_ATTACH, PTRACE_SEIZE
        print(libc.ptrace(request, victim, 0, 0), end=" ")
    buffer = ctypes.create_string_buffer(8)
    piece = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
    print(libc.process_vm_readv(victim, piece, 1, piece, 1, 0), end=" ")
    print(os.path.exists(f"/proc/{victim}/mem"))
"""


def test_no_process_can_read_another(probe):
    assert probe(MEMORY_OF_OTHERS) == "-1 -1 -1 False\n" * 3


# ── files ───────────────────────────────────────────────────────────────────────────────────────

OPEN = """
import os
for path in {paths}:
    for what in (os.listdir, os.stat, lambda path: open(path, "rb").read()):
        try:
            what(path)
            print(path)
        except OSError:
            pass
"""


def test_nothing_of_the_course_or_the_machine_is_there(probe, tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("seen")
    hidden = [
        canary, tmp_path, Path.home() / ".bashrc", Path.home() / ".ssh",
        ROOT / "pyproject.toml", ROOT / "README.md", ROOT / "reference", ROOT / "assignments",
        ROOT / "autograder", ROOT / "tests", ROOT / "build", ROOT / ".git", Path.cwd() / "Makefile",
        "/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf", "/proc/1/environ",
        "/proc/self/mem", "/proc/self/fd", "/proc/sys", "/sys/kernel", "/run", "/var", "/opt/x",
        "/mnt", "/media", "/boot", "/srv", "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda",
        "/dev/nvidia0", "/dev/fuse", "/dev/kvm", "/dev/mqueue",
        f"/proc/{os.getpid()}", "/proc/cpuinfo",
    ]  # fmt: skip
    assert probe(OPEN.format(paths=[str(path) for path in hidden])) == ""


def test_what_is_there_can_be_listed_in_a_few_words(probe):
    """Every folder from the root down to what the interpreter needs; a new one must be meant."""
    seen = set(probe("import os; print(*os.listdir('/'))").split())
    needed = {Path(p).parts[1] for p in (sys.prefix, sys.base_prefix, *site.getsitepackages())}
    system = {
        "usr",
        "lib",
        "lib64",
        "bin",
        "sbin",
        "etc",
        "sandbox",
        "proc",
        "sys",
        "dev",
        "tmp",
        "scratch",
    }
    assert seen <= system | needed
    assert probe("import os; print(*os.listdir('/proc'), *os.listdir('/sys'))") == "\n"
    kept = {Path(p).parts[2] for p in (sys.prefix, sys.base_prefix) if p.startswith("/tmp/")}
    assert set(probe("import os; print(*os.listdir('/tmp'))").split()) <= kept
    assert probe("import os; print(*os.listdir('/sandbox/inside'))").count("zygote.py") == 1


IMPORT = """
import importlib, sys
for name in ("reference", "assignments", "autograder", "autograder.judge", "reference.attention"):
    try:
        module = importlib.import_module(name)
        print(name, getattr(module, "__file__", None), [*getattr(module, "__path__", [])])
    except ImportError:
        pass
print([name for name in sys.modules if name.split(".")[0] in ("reference", "assignments")])
"""


def test_neither_answers_nor_checks_can_be_imported(probe):
    assert probe(IMPORT) == "[]\n"


def test_the_environment_tells_nothing(probe):
    """The sandbox was started with COURSEWARE_CANARY in the environment (conftest.py)."""
    seen = probe("import os, sys; print(os.environ, sys.argv, sys.path, sys.orig_argv)")
    assert "HOME" in seen
    assert "canary" not in seen.lower()


WRITE = """
import os, sys, torch
for path in {paths} + [sys.executable, torch.__file__, os.__file__]:
    for what in (
        lambda: open(path, "ab").write(b"x"),
        lambda: os.rename(path, path + "-old"),
        lambda: os.remove(path),
        lambda: os.chmod(path, 0o777),
        lambda: os.utime(path),
        lambda: os.symlink("/tmp", os.path.dirname(path) + "/x"),
        lambda: os.mkdir(os.path.dirname(path) + "/x"),
    ):
        try:
            what()
            print(path)
        except OSError:
            pass
writable = set()
for folder, folders, files in os.walk("/"):
    if os.access(folder, os.W_OK):
        writable.add(folder)
print(*sorted(writable))
"""


def test_only_the_scratch_folders_can_be_written(probe):
    paths = ["/x", "/usr/x", "/etc/x", "/dev/x", "/proc/x", "/sandbox/x", "/sandbox/inside/wire.py"]
    paths += ["/usr/bin/env", "/etc/ld.so.cache", f"{site.getsitepackages()[0]}/x.pth", "/srv/x"]
    written = set(probe(WRITE.format(paths=paths)).split())
    # where the interpreter lies in /tmp, the folders above it are made in the submission's own /tmp
    above = {
        str(p) for p in (Path(sys.prefix), *Path(sys.prefix).parents) if p.is_relative_to("/tmp/")
    }
    above -= {"/tmp"}
    own = written - above - {f"/scratch{folder}" for folder in above}
    assert own | {"/tmp", "/scratch/tmp"} == set(
        "/dev/shm /scratch /scratch/home /scratch/shm /scratch/tmp /tmp".split()
    )


FILL = """
import os
def fill(folder):
    size = 0
    try:
        for number in range(1000):
            with open(f"{folder}/{number}", "wb", buffering=0) as file:
                for _ in range(16):
                    size += file.write(bytes(65536))
    except OSError as error:
        return size, error.errno
def files(folder):
    for number in range(100_000):
        try:
            os.mkdir(f"{folder}/{number}")
        except OSError as error:
            return number, error.errno
"""


def test_bytes_and_files_of_all_scratch_folders_together_are_capped(submission, tight, printed):
    one = submission(tight)
    printed(one.run(FILL))
    shown = one.run("fill('/tmp')[1], fill('/dev/shm'), fill('/scratch')").outputs[0].data
    assert shown["text/plain"] == "(28, (0, 28), (0, 28))"
    size, code = printed(submission(tight).run(FILL + "print(*fill('/dev/shm'))")).split()
    assert (int(size), code) == (TIGHT.scratch_bytes, "28")
    made, code = printed(submission(tight).run(FILL + "print(*files('/scratch/home'))")).split()
    assert 30 < int(made) < TIGHT.scratch_files
    assert code == "28"


def test_a_file_is_capped(submission, tight, printed):
    code = """
import subprocess
for size in (2**20, 2**20 + 1, 2**60):
    try:
        with open("/tmp/x", "wb") as file:
            file.truncate(size)
        print("made", size)
    except OSError as error:
        print(error.errno)
quiet = subprocess.DEVNULL
print(subprocess.run("head -c 2000000 /dev/urandom > y", shell=True, stderr=quiet).returncode)
"""
    assert printed(submission(tight).run(code)) == "made 1048576\n27\n27\n153\n"


def test_open_files_are_capped(submission, tight, printed):
    code = """
import os
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(error.errno, len(held) < 64)
import resource
for name in ("NOFILE", "NPROC", "AS", "FSIZE", "CPU", "CORE", "MEMLOCK", "MSGQUEUE"):
    kind = getattr(resource, "RLIMIT_" + name, 12)
    try:
        resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("raised", name)
    except (ValueError, OSError):
        pass
"""
    assert printed(submission(tight).run(code)) == "24 True\n"


FILL_SOCKETS = """
import ctypes, errno, socket
libc = ctypes.CDLL(None, use_errno=True)
held, size = [], ctypes.c_int(2**28)
arguments = ctypes.byref(size), ctypes.c_size_t(4)
kept_bytes = 0
try:
    while True:
        held += (pair := socket.socketpair())
        for one in pair:
            one.setblocking(False)
            for high in (0, 2**32):  # which the kernel does not read
                ctypes.set_errno(0)
                number = ctypes.c_long(one.fileno())
                level, name = ctypes.c_long(high + 1), ctypes.c_long(high + 7)
                libc.syscall({setsockopt}, number, level, name, *arguments)
                assert ctypes.get_errno() == errno.EPERM
            try:
                while True:
                    kept_bytes += one.send(bytes(2**16))
            except BlockingIOError:
                pass
except OSError as error:
    assert error.errno == errno.EMFILE
print(kept_bytes // 2**20 < 32, one.getsockopt(1, 7) > 0)
"""


def test_what_waits_in_sockets_is_bounded(probe):
    """It counts as no process's memory."""
    number = pyseccomp.resolve_syscall(pyseccomp.system_arch(), "setsockopt")
    assert probe(FILL_SOCKETS.format(setsockopt=number)) == "True True\n"


# ── network ─────────────────────────────────────────────────────────────────────────────────────

CONNECT = """
import ctypes, os, socket
for family in range(100):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind)
            print("socket", family, kind) if family != socket.AF_UNIX else None
        except PermissionError:
            pass
for address in (("127.0.0.1", {port}), ("10.0.0.1", 80), ("example.org", 80)):
    try:
        socket.create_connection(address, timeout=2)
        print("connected to", address)
    except OSError:
        pass
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    for address in ({abstract!r}, {path!r}):
        try:
            socket.socket(socket.AF_UNIX, kind).connect(address)
            print("reached", address, kind)
        except OSError:
            pass
"""


def test_nothing_can_be_reached_by_a_socket(probe, tmp_path):
    name, path = b"\0courseware-canary", str(tmp_path / "socket")
    listeners = []
    for family_, address in (
        (socket.AF_INET, ("127.0.0.1", 0)),
        (socket.AF_UNIX, name),
        (socket.AF_UNIX, path),
    ):
        listeners.append(socket.socket(family_))
        listeners[-1].bind(address)
        listeners[-1].listen()
        listeners[-1].setblocking(False)
    port = listeners[0].getsockname()[1]
    assert probe(CONNECT.format(port=port, abstract=name, path=path)) == ""
    for listener in listeners:
        with pytest.raises(BlockingIOError):
            listener.accept()
        listener.close()


def test_there_is_no_network_even_without_the_filter(submission):
    """The namespace has a loopback device that is down, and nothing else."""
    pid = submission()._main.pid
    devices = re.findall(r"^\s*(\w+):", Path(f"/proc/{pid}/net/dev").read_text(), re.M)
    assert devices == ["lo"]
    assert Path(f"/proc/{pid}/net/route").read_text().count("\n") <= 1


# ── two submissions ─────────────────────────────────────────────────────────────────────────────

LEAVE = """
import os, socket, time
for folder in ("/tmp", "/scratch", "/scratch/home", "/dev/shm", "/scratch/tmp", "/scratch/shm"):
    with open(f"{folder}/left-by-one", "w") as file:
        file.write("seen")
end, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
try:
    end.bind(b"\\0left-by-one")
except OSError:
    pass
from multiprocessing import shared_memory
kept = shared_memory.SharedMemory("left", create=True, size=100)
if os.fork() == 0:
    time.sleep(60)
import torch, builtins
torch.left = builtins.left = "seen"
"""
FIND = """
import os, socket, builtins, signal, torch
for folder, folders, files in os.walk("/"):
    if folder in ("/usr", "/work", "/root", "/lib"):
        folders.clear()
    for name in files:
        if (name == "left" or "left-by" in name) and not folder.startswith("/sandbox"):
            print(folder, name)
print([name for name in ("left",) if hasattr(torch, name) or hasattr(builtins, name)])
end, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
try:
    end.sendto(b"x", b"\\0left-by-one")
    print("socket")
except OSError:
    pass
for pid in range(3, 40_000):
    try:
        os.kill(pid, 0)
        print("process", pid)
    except ProcessLookupError:
        pass
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in (signal.SIGTERM, signal.SIGKILL):
    try:
        os.kill(-1, number)
    except ProcessLookupError:
        pass
    os.kill(1, number)
print("alive")
"""


def test_two_submissions_share_nothing(submission, printed):
    one, other = submission(), submission()
    printed(one.run(LEAVE))
    before = {process.pid for process in family(one)}
    assert len(before) == 4, "init, the notebook, its child and Python's tracker of shared memory"
    assert printed(other.run(FIND)) == "[]\nalive\n"
    assert printed(one.run("print(open('/tmp/left-by-one').read(), torch.left)")) == "seen seen\n"
    assert {process.pid for process in family(one)} == before
    listing = "import os; print(os.listdir(), os.path.exists('/tmp/left-by-one'))"
    assert printed(submission().run(listing)) == "[] False\n"


# ── processes ───────────────────────────────────────────────────────────────────────────────────

BOMB = """
import os, time
made = 0
try:
    while made < 500:
        if os.fork() == 0:
            try:
                while True:
                    os.fork()
            except OSError:
                time.sleep(60)
        made += 1
except OSError as error:
    print(error.errno, made <= 12)
"""


def test_a_fork_bomb_is_capped_and_gone_afterwards(submission, tight, printed):
    one = submission(tight)
    assert printed(one.run(BOMB)) == "11 True\n"
    alive = family(one)
    assert 5 < len(alive) <= TIGHT.processes + 1
    other = submission(tight)
    assert printed(other.run("import os; print(os.system('true'))")) == "0\n", (
        "it has its own count"
    )
    one.close()
    assert wait_until(lambda: not any(process.is_running() for process in alive))


DAEMONS = """
import os, signal, sys, time
def daemon(depth):
    child = os.fork()
    if child:
        return depth == 2 and os.waitpid(child, 0)
    os.setsid()
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    os.closerange(0, 100)
    if depth:
        daemon(depth - 1)
        os._exit(0)
    while True:
        time.sleep(0.05)
for _ in range(3):
    daemon(2)
time.sleep(0.3)
print("started")
"""


@pytest.mark.parametrize("end", ["close", "exit", "kill"])
def test_daemons_end_with_the_submission(submission, printed, end):
    one = submission()
    assert printed(one.run(DAEMONS)) == "started\n"
    alive = family(one)
    assert len(alive) == 5, "init, the notebook, three orphans"
    if end == "close":
        one.close()
    elif end == "exit":
        assert not one.run("import os; os._exit(0)").alive
    else:
        assert not one.run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").alive
    assert wait_until(lambda: not any(process.is_running() for process in alive))


def test_the_time_of_a_processor_is_capped(submission, tight):
    started = time.monotonic()
    outcome = submission(tight).run("while True: pass")
    assert not outcome.alive
    assert outcome.trouble == "it ended the notebook's process"
    assert time.monotonic() - started < 20, "killed by its limit, not by its deadline"


def test_memory_past_the_cap_ends_that_submission_alone(submission, printed):
    one, other = submission(memory_bytes=300 * 2**20), submission(memory_bytes=300 * 2**20)
    outcome = one.run("import time; kept = b'x' * (400 * 2**20); time.sleep(10)")
    assert not outcome.alive
    assert outcome.trouble == "it used more than 0.292969 GB of memory"
    assert printed(other.run("print(1)")) == "1\n"


def test_address_space_is_capped(probe):
    code = """
import torch, numpy
for size in (2**33, 2**40, 2**62):
    for make in (bytearray, numpy.zeros, lambda n: torch.zeros(n, dtype=torch.uint8)):
        try:
            make(size)
            print("made")
        except (MemoryError, RuntimeError, ValueError, OverflowError):
            pass
"""
    assert probe(code) == ""
