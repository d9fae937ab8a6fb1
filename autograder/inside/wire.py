"""Packets and messages between the judge and a student's process.

A message is JSON (one of the structs below) and one safetensors blob. It travels over a Unix
SOCK_SEQPACKET socket, cut into packets that each carry the conversation's token and the message's
number. A packet keeps its boundaries whatever else is written to the socket, so bytes that student
code writes to a descriptor it found are packets without the token: dropped, never mistaken for part
of an answer.

Left out: encryption and authentication. Student code shares its process with the far end and can
say anything that end can say; what it says is a value that the judge then checks, no more.
Proved by: tests/autograder/inside/test_wire.py (round trips, junk, oversize, depth, deadlines).
"""

from __future__ import annotations

import array
import os
import secrets
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence

import msgspec

from .messages import (
    ArrayRef as ArrayRef,
    Call as Call,
    CellDone as CellDone,
    Define as Define,
    Fork as Fork,
    GeneratorRef as GeneratorRef,
    Hello as Hello,
    Lent as Lent,
    Look as Look,
    Mapping_ as Mapping_,
    Message as Message,
    MetaRef as MetaRef,
    Output as Output,
    Pull as Pull,
    PutFile as PutFile,
    Raised as Raised,
    Reply as Reply,
    RunCell as RunCell,
    Sequence_ as Sequence_,
    Special as Special,
    TensorRef as TensorRef,
    Value as Value,
    Yours as Yours,
)

TOKEN_BYTES = 16
PACKET_BYTES = (
    60_000  # under the default socket buffer (212,992 B), so that a packet is never refused
)
MESSAGE_BYTES = 64 * 2**20
WAIT_S = 0.25
_HEADER = struct.Struct("<16sQII")  # token, message number, packet index, packet count
_LENGTH = struct.Struct("<I")


class WireError(Exception):
    """What came is no message: oversized, malformed or nested too deep."""


class WireTimeout(WireError):
    """Nothing whole came, or could be sent, before the deadline."""


class WireClosed(WireError):
    """The other end is gone."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode


class Channel:
    """One end of a conversation. Not thread-safe: one request, then its answer."""

    def __init__(self, sock: socket.socket, token: bytes) -> None:
        self.sock = sock
        self.token = token
        self.watch: Sequence[
            int
        ] = ()  # descriptors that, readable, mean that the other end is gone
        self.on_wait: Callable[[], None] | None = None  # called each WAIT_S, whatever comes
        self._looked = time.monotonic()
        self._owner = os.getpid()
        sock.setblocking(False)

    def send(
        self,
        message: Message,
        blob: bytes = b"",
        *,
        deadline: float | None = None,
        descriptor: int | None = None,
    ) -> None:
        """Send one message (with a file descriptor, if given), waiting at most until `deadline`.

        Raises: WireError (too large), WireTimeout, WireClosed.
        """
        self._check_owner()
        text = _encode(message)
        body = _LENGTH.pack(len(text)) + text + blob
        if len(body) > MESSAGE_BYTES:
            raise WireError(
                f"expected a message of at most {MESSAGE_BYTES:,} bytes, got {len(body):,}"
            )
        number = secrets.randbits(64)
        count = -(-len(body) // PACKET_BYTES)
        view = memoryview(body)
        for index in range(count):
            packet = view[index * PACKET_BYTES : (index + 1) * PACKET_BYTES]
            rights = (
                array.array("i", [descriptor]) if descriptor is not None and not index else None
            )
            self._send_packet(
                _HEADER.pack(self.token, number, index, count), packet, rights, deadline
            )

    def _send_packet(
        self,
        header: bytes,
        packet: memoryview,
        rights: array.array[int] | None,
        deadline: float | None,
    ) -> None:
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if rights else []
        while True:
            try:
                self.sock.sendmsg([header, packet], control)
                return
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
            except (BrokenPipeError, ConnectionError, OSError) as error:
                raise WireClosed(str(error)) from None

    def receive(self, *, deadline: float | None = None) -> tuple[Message, bytes, Ancillary]:
        """The next whole message, its blob, and what the kernel said of its sender.

        Packets without the token or out of order are dropped. Raises: WireError (not a message),
        WireTimeout, WireClosed.
        """
        self._check_owner()
        number, size, about = None, 0, Ancillary()
        parts: list[memoryview] = []
        try:
            while True:
                data, came = self._receive_packet(deadline)
                if len(data) < _HEADER.size:
                    came.close()
                    continue
                token, this, index, count = _HEADER.unpack_from(data)
                if token != self.token or index >= count:
                    came.close()
                    continue
                if index == 0:
                    about.close()
                    number, parts, size, about = this, [], 0, came
                else:
                    came.close()
                    if this != number or index != len(parts):
                        continue
                size += len(data) - _HEADER.size
                if size > MESSAGE_BYTES or count > MESSAGE_BYTES // PACKET_BYTES + 1:
                    raise WireError(f"a message of more than {MESSAGE_BYTES:,} bytes came")
                parts.append(memoryview(data)[_HEADER.size :])
                if len(parts) == count:
                    return *_split(b"".join(parts)), about
        except BaseException:
            about.close()
            raise

    def _receive_packet(self, deadline: float | None) -> tuple[bytes, Ancillary]:
        while True:
            self._look()
            if deadline is not None and time.monotonic() > deadline:
                raise WireTimeout("no answer before the deadline")
            try:
                data, control, _, _ = self.sock.recvmsg(
                    PACKET_BYTES + _HEADER.size, 256, socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except OSError as error:
                raise WireClosed(str(error)) from None
            came = Ancillary.of(control)
            if not data and came.pid is None:  # an empty packet has a sender, the end has none
                came.close()
                raise WireClosed("the other end is gone")
            return data, came

    def _wait(self, event: int, deadline: float | None) -> None:
        poll = select.poll()
        poll.register(self.sock, event)
        for descriptor in self.watch:
            poll.register(descriptor, select.POLLIN)
        ready: list[tuple[int, int]] = []
        while not ready:
            left_s = WAIT_S if deadline is None else min(WAIT_S, deadline - time.monotonic())
            if left_s < 0:
                raise WireTimeout("no answer before the deadline")
            ready = poll.poll(left_s * 1e3)
            self._look()
        # No `any` or `all` here: a notebook may have replaced them in the process that waits.
        if self.sock.fileno() not in [descriptor for descriptor, _ in ready]:
            raise WireClosed("the process ended")

    def _look(self) -> None:
        if self.on_wait and time.monotonic() - self._looked >= WAIT_S:
            self._looked = time.monotonic()
            self.on_wait()

    def _check_owner(self) -> None:
        """A process that student code forked must not answer beside the one that was asked."""
        if os.getpid() != self._owner:
            raise WireClosed("this process was forked from the one that holds the conversation")

    def close(self) -> None:
        """Close this end."""
        self.sock.close()


class Ancillary(msgspec.Struct):
    """What came beside a packet: the sender's pid as the kernel tells it, and descriptors."""

    pid: int | None = None
    descriptors: list[int] = []

    @classmethod
    def of(cls, control: Sequence[tuple[int, int, bytes]]) -> Ancillary:
        """Read the control messages of one `recvmsg`."""
        about = cls()
        for level, kind, data in control:
            if level != socket.SOL_SOCKET:
                continue
            if kind == socket.SCM_RIGHTS:
                about.descriptors += array.array("i", data[: len(data) - len(data) % 4]).tolist()
            elif kind == socket.SCM_CREDENTIALS:
                about.pid = struct.unpack("iII", data)[0]
        return about

    def close(self) -> None:
        """Close descriptors that nobody asked for."""
        for descriptor in self.descriptors:
            socket.close(descriptor)
        self.descriptors = []


def _split(body: bytes) -> tuple[Message, bytes]:
    try:
        (length,) = _LENGTH.unpack_from(body)
        if length > len(body) - _LENGTH.size:
            raise ValueError("cut short")
        text = body[_LENGTH.size : _LENGTH.size + length]
        return _decode(text), body[_LENGTH.size + length :]
    except (struct.error, msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise WireError(f"not a message: {type(error).__name__}") from None
