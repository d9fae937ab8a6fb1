"""A warm grader: started by `autograder warm`, it answers later `autograder grade` commands.

A command that grades needs some two seconds to load torch twice, in the judge and in the sandbox.
A warm grader has done so, and forks a process for each command that is handed to it, with that
command's words, folder, environment, terminal and rights. What it has loaded is all that it keeps:
each command reads the course, its secret and the submissions anew, and each submission gets a fresh
process in the sandbox, whose warm process never runs anything of a student's.

It is found by its key: the user, the interpreter, what is installed, and each source of ours by
path, size and time. What was changed has another key, so no command meets old code; the old grader
sees the change and ends with its last command, as it does after some time without work. Its socket
lies in a folder that only its user can enter, and both ends ask the kernel who the other is.

Left out: other machines, and the formgrader's button. Proved by: tests/autograder/test_warm.py.
"""

from __future__ import annotations

import array
import contextlib
import hashlib
import os
import signal
import site
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from autograder.verdict import package

PACKET_BYTES = 200_000  # less than the kernel's buffer for a socket: words and environment in one
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Request(msgspec.Struct):
    """One command for the warm grader; with it come its three standard descriptors."""

    words: list[str]  # none: end
    folder: str
    environment: dict[str, str]
    umask: int


def key() -> str:
    """Tells one state of user, interpreter, packages and sources from any other."""
    parts = [sys.executable, sys.version, str(os.getuid())]
    installed = [Path(folder) for folder in site.getsitepackages()]
    ours = [package(name) for name in ("autograder", "reference", "assignments")]
    for path in [*installed, *(source for root in ours for source in sorted(root.rglob("*.py")))]:
        found = path.stat()
        parts.append(f"{path} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


@contextlib.contextmanager
def folder() -> Iterator[int]:
    """The open folder of this user's sockets. Raises: PermissionError if it is anybody else's."""
    base = os.environ.get("XDG_RUNTIME_DIR") or Path("~/.cache").expanduser()
    path = Path(base, "autograder-warm")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = os.open(path, os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(opened)
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise PermissionError(f"{path} must be yours alone (mode 700)")
        yield opened
    finally:
        os.close(opened)


def at(opened: int, name: str) -> str:
    """The address of a socket in an open folder, short whatever the folder's path."""
    return f"/proc/self/fd/{opened}/{name}"


def same_user(connection: socket.socket) -> bool:
    """Whether the other end is a process of this user, by the kernel's word."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", told)[1] == os.getuid())


def connect() -> socket.socket | None:
    """A connection to the grader that fits, or None."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with folder() as opened:
            connection.connect(at(opened, key()))
        if same_user(connection):
            return connection
    except OSError:  # none was started, it has ended, or its folder is not to be trusted
        pass
    connection.close()
    return None


def hand_over(words: list[str]) -> int | None:
    """Have a warm grader run `autograder` with these words here.

    Returns its exit code, or None where no grader took it on.
    """
    connection = connect()
    if connection is None:
        return None
    with connection:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until it is known whose they are
        try:
            _send(connection, words)
            pid = int(connection.recv(32) or b"0")
            for number in SIGNALS if pid else ():
                signal.signal(number, lambda number, _: _pass_on(pid, number))
        except (OSError, UnicodeEncodeError):
            return None
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        if not pid:
            return None
        code = connection.recv(32)
        if not code:
            print(
                "autograder: the command was killed, or ran out of memory: run it again",
                file=sys.stderr,
            )
        return int(code or b"1")


def stop() -> bool:
    """Have the grader that fits end with its last command; whether there was one."""
    connection = connect()
    if connection is None:
        return False
    with connection:
        _send(connection, [])
        connection.recv(32)
    return True


def _send(connection: socket.socket, words: list[str]) -> None:
    umask = os.umask(0o077)
    os.umask(umask)
    data = msgspec.json.encode(Request(words, os.getcwd(), dict(os.environ), umask))
    rights = array.array("i", [0, 1, 2])
    connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def _pass_on(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
