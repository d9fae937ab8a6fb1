"""The state of a notebook after some cells, whose objects the judge can use.

A request past its deadline is interrupted; if that does not help, the snapshot's process is killed.
Whatever goes wrong on the wire becomes a `StudentError`.
Proved by: tests/autograder/test_student.py.
"""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Iterator
from typing import Any

from autograder.deadlines import Deadlines
from autograder.errors import BadReply, StudentDied, StudentRaised, StudentTimeout
from autograder.inside import wire
from autograder.inside.peer import Borrowed, BorrowedCallable, Peer, RemoteError
from autograder.inside.reader import Reader
from autograder.inside.writer import Unsendable
from autograder.plain import plain
from autograder.process import Process, in_words

MOST_TAPE_BYTES = 512 * 2**20  # of graphs that student code makes the judge keep


class Snapshot(Peer):
    """The state of a notebook after some cells, whose objects the judge can use.

    Only functions are lent to it (a function passed as argument), and it may only call them.
    `ends`: until when it may be asked, in seconds of time.monotonic().
    """

    most_tape_bytes = MOST_TAPE_BYTES

    def __init__(self, process: Process, deadlines: Deadlines) -> None:
        super().__init__(process.channel)
        self.process, self._deadlines = process, deadlines
        self.deadline = lambda: time.monotonic() + deadlines.call_s
        self.ends = math.inf
        self.lost = False

    @property
    def alive(self) -> bool:
        """Whether it can be asked, as far as the kernel knows."""
        return not self.lost and not self.process.ended

    def look(self, names: list[str]) -> dict[str, Any]:
        """What these names stand for in the notebook; those not defined are left out."""
        self.process.signal(signal.SIGCONT)  # a call on another snapshot may have stopped it
        reply, blob = self.request(wire.Look(self.new_id(), names))
        if not isinstance(reply, wire.Reply):
            raise BadReply("the notebook's names could not be read")
        with _wire_errors_as_bad_replies():
            found = Reader(blob, self.borrow, self.own).read(reply.value)
        if not isinstance(found, dict) or not found.keys() <= set(names):
            raise BadReply("the notebook's names could not be read")
        return found

    def define(self, source: str) -> None:
        """Run definitions of ours in the notebook's namespace."""
        self.request(wire.Define(self.new_id(), source))

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
        if time.monotonic() > self.ends:
            allowed = f"{self._deadlines.notebook_s:g} s"
            raise StudentTimeout(f"not called: the checks took more than {allowed} before it")
        try:
            return super().request(message, blob, descriptor)
        except RemoteError as error:
            raise StudentRaised(plain(str(error), limit=600), error.kinds) from None
        except wire.WireTimeout:
            self._interrupt(message.id)
            raise StudentTimeout(f"no answer within {self._deadlines.call_s:g} s") from None
        except wire.WireClosed as error:
            self.lost = True
            raise StudentDied(in_words(error)) from None
        except wire.WireError as error:
            raise BadReply(str(error)) from None
        finally:
            if not self._nesting:
                self.lent.clear()

    def lend(self, value: object) -> wire.Value:
        """Number a function that a check passes; nothing else is lent to student code."""
        if not callable(value):
            raise Unsendable(f"a check passed an object of {type(value)} to student code")
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
            self.lost = True


@contextlib.contextmanager
def _wire_errors_as_bad_replies() -> Iterator[None]:
    try:
        yield
    except wire.WireError as error:
        raise BadReply(str(error)) from None
