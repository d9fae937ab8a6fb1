# ---
# jupyter:
#   sample:
#     tries: Raises exceptions whose text is endless, not text, raises in turn or hangs, whose names carry HTML and escapes, whose causes run in a circle, and groups of ten thousand.
#     because: An exception is an answer like any other, and a wrong one; the three functions are worth nothing, the rest is right.
#     expect: {attend: zero, causal_mask: zero, sinusoidal_positions: zero}
#     covers: [4 malformed replies, 8 BaseException, 11 terminal escapes, 11 script]
# ---

# %% before="attend"
import itertools


class Text(str):
    def __getitem__(self, index):
        raise SystemExit("sliced")

    def encode(self, *args):
        return b"\xff" * 10**6

    def __str__(self):
        return self


class NotText(Exception):
    def __str__(self):
        return 60


class Lively(Exception):
    def __str__(self):
        raise KeyboardInterrupt("while printing")


class Huge(Exception):
    def __str__(self):
        return "x" * 100_000_000


class Subtle(Exception):
    def __str__(self):
        return Text("subtle")


class Meta(type):
    @property
    def __name__(cls):
        return 60


class Nameless(Exception, metaclass=Meta):
    pass


class Frozen(BaseException):
    __slots__ = ()

    @property
    def __traceback__(self):
        raise RuntimeError("no traceback")


Escaping = type("\x1b]0;owned\x07\x1b[2J<script>alert('marker-11')</script>", (BaseException,), {})
Long = type("N" * 1_000_000, (Exception,), {})
first, second = ValueError("first"), ValueError("second")
first.__cause__, second.__cause__ = second, first
chain = RuntimeError("end")
for _ in range(20_000):
    following = RuntimeError("link")
    following.__context__ = chain
    chain = following
KINDS = [
    NotText,
    Lively,
    Huge,
    Subtle,
    Nameless,
    Frozen,
    lambda: Escaping("<img src=x onerror=alert('marker-11')>\x1b[31m\r\n60.0 points\u202e"),
    lambda: Long("m" * 1_000_000),
    lambda: first,
    lambda: chain,
    lambda: ExceptionGroup("many", [ValueError(number) for number in range(10_000)]),
    lambda: UnicodeDecodeError("utf-8", b"\xff" * 1_000_000, 0, 1, "\ud800"),
    lambda: StopIteration(60),
    lambda: GeneratorExit(),
    lambda: KeyboardInterrupt(),
    lambda: SystemExit(0),
    lambda: MemoryError(),
    lambda: RecursionError("\0"),
    lambda: AssertionError(""),
    lambda: OSError(2, "No such file", "/etc/\x1b[2J"),
]
turn = itertools.count()


def fail(*args, **kwargs):
    raise KINDS[next(turn) % len(KINDS)]()


# %% grade_id="attend"
def attend(query, keys, values, score):
    fail()


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    fail()


# %% grade_id="sinusoidal_positions"
def sinusoidal_positions(n, d_model):
    fail()


# %% after="sinusoidal_positions"
raise Escaping("<script>alert('marker-11')</script>")

# %% after="sinusoidal_positions"
raise NotText

# %% after="sinusoidal_positions"
raise Huge

# %% after="sinusoidal_positions"
raise chain
