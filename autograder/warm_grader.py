"""The process behind `autograder warm`: loads all that grading needs, then forks for each command.

It has one thread and never runs a command itself. Told to end, or outdated, it takes no more
commands and lets those that run come to their end. Its own end, for whatever reason, is that of its
sandbox, which dies with its parent. Who may ask, and how it is found: autograder/warm.py.
Proved by: tests/autograder/test_warm.py.
"""

from __future__ import annotations

import array
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence

import msgspec

from autograder import warm
from autograder.errors import SandboxUnavailable
from autograder.sandbox import Sandbox

CHECK_S = 2.0  # between two looks at the sources and the clock
ASK_S = 5.0  # for the one packet of a command
Run = Callable[[list[str]], int]


def start(assignments: Sequence[str], idle_s: float, run: Run) -> None:
    """Leave a warm grader behind; returns when it takes commands.

    Args:
        assignments: whose checks to load.
        idle_s: after how many seconds without a command it ends.
        run: runs a command's words, in a process of its own; gives the exit code.

    Raises: SandboxUnavailable with the reason.
    """
    told, tell = os.pipe()
    if os.fork() == 0:
        os.close(told)
        _leave(assignments, idle_s, run, tell)
    os.close(tell)
    with open(told, "rb") as pipe:
        answer = pipe.read()  # to its end: the grader keeps the pipe open until it is ready
    os.wait()
    if answer != b"ready":
        raise SandboxUnavailable(
            f"no warm grader could be started: {answer.decode('utf-8', 'replace') or 'it ended'}"
        )


def _leave(assignments: Sequence[str], idle_s: float, run: Run, tell: int) -> None:
    """In the child: become a process of its own session and serve. Never returns."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        os.chdir("/")
        _serve(assignments, idle_s, run, tell)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(tell, f"{type(error).__name__}: {error}".encode("utf-8", "replace"))
    os._exit(0)


def _serve(assignments: Sequence[str], idle_s: float, run: Run, tell: int) -> None:
    from autograder import grading

    own = warm.key()
    with Sandbox() as sandbox, warm.folder() as opened:
        for assignment in assignments:
            grading.warm_up(assignment)
        sandbox.wait_ready()
        if warm.key() != own:
            raise RuntimeError("the sources changed meanwhile; try again")
        grading.keep(sandbox)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            fresh, name = warm.at(opened, f".{os.getpid()}"), warm.at(opened, own)
            listener.bind(fresh)
            listener.listen()
            os.rename(fresh, name)
            os.write(tell, b"ready")
            os.close(tell)
            running: set[int] = set()
            try:
                _take(listener, sandbox, own, idle_s, run, running)
            finally:
                os.unlink(name)
                listener.close()  # those that wait in line run without it
                for pid in running:  # they need the sandbox
                    os.waitpid(pid, 0)


def _take(
    listener: socket.socket,
    sandbox: Sandbox,
    own: str,
    idle_s: float,
    run: Run,
    running: set[int],
) -> None:
    """Take commands until it is told to end, has none for long, or does not fit any more.

    `running`: the processes of commands that have not ended.
    """
    ends = time.monotonic() + idle_s
    listener.settimeout(CHECK_S)
    while (running or time.monotonic() < ends) and sandbox.alive and warm.key() == own:
        running -= {pid for pid in running if os.waitpid(pid, os.WNOHANG)[0]}
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection:
            asked = _ask(connection)
            if asked is None:
                continue
            request, descriptors = asked
            if not request.words:
                return
            pid = os.fork()
            if pid == 0:
                listener.close()
                _run(connection, request, descriptors, run)
            for descriptor in descriptors:
                os.close(descriptor)
            running.add(pid)
        ends = time.monotonic() + idle_s


def _ask(connection: socket.socket) -> tuple[warm.Request, list[int]] | None:
    """What is asked, with its descriptors, if it is this user who asks."""
    if not warm.same_user(connection):
        return None
    connection.settimeout(ASK_S)
    try:
        data, ancillary, _, _ = connection.recvmsg(warm.PACKET_BYTES, socket.CMSG_SPACE(12))
        request = msgspec.json.decode(data, type=warm.Request)
    except (OSError, msgspec.MsgspecError):
        return None
    descriptors = array.array("i", b"".join(content for _, _, content in ancillary)).tolist()
    return (request, descriptors) if len(descriptors) == 3 else None


def _run(
    connection: socket.socket, request: warm.Request, descriptors: list[int], run: Run
) -> None:
    """In a process of its own: run one command where it was asked, tell its end, and end."""
    code = 1
    try:
        connection.settimeout(None)
        connection.send(str(os.getpid()).encode())
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", errors="surrogateescape", closefd=False)
            for number, mode in enumerate("rww")
        )
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.umask(request.umask)
        os.chdir(request.folder)
        os.environ.clear()
        os.environ.update(request.environment)
        code = run(request.words)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    finally:
        with contextlib.suppress(OSError):
            connection.send(str(code).encode())
        os._exit(code)
