# ---
# jupyter:
#   sample:
#     tries: Returns circular lists, lists nested a hundred thousand deep, dicts with NaN keys, lone surrogates, generators, coroutines, modules, classes, giant integers and object arrays, another in each call.
#     because: None of it is a tensor; the three functions are worth nothing, the rest is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [4 malformed replies, 4 deeply nested replies]
# ---

# %% before="attend"
import decimal
import fractions
import io
import itertools
import sys
import types

import numpy as np

circle = []
circle.append(circle)
deep = []
for _ in range(100_000):
    deep = [deep]
loop = {}
loop[0] = loop
loop["tuple"] = (loop, circle)


class Nan(float):
    def __hash__(self):
        return next(counter)

    def __eq__(self, other):
        raise RuntimeError("compared")


counter = itertools.count()


def endless():
    while True:
        yield 1


async def later():
    return 1


ODD = [
    lambda: circle,
    lambda: deep,
    lambda: loop,
    lambda: {Nan("nan"): 1, Nan("nan"): 2, float("nan"): 3},
    lambda: {float("nan") for _ in range(100)},
    lambda: "\ud800\udfff lone \x1b[2J\x1b]0;title\x07 \u202e\0",
    lambda: {"\ud800": "\x1b[31m"},
    endless,
    later,
    lambda: iter(int, 1),
    lambda: torch,
    lambda: type,
    lambda: type("<b>x</b>\x1b[2J", (), {}),
    lambda: sys._getframe(),
    lambda: memoryview(b"x" * 100),
    lambda: range(10**18),
    lambda: 10**5000,
    lambda: -(2**4096),
    lambda: complex("nan+infj"),
    lambda: decimal.Decimal("NaN"),
    lambda: fractions.Fraction(1, 3),
    lambda: np.array([circle, None, {}], dtype=object),
    lambda: np.zeros(3, dtype=[("a", "f4"), ("b", "O")]),
    lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    lambda: np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    lambda: np.broadcast_to(np.float32(1), (10**6, 10**6)),
    lambda: np.float16(1),
    lambda: np.longdouble(1),
    lambda: np.void(b"abc"),
    lambda: np.matrix([[1.0]]),
    lambda: NotImplemented,
    lambda: ...,
    lambda: Exception("returned, not raised"),
    lambda: io.BytesIO(b"x"),
    lambda: types.SimpleNamespace(shape=(1,), dtype=torch.bool),
    lambda: types.MappingProxyType({}),
    lambda: (lambda: 1),
    lambda: print,
    lambda: torch.bool,
    lambda: torch.strided,
    lambda: torch.device("cuda", 7),
    lambda: torch.Generator(),
    lambda: torch.Size([1, 2]),
    lambda: torch.nn.Parameter(torch.tensor(float("nan"))),
    lambda: torch.tensor(float("nan")),
    lambda: [torch.tensor(1)] * 3,
    lambda: (1,) * 90_000,
    lambda: [[]] * 90_000,
]
turn = itertools.count()


# %% grade_id="attend"
def attend(query, keys, values, score):
    return ODD[next(turn) % len(ODD)](), ODD[next(turn) % len(ODD)]()


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    return ODD[next(turn) % len(ODD)]()


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    return ODD[-1 - next(turn) % len(ODD)]()
