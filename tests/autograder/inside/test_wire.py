"""Packets and messages: whole ones arrive exactly, anything else is dropped or refused in time."""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from hypothesis import given, strategies as st

from autograder.inside import wire
from autograder.inside.wire import Channel, WireClosed, WireError, WireTimeout
from autograder.sandbox import conversation

TOKEN = bytes(range(16))
HEADER = struct.Struct("<16sQII")
ANSWER = wire.Reply(1, None)


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def connected() -> tuple[Channel, Channel]:
    """The judge's end, which is told who sends, and the other."""
    ours, theirs = conversation()
    return Channel(ours, TOKEN), Channel(theirs, TOKEN)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    judge, student = connected()
    yield judge, student
    judge.close()
    student.close()


def packet(
    body: bytes, *, token: bytes = TOKEN, number: int = 1, index: int = 0, count: int = 1
) -> bytes:
    return HEADER.pack(token, number, index, count) + body


def body_of(text: bytes, blob: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<I", len(text) if length is None else length) + text + blob


def receive_body(body: bytes) -> Any:
    """What the judge makes of a message whose bytes are these."""
    judge, student = connected()
    try:
        student.sock.send(packet(body))
        return judge.receive(deadline=soon())
    finally:
        judge.close()
        student.close()


def across(message: wire.Message, blob: bytes = b"") -> tuple[wire.Message, bytes]:
    """Send from one end, in a thread of its own, and receive at the other."""
    judge, student = connected()
    sender = threading.Thread(target=student.send, args=(message, blob))
    sender.start()
    try:
        came, came_blob, about = judge.receive(deadline=soon())
        assert about.pid == os.getpid()
        assert about.descriptors == []
        return came, came_blob
    finally:
        sender.join()
        judge.close()
        student.close()


LEAVES: list[wire.Value] = [
    None, True, False, 0, -(2**53), 2**53, 0.5, -0.0, 1e300, "", "é\u2028\x00😀",
    wire.Special("float", "nan"), wire.TensorRef(3, True), wire.MetaRef("float32", (2, 0)),
    wire.ArrayRef(1, True), wire.GeneratorRef(0), wire.Lent(7, "class", "M"), wire.Yours(9),
]  # fmt: skip
ARGS = wire.Sequence_("tuple", [*LEAVES, wire.Sequence_("set", []), wire.Mapping_([None], ["x"])])
KWARGS = wire.Mapping_(["mask"], [wire.Sequence_("list", LEAVES)])
OUTPUTS = [
    wire.Output("stream", name="stderr", text="a\nb"),
    wire.Output("execute_result", data={"text/plain": "1", "image/png": "aGk="}),
    wire.Output("error", ename="E", evalue="v", traceback=["one", "two"]),
]
MESSAGES: list[wire.Message] = [
    wire.Hello("snapshot"),
    wire.PutFile(1, "data/a.bin", bytes(range(256))),
    wire.RunCell(2, "print('héllo')\n"),
    wire.CellDone(2, OUTPUTS, 7, True),
    wire.Fork(3, TOKEN),
    wire.Look(4, ["softmax", "x"]),
    wire.Define(4, "def softmax(x): return x"),
    wire.Call(5, 6, "forward", ARGS, KWARGS, grad=True, params=["a.b"], forget=[1, 2]),
    wire.Pull(6, 5, [wire.TensorRef(0), None]),
    wire.Reply(7, ARGS, changed=[(0, 1)]),
    wire.Raised(8, "LinAlgError", "no", ("ValueError", "Exception")),
]


def test_every_kind_of_message_is_tried():
    assert {type(message) for message in MESSAGES} == set(get_args(wire.Message))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was_sent(message):
    came, blob = across(message, b"\x00blob")
    assert came == message
    assert repr(came) == repr(message), "types too: 1, 1.0 and True are equal but not the same"
    assert blob == b"\x00blob"


trees = st.recursive(
    st.sampled_from(LEAVES)
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.builds(wire.Sequence_, st.sampled_from(["list", "tuple", "set"]), st.lists(inner))
        | st.builds(wire.Mapping_, st.lists(inner), st.lists(inner))
    ),
    max_leaves=20,
)


@given(tree=trees, blob=st.binary())
def test_any_tree_arrives_as_it_was_sent(tree, blob):
    came, came_blob = across(wire.Reply(1, tree), blob)
    assert repr(came) == repr(wire.Reply(1, tree))
    assert came_blob == blob


@pytest.mark.parametrize("packets", [1, 2, 7])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_messages_are_cut_into_packets(packets, more):
    rest = len(body_of(wire._encode(ANSWER)))
    blob = os.urandom(packets * wire.PACKET_BYTES + more - rest)
    assert across(ANSWER, blob) == (ANSWER, blob)


def test_messages_keep_their_order_and_number(ends):
    judge, student = ends
    for number in range(50):
        student.send(wire.Reply(number, number))
    assert [judge.receive(deadline=soon())[0].id for _ in range(50)] == list(range(50))


# ── packets that are none of ours ───────────────────────────────────────────────────────────────

SMALL = 1000  # bytes a packet, so that many fit into the socket
JUNK = {
    "a byte": b"x",
    "shorter than a header": packet(b"")[:-1],
    "as long as a header": os.urandom(HEADER.size),
    "text": b'{"type":"reply","id":1,"value":60}' * 3,
    "another token": packet(body_of(wire._encode(wire.Reply(1, "forged"))), token=bytes(16)),
    "no packets to come": packet(b"", count=0),
    "past the last": packet(b"x", index=1, count=1),
    "not the first": packet(b"x", index=1, count=2),
    "the largest numbers": packet(b"x", number=2**64 - 1, index=2**32 - 1, count=2**32 - 1),
    "longer than a packet": b"x" * 2 * SMALL,
    "empty": b"",
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_a_packet_of_junk_is_dropped(ends, junk, monkeypatch):
    monkeypatch.setattr(wire, "PACKET_BYTES", SMALL)
    judge, student = ends
    blob = os.urandom(SMALL)  # two packets
    halves = whole_packets(wire.Reply(1, "true"), blob)
    for part in (junk, halves[0], junk, junk, halves[1], junk):
        student.sock.send(part)
    answer, came, _ = judge.receive(deadline=soon())
    assert answer == wire.Reply(1, "true")
    assert came == blob
    with pytest.raises(WireTimeout):
        judge.receive(deadline=soon(0.01))


def whole_packets(message: wire.Message, blob: bytes) -> list[bytes]:
    judge, student = connected()
    student.send(message, blob)
    parts = []
    while True:
        try:
            parts.append(judge.sock.recv(100_000))
        except BlockingIOError:
            break
    judge.close()
    student.close()
    return parts


def test_a_message_cut_short_gives_way_to_the_next(ends):
    judge, student = ends
    first = whole_packets(wire.Reply(1, "first"), os.urandom(2 * wire.PACKET_BYTES))
    second = whole_packets(wire.Reply(2, "second"), b"")
    for part in (first[0], first[1], *second, first[2]):
        student.sock.send(part)
    assert judge.receive(deadline=soon())[0] == wire.Reply(2, "second")
    with pytest.raises(WireTimeout):
        judge.receive(deadline=soon(0.01))


def test_packets_out_of_order_make_no_message(ends):
    judge, student = ends
    parts = whole_packets(ANSWER, os.urandom(2 * wire.PACKET_BYTES))
    for part in (parts[0], parts[2], parts[0], parts[0], parts[2]):
        student.sock.send(part)
    with pytest.raises(WireTimeout):
        judge.receive(deadline=soon(0.01))


# ── what is no message ──────────────────────────────────────────────────────────────────────────

deep = b'{"type":"s","kind":"list","items":[' * 100_000
MALFORMED = {
    "nothing": b"",
    "a cut length": b"\x01\x00",
    "a length and nothing": body_of(b""),
    "a length past the end": body_of(b'{"type":"reply","id":1,"value":null}', length=2**32 - 1),
    "a length before the end": body_of(b'{"type":"reply","id":1,"value":null}', length=10),
    "no JSON": body_of(b"\x80\x04K\x01."),
    "no UTF-8": body_of(b'{"type":"raised","id":1,"name":"\xff","text":""}'),
    "a lone surrogate": body_of(b'{"type":"raised","id":1,"name":"\\ud800","text":""}'),
    "no object": body_of(b"[]"),
    "no type": body_of(b'{"id":1}'),
    "an unknown type": body_of(b'{"type":"exec","id":1}'),
    "a field left out": body_of(b'{"type":"reply","id":1}'),
    "a wrong field": body_of(b'{"type":"reply","id":"one","value":null}'),
    "an id that is no integer": body_of(b'{"type":"reply","id":1.5,"value":null}'),
    "an unknown value": body_of(b'{"type":"reply","id":1,"value":{"type":"pickle","text":""}}'),
    "a list as value": body_of(b'{"type":"reply","id":1,"value":[1]}'),
    "NaN": body_of(b'{"type":"reply","id":1,"value":NaN}'),
    "a number too large": body_of(b'{"type":"reply","id":1,"value":1e999}'),
    "an endless integer": body_of(b'{"type":"reply","id":' + b"9" * 50_000 + b',"value":null}'),
    "two messages": body_of(b'{"type":"reply","id":1,"value":null}' * 2),
    "negative shape as text": body_of(
        b'{"type":"reply","id":1,"value":{"type":"m","dtype":"f","shape":"-1"}}'
    ),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_message_is_refused_and_the_next_one_read(ends, body):
    judge, student = ends
    student.sock.send(packet(body))
    student.send(ANSWER)
    with pytest.raises(WireError, match="not a message") as caught:
        judge.receive(deadline=soon())
    assert type(caught.value) is WireError
    assert judge.receive(deadline=soon())[0] == ANSWER


@pytest.mark.parametrize("levels", [100, 20_000, 100_000])  # Python 3.13 reads some thousands
def test_deep_json_is_refused_or_read_but_never_overflows(ends, levels):
    judge, student = ends
    text = (
        b'{"type":"reply","id":1,"value":'
        + b'{"type":"s","kind":"list","items":[' * levels
        + b"]}" * levels
        + b"}"
    )
    body = body_of(text)
    pieces = [body[i : i + wire.PACKET_BYTES] for i in range(0, len(body), wire.PACKET_BYTES)]

    def send() -> None:
        student.sock.setblocking(True)
        for index, piece in enumerate(pieces):
            student.sock.send(packet(piece, index=index, count=len(pieces)))

    sender = threading.Thread(target=send)
    sender.start()
    if levels == 100:
        assert isinstance(judge.receive(deadline=soon())[0], wire.Reply)
    else:
        with pytest.raises(WireError, match="not a message: RecursionError"):
            judge.receive(deadline=soon())
    sender.join()


@given(st.binary(max_size=300))
def test_random_bytes_are_no_message(body):
    with pytest.raises(WireError, match="not a message"):
        receive_body(body)


@given(st.data())
def test_a_damaged_message_is_a_message_or_refused(data):
    text = bytearray(wire._encode(data.draw(st.sampled_from(MESSAGES))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError):
        assert isinstance(receive_body(body_of(bytes(text)))[0], get_args(wire.Message))


def test_too_large_a_message_is_not_sent(ends, monkeypatch):
    judge, student = ends
    monkeypatch.setattr(wire, "MESSAGE_BYTES", 1000)
    with pytest.raises(WireError, match="at most 1,000 bytes, got 1,0"):
        student.send(ANSWER, b"x" * 1000)
    with pytest.raises(WireTimeout):
        judge.receive(deadline=soon(0.01))


def test_too_large_a_message_is_not_gathered(ends, monkeypatch):
    judge, student = ends
    monkeypatch.setattr(wire, "MESSAGE_BYTES", 1000)
    for index in range(3):
        student.sock.send(packet(b"x" * 400, index=index, count=9))
    with pytest.raises(WireError, match="more than 1,000 bytes came"):
        judge.receive(deadline=soon())


def test_a_message_of_more_packets_than_fit_is_not_gathered(ends):
    """Empty packets add nothing to its size, yet each would be kept."""
    judge, student = ends
    for index in range(3):
        student.sock.send(packet(b"", index=index, count=2**31))
    with pytest.raises(WireError, match="more than 67,108,864 bytes"):
        judge.receive(deadline=soon())


# ── time ────────────────────────────────────────────────────────────────────────────────────────


def elapsed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def test_silence_ends_at_the_deadline(ends):
    judge, _ = ends

    def wait() -> None:
        with pytest.raises(WireTimeout):
            judge.receive(deadline=soon(0.05))

    assert 0.04 < elapsed(wait) < 4


def test_what_comes_after_the_deadline_comes_too_late(ends):
    """Or packets that never cease would be read for ever."""
    judge, student = ends
    student.send(ANSWER)
    with pytest.raises(WireTimeout):
        judge.receive(deadline=time.monotonic() - 0.01)


def test_half_a_message_ends_at_the_deadline(ends):
    judge, student = ends
    student.sock.send(whole_packets(ANSWER, os.urandom(wire.PACKET_BYTES))[0])
    with pytest.raises(WireTimeout):
        judge.receive(deadline=soon(0.05))


def flood(sock: socket.socket, data: bytes, stop: threading.Event) -> None:
    sock.setblocking(False)
    while not stop.is_set():
        try:
            sock.send(data)
        except BlockingIOError:
            time.sleep(0.001)


@pytest.mark.parametrize(
    "data", [b"junk", packet(b"x", index=0, count=2), packet(b"x", index=1, count=2)]
)
def test_a_flood_ends_at_the_deadline(ends, data):
    judge, student = ends
    stop = threading.Event()
    flooding = threading.Thread(target=flood, args=(student.sock, data, stop))
    flooding.start()
    try:
        with pytest.raises(WireTimeout):
            judge.receive(deadline=soon(0.2))
    finally:
        stop.set()
        flooding.join()


def test_what_watches_is_called_through_a_flood(ends, monkeypatch):
    """Packets without end must not keep the memory watch from looking."""
    judge, student = ends
    monkeypatch.setattr(wire, "WAIT_S", 0.05)
    looked: list[int] = []
    judge.on_wait = lambda: looked.append(1)
    stop = threading.Event()
    flooding = threading.Thread(target=flood, args=(student.sock, b"junk", stop))
    flooding.start()
    try:
        with pytest.raises(WireTimeout):
            judge.receive(deadline=soon(1.0))
    finally:
        stop.set()
        flooding.join()
    assert len(looked) >= 3


def test_what_watches_is_called_in_silence_and_may_end_the_wait(ends, monkeypatch):
    judge, _ = ends
    monkeypatch.setattr(wire, "WAIT_S", 0.01)
    looked: list[int] = []

    def look() -> None:
        looked.append(1)
        if len(looked) == 3:
            raise WireClosed("seen enough")

    judge.on_wait = look
    with pytest.raises(WireClosed, match="seen enough"):
        judge.receive(deadline=soon())


def test_sending_to_one_who_does_not_read_ends_at_the_deadline(ends):
    judge, _ = ends
    with pytest.raises(WireTimeout):
        judge.send(ANSWER, bytes(8 * 2**20), deadline=soon(0.05))


# ── descriptors and ends ────────────────────────────────────────────────────────────────────────


def test_a_descriptor_comes_with_the_message(ends):
    judge, student = ends
    read, write = os.pipe()
    judge.send(wire.Fork(1, TOKEN), os.urandom(wire.PACKET_BYTES), descriptor=write)
    _, _, about = student.receive(deadline=soon())
    (came,) = about.descriptors
    assert os.get_inheritable(came) is False
    os.write(came, b"through")
    assert os.read(read, 10) == b"through"
    about.close()
    assert about.descriptors == []
    os.close(read)
    os.close(write)


def send_rights(sock: socket.socket, data: bytes, descriptors: list[int]) -> None:
    socket.send_fds(sock, [data], descriptors)


DESCRIPTOR_CARRIERS: dict[str, list[bytes]] = {
    "junk": [b"junk", packet(b"x", token=bytes(16)), packet(b"x", index=3, count=4)],
    "a whole message": [packet(body_of(wire._encode(ANSWER)))],
    "a malformed message": [packet(b"nonsense")],
    "half a message": [packet(b"x", count=2)],
    "a message begun twice": [packet(b"x", count=2), packet(b"y", count=2)],
    "a later packet": [packet(b"x", count=3), packet(b"y", index=1, count=3)],
    "too many packets": [packet(b"", count=2**31)],
    "a message too large": [packet(b"x" * 900, count=2), packet(b"x" * 900, index=1, count=2)],
    "an empty packet": [b""],
}


@pytest.mark.parametrize("packets", DESCRIPTOR_CARRIERS.values(), ids=DESCRIPTOR_CARRIERS)
def test_no_descriptor_that_came_stays_open(ends, packets, monkeypatch):
    judge, student = ends
    monkeypatch.setattr(wire, "MESSAGE_BYTES", 1000)
    before = open_descriptors()
    for data in packets:
        send_rights(student.sock, data, [0, 1, 2])
    try:
        _, _, about = judge.receive(deadline=soon(0.02))
        assert len(about.descriptors) == 3
        about.close()
    except WireError:
        pass
    assert open_descriptors() == before


def test_more_descriptors_than_are_taken_are_closed_by_the_kernel(ends):
    judge, student = ends
    before = open_descriptors()
    send_rights(student.sock, b"junk", [0] * 200)
    with pytest.raises(WireTimeout):
        judge.receive(deadline=soon(0.02))
    assert open_descriptors() == before


def test_the_other_end_closed(ends):
    judge, student = ends
    student.send(ANSWER)
    student.close()
    assert judge.receive(deadline=soon())[0] == ANSWER, "what it sent before is still read"
    for _ in range(2):
        with pytest.raises(WireClosed):
            judge.receive(deadline=soon())
        with pytest.raises(WireClosed):
            judge.send(ANSWER, deadline=soon())


def test_the_end_that_is_told_no_sender_sees_the_close_too(ends):
    judge, student = ends
    judge.close()
    with pytest.raises(WireClosed):
        student.receive(deadline=soon())


def test_this_end_closed(ends):
    judge, _ = ends
    judge.close()
    with pytest.raises(WireClosed):
        judge.receive(deadline=soon())
    with pytest.raises(WireClosed):
        judge.send(ANSWER, deadline=soon())


def test_the_process_ended_though_its_socket_lives_on(ends):
    """A child that it left behind may hold the socket open."""
    judge, student = ends
    read, write = os.pipe()
    judge.watch = (read,)
    with pytest.raises(WireTimeout):
        judge.receive(deadline=soon(0.01))
    student.send(ANSWER)
    os.close(write)  # as a pidfd does when its process ends
    assert judge.receive(deadline=soon())[0] == ANSWER, "what it sent before is still read"
    with pytest.raises(WireClosed, match="the process ended"):
        judge.receive(deadline=soon())
    os.close(read)
