"""A student's process: runs cells, forks snapshots, answers calls on the student's objects.

Life: the zygote forks it for one submission. It says hello, then answers requests one at a time
until its socket closes. A `Fork` makes a snapshot of the notebook's state: a child that answers
calls on a socket of its own, so that nothing a check does can be seen by later cells or by the
checks of other functions. Proved by: tests/autograder/test_student.py.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
from pathlib import Path
from typing import Any

import torch

from . import wire
from .peer import BorrowedCallable, Peer, raised
from .shell import CellShell
from .writer import Writer

_handle = getattr(signal.signal, "__wrapped__", signal.signal)  # makes no enum of the old handler


class StudentPeer(Peer):
    """The student's end: everything may be lent, and called by the judge."""

    answers = BaseException

    def __init__(self, channel: wire.Channel, namespace: dict[str, Any]) -> None:
        super().__init__(channel)
        self.namespace = namespace

    def lend(self, value: object) -> wire.Value:
        """Number any object, and say what kind it is."""
        number = len(self.lent) + 1
        self.lent[number] = value
        kind: Any = "object"
        if isinstance(value, torch.nn.Module):
            kind = "module"
        elif isinstance(value, type):
            kind = "class"
        elif callable(value):
            kind = "function"
        return wire.Lent(number, kind, str(getattr(value, "__name__", type(value).__name__))[:80])

    def borrow(self, lent: wire.Lent) -> object:
        """The judge lends functions alone."""
        return BorrowedCallable(self, lent)

    def may_call(self, target: object, method: str) -> bool:
        """Everything: this process holds nothing but the student's own."""
        return True

    def define(self, message: wire.Define) -> None:
        """Run definitions in the namespace."""
        try:
            exec(message.source, self.namespace)  # noqa: S102  the judge's own
        except BaseException as error:
            self.channel.send(raised(message.id, error))
        else:
            self.channel.send(wire.Reply(message.id, None))

    def look(self, message: wire.Look) -> None:
        """Answer what names stand for; a value that cannot cross is lent."""
        writer = Writer(self.lend_or_return)
        try:
            found = {name: self.namespace[name] for name in message.names if name in self.namespace}
            value = wire.Mapping_(list(found), [writer.write(item, 1) for item in found.values()])
        except BaseException as error:
            self.channel.send(raised(message.id, error))
        else:
            self.channel.send(wire.Reply(message.id, value), writer.blob())


def serve(sock: socket.socket, token: bytes, shell: CellShell) -> None:
    """The life of a student's process; returns when the judge is gone."""
    channel = wire.Channel(sock, token)
    channel.send(wire.Hello("student"))
    while True:
        try:
            message, _, about = channel.receive()
        except wire.WireClosed:
            return
        match message:
            case wire.RunCell():
                answer: wire.Message = _run_cell(shell, message)
            case wire.PutFile():
                answer = _put_file(message)
            case wire.Fork():
                answer = _fork(channel, message, about.descriptors, shell)
            case _:
                continue
        try:
            channel.send(answer)
        except wire.WireClosed:
            return


def _run_cell(shell: CellShell, message: wire.RunCell) -> wire.CellDone:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        outputs, count, failed = shell.run(message.source)
    except BaseException as error:  # the cell has broken the shell itself
        outputs = [wire.Output("error", ename=type(error).__name__[:80])]
        count, failed = shell.execution_count, True
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return wire.CellDone(message.id, outputs, count, failed)


def _put_file(message: wire.PutFile) -> wire.Reply | wire.Raised:
    try:
        Path(message.name).parent.mkdir(parents=True, exist_ok=True)
        Path(message.name).write_bytes(message.content)
    except OSError as error:
        return raised(message.id, error)
    return wire.Reply(message.id, None)


def _fork(
    channel: wire.Channel, message: wire.Fork, descriptors: list[int], shell: CellShell
) -> wire.Reply | wire.Raised:
    sock = socket.socket(fileno=descriptors[0])
    most, at_all = resource.getrlimit(resource.RLIMIT_NPROC)
    try:
        resource.setrlimit(resource.RLIMIT_NPROC, (at_all, at_all))  # some are kept for snapshots
        pid = os.fork()
        resource.setrlimit(resource.RLIMIT_NPROC, (most, at_all))
    except OSError as error:
        sock.close()
        return raised(message.id, error)
    if pid == 0:
        channel.close()
        try:
            _serve_calls(wire.Channel(sock, message.token), shell)
        finally:
            os._exit(0)
    sock.close()
    return wire.Reply(message.id, None)


def _serve_calls(channel: wire.Channel, shell: CellShell) -> None:
    """The life of a snapshot; returns when the judge is gone."""
    peer = StudentPeer(channel, shell.user_ns)
    channel.send(wire.Hello("snapshot"))
    while True:
        try:
            message, blob, about = channel.receive()
        except wire.WireClosed:
            return
        about.close()
        _handle(signal.SIGINT, signal.default_int_handler)
        try:
            if isinstance(message, wire.Look):
                peer.look(message)
            elif isinstance(message, wire.Define):
                peer.define(message)
            elif isinstance(message, wire.Call | wire.Pull):
                peer.serve(message, blob)
        except KeyboardInterrupt:
            pass
        finally:
            _handle(signal.SIGINT, signal.SIG_IGN)
