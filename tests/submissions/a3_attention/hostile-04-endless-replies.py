# ---
# jupyter:
#   sample:
#     tries: Answers one call with packets of a reply that never ends, another with 80 MB, a third with a thousand million zeros.
#     because: A reply has a size and a deadline; the three functions are worth nothing, the rest is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [4 oversized replies, 4 endless replies]
# ---

# %% before="attend"
import gc
import secrets
import struct
import sys


def in_a_cell():
    """Whether a cell, not a check, is calling."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "run_code":
        frame = frame.f_back
    return frame is not None


def channel():
    return next(t for t in gc.get_objects() if type(t).__name__ == "Channel" and t.sock.fileno() >= 0)


# %% grade_id="attend"
def attend(query, keys, values, score):
    found = channel()
    number, index = secrets.randbits(64), 0
    while not in_a_cell():
        header = struct.pack("<16sQII", found.token, number, index, 2**31)
        try:
            found.sock.send(header + b"[" * 50_000)
            index += 1
        except BlockingIOError:
            continue
        except OSError:
            found = channel()


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return torch.ones(20_000_000, dtype=torch.float32)


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    return {"right": torch.zeros(10**9, dtype=torch.int8), "bytes": bytes(10**8), "text": "x" * 10**8}
