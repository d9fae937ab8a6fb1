"""Two ends of a conversation in one process, and a far end that lies."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import safetensors.torch
import torch

from autograder.inside import wire
from autograder.inside.peer import Borrowed, BorrowedCallable, Peer
from autograder.inside.reader import Reader
from autograder.inside.server import StudentPeer
from autograder.inside.writer import Unsendable
from autograder.sandbox import conversation
from autograder.snapshot import MOST_TAPE_BYTES

TOKEN = bytes(16)


class Near(Peer):
    """The judge's end, without a process to watch: it lends functions alone."""

    deadline = staticmethod(lambda: time.monotonic() + 30)
    most_tape_bytes = MOST_TAPE_BYTES

    def lend(self, value: object) -> wire.Value:
        if not callable(value):
            raise Unsendable("only functions are lent")
        number = self.new_id()
        self.lent[number] = value
        return wire.Lent(number, "function", "callback")

    def borrow(self, lent: wire.Lent) -> object:
        callable_ = lent.kind in ("function", "class", "module")
        return BorrowedCallable(self, lent) if callable_ else Borrowed(self, lent)

    def may_call(self, target: object, method: str) -> bool:
        return not method

    def look(self, *names: str) -> Any:
        reply, blob = self.request(wire.Look(self.new_id(), list(names)))
        found = Reader(blob, self.borrow, self.own).read(reply.value)
        return found[names[0]] if len(names) == 1 else [found[name] for name in names]


class Pair:
    """Both ends; the student's is served by a thread."""

    def __init__(self) -> None:
        ours, theirs = conversation()
        self.near = Near(wire.Channel(ours, TOKEN))
        self.namespace: dict[str, Any] = {}
        self.far = StudentPeer(wire.Channel(theirs, TOKEN), self.namespace)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                message, blob, _ = self.far.channel.receive()
            except wire.WireClosed:
                return
            if isinstance(message, wire.Look):
                self.far.look(message)
            else:
                self.far.serve(message, blob)

    def remote(self, value: object) -> Any:
        """What stands here for a value over there."""
        self.namespace["value"] = value
        return self.near.look("value")

    def close(self) -> None:
        self.near.channel.close()
        self._thread.join()
        self.far.channel.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.close()


X_BLOB = safetensors.torch.save({"0": torch.zeros(3, dtype=torch.float64)})


class Liar:
    """The far end by hand: `answer(message)` gives the messages and blobs to send."""

    def __init__(self, answer: Callable[[Any], list[tuple[Any, bytes]]]) -> None:
        ours, theirs = conversation()
        self.near = Near(wire.Channel(ours, TOKEN))
        self.near.deadline = lambda: time.monotonic() + 0.3
        self.heard: list[Any] = []
        self._answer, self._channel = answer, wire.Channel(theirs, TOKEN)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.function = BorrowedCallable(self.near, wire.Lent(1, "function", "f"))

    def told(self, count: int) -> list[wire.Raised]:
        """The errors that came in answer, once there are so many (or after a while)."""
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            told = [message for message in self.heard if isinstance(message, wire.Raised)]
            if len(told) >= count:
                break
            time.sleep(0.01)
        return told

    def _serve(self) -> None:
        while True:
            try:
                message, _, _ = self._channel.receive()
            except wire.WireClosed:
                return
            self.heard.append(message)
            if isinstance(message, wire.Call | wire.Pull):
                try:
                    for answer, blob in self._answer(message):
                        self._channel.send(answer, blob)
                except wire.WireClosed:
                    return

    def close(self) -> None:
        self.near.channel.close()
        self._thread.join()
        self._channel.close()


@pytest.fixture(scope="session")
def lying() -> type[Liar]:
    """The class, for tests that make many."""
    return Liar


@pytest.fixture
def liar() -> Iterator[Callable[..., Liar]]:
    made: list[Liar] = []

    def make(*answers: Any, blob: bytes = X_BLOB) -> Liar:
        """Answers each message with these: replies, or functions of the message."""

        def answer(message: Any) -> list[tuple[Any, bytes]]:
            return [(a(message) if callable(a) else a, blob) for a in answers]

        made.append(Liar(answer))
        return made[-1]

    yield make
    for one in made:
        one.close()
