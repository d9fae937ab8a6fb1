"""A student's process as the judge sees it: run cells, take snapshots, interrupt, end.

Life: `Submission.start` spawns it in the sandbox; `run` runs a cell and `snapshot` forks the state
that the notebook has reached; `close` ends everything that the submission started.

A request past its deadline is interrupted; if that does not help, its process is killed. All
processes of a submission together may hold `memory_bytes`; past that they are killed. Proved by:
tests/autograder/test_student.py.
"""

from __future__ import annotations

import secrets
import signal
import time
from typing import Any

import msgspec

from autograder.deadlines import Deadlines
from autograder.errors import SandboxUnavailable, StudentDied
from autograder.inside import wire
from autograder.inside.peer import RemoteError
from autograder.memory import descendants, holds_more_than, own_bytes
from autograder.process import Process, in_words
from autograder.sandbox import Sandbox, conversation
from autograder.snapshot import Snapshot

START_S = 30.0
ROUNDS, ROUND_S = 10, 0.02  # of ending what is left; what is forked meanwhile is met in the next


class CellOutcome(msgspec.Struct):
    """What running a cell gave: its outputs, and what went wrong with the process, in words."""

    outputs: list[wire.Output]
    count: int
    trouble: str = ""
    alive: bool = True


class Submission:
    """The processes of one submission, from its first cell to its last snapshot."""

    def __init__(self, sandbox: Sandbox, deadlines: Deadlines, files: dict[str, bytes]) -> None:
        self._sandbox, self.deadlines, self._files = sandbox, deadlines, files
        self._snapshots: list[Snapshot] = []
        self._by_cells: set[int] = set()  # pids of what ran at the last snapshot
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
            return CellOutcome([], 0, in_words(error), alive=False)
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
        self._by_cells = set(descendants(self._init.pid))
        return snapshot

    def finish(self, snapshot: Snapshot) -> None:
        """End a snapshot and what its calls left running, which would use up time and memory.

        What cells had started before the last snapshot stays; functions may need it. Where there is
        no end to what is left, all ends.
        """
        snapshot.lost = True
        snapshot.process.close()
        for _ in range(ROUNDS):
            strays = set(descendants(self._init.pid)) - self._by_cells
            if not strays:
                return
            for pid in strays:
                self._init.kill_descendant(pid)
            time.sleep(ROUND_S)
        self.close()

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
            snapshot.lost = True

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

    def _check_memory(self) -> None:
        """Kill the submission when its processes together hold too much."""
        limit_bytes = self.deadlines.memory_bytes
        if holds_more_than(limit_bytes, self._init.pid, self._baseline_bytes):
            self._lose()
            raise wire.WireClosed(f"it used more than {limit_bytes / 2**30:g} GB of memory")
