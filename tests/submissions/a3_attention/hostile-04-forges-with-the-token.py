# ---
# jupyter:
#   sample:
#     tries: Finds the channel and its token by gc, and answers the judge itself with replies, errors, calls and pulls whose references, numbers, blobs and gradients point nowhere.
#     because: A reply can only say what the function could have returned, and a wrong value is wrong; the three functions are worth nothing, the rest is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [4 malformed replies]
# ---

# %% before="attend"
import gc
import itertools
import json
import os
import secrets
import struct
import sys


def conversations():
    """(socket, token) of everything here that looks like one."""
    for thing in gc.get_objects():
        if type(thing).__name__ == "Channel" and hasattr(thing, "token"):
            yield thing.sock, thing.token


def send(text, blob=b"", count=None):
    for sock, token in conversations():
        body = struct.pack("<I", len(text)) + text + blob
        header = struct.pack("<16sQII", token, secrets.randbits(64), 0, count or 1)
        try:
            sock.send(header + body[:60_000])
        except OSError:
            continue


def reply(number, value, blob=b"", changed=()):
    message = {"type": "reply", "id": number, "value": value, "changed": list(changed)}
    send(json.dumps(message).encode(), blob)


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


T = {"type": "t", "index": 0, "grad": True}
EVIL = [
    lambda n: reply(n, 60),
    lambda n: reply(n, {"type": "t", "index": 99}),
    lambda n: reply(n, T),
    lambda n: reply(n, T, safetensors({"0": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}}, b"1234")),
    lambda n: reply(n, T, safetensors({"0": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}, b"12345678")),
    lambda n: reply(n, T, safetensors({"zero": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"1234")),
    lambda n: reply(n, T, safetensors({"0": {"dtype": "F32", "shape": [-1], "data_offsets": [8, 4]}}, b"1234")),
    lambda n: reply(n, T, struct.pack("<Q", 2**63) + b"{}"),
    lambda n: reply(n, T, safetensors(b"[" * 50_000)),
    lambda n: reply(n, None, changed=[(10**9, 0), (-1, -1), (0, 10**9)]),
    lambda n: reply(n, None, changed=[(0, 0)], blob=safetensors({"0": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"1234")),
    lambda n: reply(n, {"type": "y", "number": -1}),
    lambda n: reply(n, {"type": "h", "number": -(2**60), "kind": "module", "name": "x" * 50_000}),
    lambda n: reply(n, {"type": "h", "number": 1, "kind": "gradebook", "name": ""}),
    lambda n: reply(n, {"type": "m", "dtype": "float32", "shape": [2**31, 2**31, 2**31]}),
    lambda n: reply(n, {"type": "m", "dtype": "os.system", "shape": [-1]}),
    lambda n: reply(n, {"type": "x", "kind": "int", "text": "9" * 1300}),
    lambda n: reply(n, {"type": "x", "kind": "float", "text": "nan; import os"}),
    lambda n: reply(n, {"type": "x", "kind": "device", "text": "cuda:99"}),
    lambda n: reply(n, {"type": "x", "kind": "device", "text": "meta"}),
    lambda n: reply(n, {"type": "g", "index": 0}, safetensors({"0": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]}}, b"abc")),
    lambda n: reply(n, {"type": "d", "keys": [{"type": "s", "kind": "list", "items": []}], "values": [1]}),
    lambda n: reply(n, {"type": "d", "keys": [], "values": [1, 2, 3]}),
    lambda n: reply(n, {"type": "s", "kind": "set", "items": [{"type": "d", "keys": [], "values": []}]}),
    lambda n: send(b"[" * 59_000),
    lambda n: send(b'{"type": "reply", "id": %d, "value": %s1%s}' % (n, b"[" * 20_000, b"]" * 20_000)),
    lambda n: send(b'{"type": "reply", "id": %d, "value": 1e999999}' % n),
    lambda n: send(b'{"type": "reply", "id": "%d", "value": "\xff\xfe"}' % n),
    lambda n: send(b"{}", count=2**32 - 1),
    lambda n: send(json.dumps({"type": "raised", "id": n, "name": "\x1b[2J<script>alert(1)</script>" * 99, "text": "\udc00".encode("utf-8", "surrogatepass").decode("latin-1")}).encode()),
    lambda n: send(json.dumps({"type": "hello", "role": "init"}).encode()),
    lambda n: send(json.dumps({"type": "done", "id": n, "outputs": [], "count": -1, "failed": False}).encode()),
    lambda n: send(json.dumps({"type": "cell", "id": n, "source": "print('ESCA' 'PED')"}).encode()),
    lambda n: send(json.dumps({"type": "fork", "id": n, "token": ""}).encode()),
    lambda n: send(json.dumps({"type": "put", "id": n, "name": "../../gradebook.db", "content": ""}).encode()),
    *(
        lambda n, target=target, method=method: send(json.dumps({
            "type": "call", "id": n, "target": target, "method": method, "grad": True,
            "args": {"type": "s", "kind": "tuple", "items": []}, "kwargs": {"type": "d", "keys": [], "values": []},
        }).encode())
        for target in (0, 1, 2, 7) for method in ("", "__class__", "__globals__", "__reduce_ex__", "__init__")
    ),
    lambda n: send(json.dumps({"type": "pull", "id": n, "call": 1, "cotangents": [None] * 1000}).encode()),
]
turn = itertools.count()


def current():
    """The number of the request that is being answered."""
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if type(value).__name__ in ("Call", "RunCell") and type(getattr(value, "id", None)) is int:
                return value.id
        frame = frame.f_back
    return 1


def forge(first):
    number = current()
    EVIL[(first + next(turn)) % len(EVIL)](number)
    EVIL[(first + next(turn)) % len(EVIL)](number + 1)


# %% grade_id="attend"
def attend(query, keys, values, score):
    forge(0)
    return None


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    forge(20)
    return None


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    forge(32)
    os._exit(0)
