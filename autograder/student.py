"""A student's process as the judge sees it: run cells, take snapshots, interrupt, end.

Life: `Submission.start` spawns it in the sandbox; `run` runs a cell and `snapshot` forks the state
that the notebook has reached; `close` ends everything that the submission started. A process is
signalled by a pidfd made from the pid that the kernel, not the process, told with its first packet.

A request past its deadline is interrupted; if that does not help, its process is killed. All
processes of a submission together may hold `memory_bytes`; past that they are killed. Proved by:
tests/autograder/test_student.py.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import psutil

from autograder.deadlines import Deadlines
from autograder.errors import (
    BadReply,
    SandboxUnavailable,
    StudentDied,
    StudentRaised,
    StudentTimeout,
)
from autograder.inside import codec, wire
from autograder.inside.peer import Borrowed, BorrowedCallable, Peer, RemoteError
from autograder.memory import holds_more_than, own_bytes
from autograder.plain import plain
from autograder.sandbox import Sandbox, conversation

START_S = 30.0
MOST_TAPE_BYTES = 512 * 2**20  # of graphs that student code makes the judge keep


class CellOutcome(msgspec.Struct):
    """What running a cell gave: its outputs, and what went wrong with the process, in words."""

    outputs: list[wire.Output]
    count: int
    trouble: str = ""
    alive: bool = True


class Process:
    """One process at the other end of a channel; `within`: the pid of one it must descend from."""

    def __init__(
        self, channel: wire.Channel, role: str, deadline: float, within: int | None = None
    ) -> None:
        hello, _, about = channel.receive(deadline=deadline)
        about.close()
        if not isinstance(hello, wire.Hello) or hello.role != role or not about.pid:
            raise wire.WireError(f"expected a greeting of {role}")
        self.channel, self.pid = channel, about.pid
        self._pidfd = os.pidfd_open(self.pid)
        # The sender may have ended and its number gone to a stranger, whom a signal must not reach.
        if within is not None and not _descends(self.pid, within):
            os.close(self._pidfd)
            raise wire.WireError(f"the {role} is not a process of the submission")

    def watch(self, channel: wire.Channel) -> None:
        """Have waiting on the channel end with this process."""
        channel.watch = (self._pidfd,)

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens if the process has ended."""
        if self._pidfd < 0:
            return
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            return

    def close(self) -> None:
        """Kill it and let go of it."""
        if self._pidfd < 0:
            return
        self.signal(signal.SIGKILL)
        os.close(self._pidfd)
        self._pidfd = -1  # the number may soon be another's
        self.channel.close()


class Submission:
    """The processes of one submission, from its first cell to its last snapshot."""

    def __init__(self, sandbox: Sandbox, deadlines: Deadlines, files: dict[str, bytes]) -> None:
        self._sandbox, self.deadlines, self._files = sandbox, deadlines, files
        self._snapshots: list[Snapshot] = []
        self._ids = 0
        self.alive = False

    def start(self) -> None:
        """Spawn the process and put the assignment's data files in its working folder.

        Raises: SandboxUnavailable when the sandbox cannot give one.
        """
        channel = self._sandbox.spawn()
        deadline = time.monotonic() + START_S
        started: list[Process] = []
        try:
            started.append(Process(channel, "init", deadline))
            started[0].watch(channel)
            started.append(Process(channel, "student", deadline))
        except (wire.WireError, OSError) as error:
            channel.close()
            for process in started:
                process.close()
            raise SandboxUnavailable(
                f"no student process starts: {error}\n{self._sandbox.log()}"
            ) from error
        self._init, self._main = started
        channel.on_wait = self._check_memory
        self._baseline_bytes = own_bytes(self._main.pid)
        self.alive = True
        for name, content in self._files.items():
            self._ask(wire.PutFile(self._next(), name, content), START_S)

    def run(self, source: str) -> CellOutcome:
        """Run one cell. Afterwards the process may be gone (`alive` False, `trouble` says why)."""
        if not self.alive:
            return CellOutcome([], 0, "the notebook's process has ended", alive=False)
        message = wire.RunCell(self._next(), source)
        started = time.monotonic()
        trouble = ""
        try:
            try:
                done = self._ask(message, self.deadlines.cell_s)
            except wire.WireTimeout:
                trouble = f"stopped: it ran for more than {self.deadlines.cell_s:g} s"
                self._main.signal(signal.SIGINT)
                done = self._await(message.id, self.deadlines.grace_s)
        except wire.WireTimeout:
            self._lose()
            return CellOutcome([], 0, f"{trouble}, and it ignored the interrupt", alive=False)
        except wire.WireClosed as error:
            self._lose()
            return CellOutcome([], 0, _ended(error), alive=False)
        except (wire.WireError, RemoteError) as error:
            self._lose()
            return CellOutcome([], 0, f"its outputs could not be read: {error}", alive=False)
        if not isinstance(done, wire.CellDone):
            self._lose()
            return CellOutcome([], 0, "its outputs could not be read", alive=False)
        if not trouble and time.monotonic() - started > self.deadlines.cell_s:
            trouble = f"it ran for more than {self.deadlines.cell_s:g} s"
        return CellOutcome(done.outputs, done.count if 0 < done.count < 10**6 else 0, trouble)

    def snapshot(self) -> Snapshot:
        """Fork the state reached so far. Raises: StudentDied when that does not work."""
        if not self.alive:
            raise StudentDied("the notebook's process has ended")
        ours, theirs = conversation()
        token = secrets.token_bytes(wire.TOKEN_BYTES)
        channel = wire.Channel(ours, token)
        try:
            with theirs:
                fork = wire.Fork(self._next(), token)
                self._ask(fork, self.deadlines.call_s, descriptor=theirs.fileno())
            deadline = time.monotonic() + self.deadlines.call_s
            process = Process(channel, "snapshot", deadline, self._init.pid)
        except (wire.WireError, RemoteError, OSError) as error:
            channel.close()
            raise StudentDied(f"no copy of the notebook's process could be made: {error}") from None
        process.watch(channel)
        channel.on_wait = self._check_memory
        snapshot = Snapshot(process, self.deadlines)
        self._snapshots.append(snapshot)
        return snapshot

    def close(self) -> None:
        """End every process that the submission started."""
        if self.alive:
            self._lose()

    def _lose(self) -> None:
        self.alive = False
        self._init.signal(signal.SIGKILL)
        for process in (self._init, self._main, *(s.process for s in self._snapshots)):
            process.close()
        for snapshot in self._snapshots:
            snapshot.alive = False

    def _next(self) -> int:
        self._ids += 1
        return self._ids

    def _ask(self, message: Any, seconds: float, descriptor: int | None = None) -> wire.Message:
        deadline = time.monotonic() + seconds
        self._main.channel.send(message, deadline=deadline, descriptor=descriptor)
        return self._await(message.id, seconds)

    def _await(self, number: int, seconds: float) -> wire.Message:
        deadline = time.monotonic() + seconds
        while True:
            answer, _, about = self._main.channel.receive(deadline=deadline)
            about.close()
            if getattr(answer, "id", None) == number:
                if isinstance(answer, wire.Raised):
                    raise RemoteError(answer.name, answer.text)
                return answer

    def _end_strays(self) -> None:
        """Kill what the notebook's cells left running, where it leaves no room for a snapshot."""
        ours = {self._main.pid, *(snapshot.process.pid for snapshot in self._snapshots)}
        for _ in range(3):  # what is just being forked is met the next time
            for process in psutil.Process(self._init.pid).children(recursive=True):
                if process.pid not in ours:
                    with contextlib.suppress(psutil.Error):
                        process.kill()

    def _check_memory(self) -> None:
        """Kill the submission when its processes together hold too much."""
        limit_bytes = self.deadlines.memory_bytes
        if holds_more_than(limit_bytes, self._init.pid, self._baseline_bytes):
            self._init.signal(signal.SIGKILL)
            raise wire.WireClosed(f"it used more than {limit_bytes / 2**30:g} GB of memory")


class Snapshot(Peer):
    """The state of a notebook after some cells, whose objects the judge can use.

    Only functions are lent to it (a function passed as argument), and it may only call them.
    """

    most_tape_bytes = MOST_TAPE_BYTES

    def __init__(self, process: Process, deadlines: Deadlines) -> None:
        super().__init__(process.channel)
        self.process, self._deadlines = process, deadlines
        self.deadline = lambda: time.monotonic() + deadlines.call_s
        self.alive = True

    def look(self, names: list[str]) -> dict[str, Any]:
        """What these names stand for in the notebook; those not defined are left out."""
        reply, blob = self.request(wire.Look(self.new_id(), names))
        if not isinstance(reply, wire.Reply):
            raise BadReply("the notebook's names could not be read")
        with _wire_errors_as_bad_replies():
            found = codec.Reader(blob, self.borrow, self.own).read(reply.value)
        if not isinstance(found, dict) or not found.keys() <= set(names):
            raise BadReply("the notebook's names could not be read")
        return found

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """As Peer's; an answer that is no value raises BadReply."""
        with _wire_errors_as_bad_replies():
            return super().call(*args, **kwargs)

    def pull(self, *args: Any, **kwargs: Any) -> Any:
        """As Peer's; an answer that is no gradient raises BadReply."""
        with _wire_errors_as_bad_replies():
            return super().pull(*args, **kwargs)

    def request(self, message: Any, blob: bytes = b"", descriptor: int | None = None) -> Any:
        """As Peer's; what goes wrong becomes a StudentError."""
        if not self.alive:
            raise StudentDied("the process that held this object has ended")
        try:
            return super().request(message, blob, descriptor)
        except RemoteError as error:
            raise StudentRaised(plain(str(error), limit=600)) from None
        except wire.WireTimeout:
            self._interrupt(message.id)
            raise StudentTimeout(f"no answer within {self._deadlines.call_s:g} s") from None
        except wire.WireClosed as error:
            self.alive = False
            raise StudentDied(_ended(error)) from None
        except wire.WireError as error:
            raise BadReply(str(error)) from None
        finally:
            if not self._nesting:
                self.lent.clear()

    def lend(self, value: object) -> wire.Value:
        """Number a function that a check passes; nothing else is lent to student code."""
        if not callable(value):
            raise codec.Unsendable(f"a check passed an object of {type(value)} to student code")
        number = self.new_id()
        self.lent[number] = value
        return wire.Lent(number, "function", getattr(value, "__name__", "function"))

    def borrow(self, lent: wire.Lent) -> object:
        """A proxy of the kind that the student's process says the object is."""
        from autograder.proxy import ModuleProxy

        match lent.kind:
            case "module":
                return ModuleProxy(self, lent)
            case "function" | "class":
                return BorrowedCallable(self, lent)
            case "object":
                return Borrowed(self, lent)

    def may_call(self, target: object, method: str) -> bool:
        """The function itself, none of its attributes."""
        return not method

    def _interrupt(self, number: int) -> None:
        """Interrupt the call under way; kill the process if that does not end the call."""
        self.process.signal(signal.SIGINT)
        deadline = time.monotonic() + self._deadlines.grace_s
        try:
            while True:
                answer, _, about = self.channel.receive(deadline=deadline)
                about.close()
                if getattr(answer, "id", None) == number and isinstance(
                    answer, wire.Raised | wire.Reply
                ):
                    return
        except wire.WireError:
            self.process.signal(signal.SIGKILL)
            self.alive = False


@contextlib.contextmanager
def _wire_errors_as_bad_replies() -> Iterator[None]:
    try:
        yield
    except wire.WireError as error:
        raise BadReply(str(error)) from None


def _descends(pid: int, ancestor: int) -> bool:
    try:
        return any(parent.pid == ancestor for parent in psutil.Process(pid).parents())
    except psutil.Error:
        return False


def _ended(error: wire.WireClosed) -> str:
    text = str(error)
    return text if text.startswith("it used") else "it ended the notebook's process"
