"""The sandbox: one warm process inside bubblewrap, from which students' processes are forked.

Bubblewrap gives a root of its own (autograder/bubblewrap.py). As root, the warm process gives up
its rights before it loads anything. Each student's process is confined further (inside/jail.py).

`confined=False` starts the same warm process without any of this: a loud, explicit choice.
Proved by: tests/autograder/test_sandbox.py and the hostile sample class.
"""

from __future__ import annotations

import array
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec
import psutil

from autograder.bubblewrap import FONTS, INSIDE, readable_folders, wrapped
from autograder.errors import SandboxUnavailable
from autograder.inside import wire
from autograder.inside.jail import BRANCH, HOME, SCRATCH, Limits

NOBODY = 65534
START_S = 120.0
# What is loaded stays: looking for garbage among it would take a third of the time.
_START = (
    "import gc, sys; gc.disable(); sys.path.insert(0, sys.argv.pop(1)); "
    "from inside import huge_pages; huge_pages.begin(); from inside.zygote import main; "
)
_ENVIRONMENT = {
    "HOME": HOME,
    "LANG": "C.UTF-8",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MPLCONFIGDIR": FONTS,
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    # Huge pages, and freed memory kept for the next tensor: fewer page faults.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432"
    ":glibc.malloc.trim_threshold=268435456",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # torch.compile in a snapshot: a fork loses the pool that compiles, and a precompiled header,
    # larger than any file may be, takes longer than a call may.
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
    "TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS": "0",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "IPYTHONDIR": f"{SCRATCH}/ipython",
    "TERM": "dumb",
    "CUDA_VISIBLE_DEVICES": "",
}


class Sandbox:
    """A running warm process; `spawn` gives a conversation with a fresh student's process.

    Made and closed by the grader's main process; workers forked after `start` share it. Use as a
    context manager.
    """

    def __init__(self, limits: Limits | None = None, *, confined: bool = True) -> None:
        self.limits = _fitting(limits or Limits()) if confined else None
        self._process: subprocess.Popen[bytes]
        self._log: IO[bytes]
        self._control: socket.socket
        self._ready = False

    def start(self) -> Self:
        """Start the warm process without waiting for it. Raises: SandboxUnavailable."""
        wrapper = wrapped(readable_folders()) if self.limits else []
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log = open(os.memfd_create("sandbox-log"), "w+b")
        program = [
            *wrapper,
            sys.executable, "-I", "-X", "utf8", "-c", _start_code(confined=self.limits is not None),
            "/sandbox" if self.limits else str(INSIDE.parent),
            str(theirs.fileno()), msgspec.json.encode(self.limits).decode(),
        ]  # fmt: skip
        self._process = subprocess.Popen(
            program,
            env=_environment(self.limits),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=[theirs.fileno()],
            cwd="/",
            start_new_session=True,  # a terminal's interrupt is for the grader alone
        )
        theirs.close()
        self._control = ours
        return self

    def wait_ready(self) -> None:
        """Wait until processes can be forked. Raises: SandboxUnavailable with the reason."""
        if self._ready:
            return
        self._control.settimeout(START_S)
        try:
            answer = self._control.recv(16)
        except TimeoutError:
            answer = b""
        if answer != b"ready":
            raise SandboxUnavailable(
                f"the sandbox did not start:\n{self.log().strip()}\nRun `autograder doctor`."
            )
        self._control.settimeout(None)
        self._ready = True

    def spawn(self) -> wire.Channel:
        """A conversation with a new process. Raises: SandboxUnavailable if the warm one is gone."""
        self.wait_ready()
        token = secrets.token_bytes(wire.TOKEN_BYTES)
        ours, theirs = conversation()
        try:
            with theirs:
                self._send(token, theirs)
        except SandboxUnavailable:
            ours.close()
            raise
        return wire.Channel(ours, token)

    def _send(self, packet: bytes, theirs: socket.socket) -> None:
        rights = array.array("i", [theirs.fileno()])
        try:
            self._control.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        except OSError as error:
            raise SandboxUnavailable(f"the warm process ended: {self.log()}") from error

    @property
    def alive(self) -> bool:
        """Whether the warm process is there."""
        return self._process.poll() is None

    def branch(self) -> Sandbox:
        """A sandbox for one command: closing it, or the command's end, ends what it spawned.

        Raises: SandboxUnavailable if the warm process is gone.
        """
        self.wait_ready()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._send(BRANCH, theirs)
        branch = _Branch(self.limits)
        branch._control, branch._log, branch._ready = ours, self._log, True
        return branch

    def log(self) -> str:
        """What the sandbox itself printed (never a student's output)."""
        if self._log.closed:
            return "the sandbox is closed"
        return os.pread(self._log.fileno(), 100_000, 0).decode("utf-8", "replace")

    def close(self) -> None:
        """End the warm process and with it everything that was started in the sandbox.

        Unconfined, what cells detached from their process goes on.
        """
        if self.limits is None:  # before the warm process ends, whose children they are
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in psutil.Process(self._process.pid).children(recursive=True):
                    process.kill()
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


class _Branch(Sandbox):
    """A branch of a sandbox, which belongs to somebody else."""

    def start(self) -> Self:
        return self

    def close(self) -> None:
        self._control.close()


def _fitting(limits: Limits) -> Limits:
    """The limits, with the interpreter kept where a fresh /tmp would hide it."""
    inside = tuple(f for f in readable_folders() if Path(f).is_relative_to("/tmp"))
    return msgspec.structs.replace(limits, keep=inside)


def _environment(limits: Limits | None) -> dict[str, str]:
    if limits:
        return _ENVIRONMENT | {"TMPDIR": "/tmp"}
    folder = tempfile.gettempdir()
    open_to_all = {"HOME": folder, "TMPDIR": folder, "MPLCONFIGDIR": folder, "IPYTHONDIR": folder}
    return os.environ | _ENVIRONMENT | open_to_all


def conversation() -> tuple[socket.socket, socket.socket]:
    """Two connected packet sockets; the first is told the kernel's word on who sends."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


def self_test() -> None:
    """Run one cell in a sandbox. Raises: SandboxUnavailable with the reason."""
    with Sandbox() as sandbox:
        channel = sandbox.spawn()
        with contextlib.closing(channel):
            deadline = time.monotonic() + 20.0
            try:
                channel.send(wire.RunCell(1, "import scipy, wave"))  # not loaded yet: from the disk
                answer: wire.Message = wire.Hello("init")
                while isinstance(answer, wire.Hello):
                    answer, _, _ = channel.receive(deadline=deadline)
            except wire.WireError as error:
                raise SandboxUnavailable(
                    f"no student process starts: {error}\n{sandbox.log()}"
                ) from None
            if not isinstance(answer, wire.CellDone) or answer.failed:
                raise SandboxUnavailable(f"student code cannot import installed packages: {answer}")


def _start_code(*, confined: bool) -> str:
    drop = (
        f"import os; os.getuid() == 0 and (os.setgroups([]), os.setresgid(*[{NOBODY}] * 3), "
        f"os.setresuid(*[{NOBODY}] * 3)); "
        if confined
        else ""
    )
    return drop + _START + "main(int(sys.argv[1]), sys.argv[2].encode())"
