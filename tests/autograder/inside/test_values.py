"""Values cross exactly or not at all, and no answer makes the reader do more than read."""

import math
import struct
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, strategies as st
from torch import nn

from autograder.inside import tensors, wire, writer
from autograder.inside.reader import Reader
from autograder.inside.writer import Unsendable, Writer


class Lender:
    """Numbers what stays behind, as a peer does."""

    def __init__(self) -> None:
        self.objects: list[object] = []

    def __call__(self, value: object) -> wire.Value:
        self.objects.append(value)
        return wire.Lent(len(self.objects) - 1, "object", type(value).__name__)


def written(value: object) -> tuple[wire.Value, bytes, Writer]:
    """The tree after a crossing as JSON, the blob, and the writer."""
    writer = Writer(Lender())
    tree = writer.write(value)
    crossed = msgspec.json.decode(msgspec.json.encode(tree), type=wire.Value)
    assert crossed == tree
    return crossed, writer.blob(), writer


def own(number: int) -> object:
    return {5: "mine"}[number]


def read(tree: wire.Value, blob: bytes = b"") -> Any:
    return Reader(blob, lambda lent: lent, own).read(tree)


def across(value: object) -> Any:
    tree, blob, _ = written(value)
    return read(tree, blob)


def is_lent(value: object) -> bool:
    return isinstance(across(value), wire.Lent)


def same(one: Any, other: Any) -> bool:
    """Equal in exact type and in every bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        return (
            one.dtype == other.dtype
            and one.device == other.device
            and one.shape == other.shape
            and (one.device.type == "meta" or bits(one) == bits(other))
        )
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and bits(one) == bits(other)
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same([*one], [*other]) and same([*one.values()], [*other.values()])
    return bool(one == other)


def bits(value: Any) -> bytes:
    if isinstance(value, torch.Tensor):
        plain = value.detach().resolve_conj().resolve_neg()
        plain = plain.clone(memory_format=torch.contiguous_format)
        return bytes(plain.reshape(-1).view(torch.uint8).tolist())
    return value.tobytes()


# ── plain values ────────────────────────────────────────────────────────────────────────────────

PLAIN = [
    None, True, False, 0, 1, -1, 2**53 - 1, 2**53, -(2**53), 2**64, -(10**300), 2**4095,
    0.0, -0.0, 1.0, 0.1, -1e-320, 1.7976931348623157e308, math.pi, math.inf, -math.inf, math.nan,
    0j, complex(1.5, -0.0), complex(math.inf, math.nan),
    "", "é", "\x00", "\u2028\U0001f600", "a" * 1000, b"", b"\x00\xff", ...,
    [], (), set(), {}, [1, [2, (3, {4})]], (None,), {"a": 1, 2: (3,), None: {}, (1, "x"): [0.5]},
    {True: 1, 2: 2}, {1, "a", None, (2, 3)}, [1, 1.0, True, "1"],
    torch.float32, torch.bfloat16, torch.bool, torch.int64, torch.complex64,
    torch.device("cpu"), torch.device("meta"), torch.device("cuda", 1),
]  # fmt: skip


def named(value):
    """A test id that is the same in every process: a set has no order of its own."""
    return "a set" if isinstance(value, set) else repr(value)[:30]


@pytest.mark.parametrize("value", PLAIN, ids=named)
def test_a_plain_value_crosses_exactly(value):
    assert same(across(value), value)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
hashables = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3).map(tuple))
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(hashables, max_size=4)
        | st.dictionaries(hashables, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values)
def test_any_plain_value_crosses_exactly(value):
    assert same(across(value), value)


@given(st.floats())
def test_any_float_crosses_to_the_bit(number):
    came = across(number)
    assert same(came, number) or (math.isnan(came) and math.isnan(number))


def test_a_lone_surrogate_becomes_a_question_mark():
    assert across("a\ud800b") == "a?b"


# ── tensors ─────────────────────────────────────────────────────────────────────────────────────

FLOATS = [0.0, -0.0, math.nan, math.inf, -math.inf, 1e-40, 3.14159]


@pytest.mark.parametrize("dtype", tensors.DTYPES.values(), ids=str)
def test_a_tensor_crosses_to_the_bit(dtype):
    numbers = FLOATS if dtype.is_floating_point or dtype.is_complex else [0, 1, 127, 3]
    tensor = torch.tensor(numbers, dtype=dtype)
    assert same(across(tensor), tensor)
    assert same(across(tensor[:0]), tensor[:0])
    assert same(across(tensor[0]), tensor[0])
    meta = torch.empty(2, 0, 3, dtype=dtype, device="meta")
    assert same(across(meta), meta)


def test_a_tensor_of_no_elements_keeps_its_shape():
    assert across(torch.empty(3, 0, 2)).shape == (3, 0, 2)
    assert across(torch.empty(())).shape == ()


X = torch.arange(24.0).reshape(2, 3, 4)
VIEWS = {
    "transposed": X.mT,
    "sliced": X[:, ::2, 1:],
    "expanded": X[:1].expand(5, 3, 4),
    "permuted": X.permute(2, 0, 1),
    "channels last": X[None].to(memory_format=torch.channels_last),
    "conjugate": torch.tensor([1 + 2j, -0.0j], dtype=torch.complex64).conj(),
    "imaginary part of a conjugate": torch.tensor([1 + 2j], dtype=torch.complex64).conj().imag,
    "adjoint": torch.randn(2, 3, dtype=torch.complex64).mH,
    "with a graph": (X.clone().requires_grad_() * 2),
}


@pytest.mark.parametrize("tensor", VIEWS.values(), ids=VIEWS)
def test_a_view_becomes_plain_contiguous_data(tensor):
    came = across(tensor)
    assert type(came) is torch.Tensor
    assert came.is_contiguous()
    assert not came.is_conj()
    assert not came.is_neg()
    assert not came.requires_grad
    assert came.grad_fn is None
    assert same(came, tensor)


def test_whether_a_tensor_requires_a_gradient_is_told():
    tree, _, _ = written([X, X.clone().requires_grad_()])
    assert tree == wire.Sequence_("list", [wire.TensorRef(0), wire.TensorRef(1, grad=True)])


def test_identical_tensors_stay_identical_and_others_apart():
    x, y = torch.zeros(3), torch.zeros(3)
    array, generator = np.zeros(2), torch.Generator()
    one, two, three, inner, a, b, g, h = across(
        [x, y, x, {"k": (x,)}, array, array, generator, generator]
    )
    assert one is three is inner["k"][0]
    assert one is not two
    two[0] = 1
    assert one[0] == 0
    assert a is b
    assert g is h


def test_a_copy_is_sent_not_the_memory():
    x = torch.zeros(3)
    writer = Writer(Lender())
    tree, blob = writer.write(x), writer.blob()
    x[0] = 1
    assert read(tree, blob)[0] == 0


class Tensorlike(torch.Tensor):
    """A subclass that would rather not be looked at."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        raise AssertionError("looked at")


def test_a_subclassed_tensor_becomes_plain():
    parameter = nn.Parameter(torch.ones(2))
    assert same(across(parameter), torch.ones(2))
    assert written(parameter)[0] == wire.TensorRef(0, grad=True)
    assert same(across(torch.ones(2).as_subclass(Tensorlike)), torch.ones(2))


@pytest.mark.filterwarnings("ignore:Sparse CSR", "ignore:torch.quantize", "ignore:.*quantiz")
def test_tensors_of_other_kinds_are_lent():
    kinds = [
        torch.eye(2).to_sparse(),
        torch.eye(2).to_sparse_csr(),
        torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
        torch.zeros(2, dtype=torch.complex128),
        torch.zeros(2, dtype=torch.uint16),
        torch.zeros(2).to(torch.float8_e4m3fn),
        torch.float8_e5m2,
    ]
    assert [is_lent(value) for value in kinds] == [True] * len(kinds)


def test_a_giant_view_is_refused_before_it_is_copied():
    for giant in (
        torch.zeros(1).expand(2**40),
        torch.zeros(1, dtype=torch.uint8).expand(2**31, 2**31),
        [torch.zeros(3 * 2**20) for _ in range(3)],
    ):
        with pytest.raises(Unsendable, match="33,554,432 bytes"):
            Writer(Lender()).write(giant)


def test_a_giant_on_the_meta_device_crosses_as_its_shape():
    giant = torch.empty(2**31, 2**20, device="meta")
    assert same(across(giant), giant)


# ── arrays and generators ───────────────────────────────────────────────────────────────────────

ARRAYS = {
    "floats": np.array(FLOATS),
    "float16": np.array(FLOATS, dtype=np.float16),
    "float32": np.float32([[1, 2], [3, 4]]),
    "integers": np.arange(6).reshape(2, 3),
    "uint8": np.uint8([0, 255]),
    "bool": np.array([True, False]),
    "no dimension": np.array(2.5),
    "no dimension, bool": np.array(True),
    "no element": np.zeros((2, 0)),
    "transposed": np.arange(6).reshape(2, 3).T,
    "reversed": np.arange(6)[::-1],
    "broadcast": np.broadcast_to(np.float32(1), (2, 3)),
    "float64 scalar": np.float64(-0.0),
    "float32 scalar": np.float32("nan"),
    "int64 scalar": np.int64(-3),
    "int8 scalar": np.int8(-3),
    "bool scalar": np.bool_(True),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_an_array_crosses_to_the_bit(array):
    came = across(array)
    assert same(came, array)
    if isinstance(came, np.ndarray):
        assert came.flags.writeable
        assert came.flags.c_contiguous


def test_an_array_in_another_byte_order_comes_in_this_machine_s():
    assert same(across(np.array([1.5, -2], dtype=">f8")), np.array([1.5, -2]))
    assert same(across(np.array(3, dtype=">i4")), np.array(3, dtype=np.int32))


def test_arrays_of_other_kinds_are_lent():
    kinds = [
        np.array([object()]),
        np.array(["text"]),
        np.array([1j]),
        np.array([1j], dtype=np.complex64),
        np.array([1], dtype=np.longdouble),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        np.array([1], dtype=np.uint16),
    ]
    assert [is_lent(value) for value in kinds] == [True] * len(kinds)


def test_a_subclassed_array_becomes_plain():
    class Always(np.ndarray):
        def __eq__(self, other: object) -> bool:
            return True

    assert same(across(np.arange(3.0).view(Always)), np.arange(3.0))


@pytest.mark.parametrize("drawn", [0, 1, 5, 623, 624, 625, 1300])
def test_a_generator_goes_on_where_it_was(drawn):
    generator = torch.Generator().manual_seed(7)
    torch.randint(10, (drawn,), generator=generator)
    torch.randn(3, generator=generator)
    came = across(generator)
    assert came is not generator
    assert torch.equal(torch.randn(9, generator=came), torch.randn(9, generator=generator))


# ── objects made plain, lent, or refused ────────────────────────────────────────────────────────


class Liar(int):
    """A number that is equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __int__(self) -> int:
        return 42

    __index__ = __int__
    __add__ = __abs__ = lambda self, other=0: 42


class Colour(IntEnum):
    RED = 3


def subclass(base: type) -> type:
    """A subclass whose every way of being looked at lies."""

    def lie(self, *args):
        raise AssertionError("looked at")

    names = ("__str__", "__repr__", "__iter__", "__len__", "__getitem__", "__format__", "items")
    return type("Liar", (base,), dict.fromkeys(names, lie))


Point = namedtuple("Point", "x y")
SUBCLASSED = [
    (Liar(3), 3),
    (Colour.RED, 3),
    (subclass(int)(2**60), 2**60),
    (subclass(float)(-0.0), -0.0),
    (subclass(str)("a"), "a"),
    (subclass(bytes)(b"a"), b"a"),
    (subclass(complex)(1j), 1j),
    (subclass(list)([1]), [1]),
    (subclass(tuple)((1,)), (1,)),
    (subclass(set)({1}), {1}),
    (subclass(dict)({"a": 1}), {"a": 1}),
    (frozenset({1}), {1}),
    (Point(1, 2), (1, 2)),
    (torch.Size([2, 3]), (2, 3)),
    (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    (defaultdict(list, a=[1]), {"a": [1]}),
    (Counter("aab"), {"a": 2, "b": 1}),
]


@pytest.mark.parametrize(("value", "plain"), SUBCLASSED, ids=lambda value: type(value).__name__)
def test_a_subclass_becomes_its_plain_base(value, plain):
    assert same(across(value), plain)


class CallablePoint(Point):
    def __call__(self):
        return self


CALLABLE = type("Callable", (), {"__call__": lambda self: self})
OTHERS = [
    CallablePoint(1, 2), *(type("Made", (CALLABLE, base), {})() for base in (dict, int, str, list)),
    object(), object, len, lambda x: x, nn.Linear(1, 1), nn.Linear, deque([1]), iter([]), range(3),
    slice(1), bytearray(b"a"), torch, NotImplemented, torch.strided, Exception("x"),
]  # fmt: skip


@pytest.mark.parametrize("value", OTHERS, ids=lambda value: type(value).__name__)
def test_anything_else_is_lent(value):
    tree, _, writer = written([value])
    assert isinstance(read(tree)[0], wire.Lent)
    assert writer._lend.objects == [value]


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def circular() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def circular_dict() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = (value,)
    return value


def doubling() -> list[Any]:
    """2**30 parts in thirty lists."""
    value: list[Any] = []
    for _ in range(30):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (nested(writer.DEPTH + 1), "32 deep"),
        (circular(), "32 deep"),
        (circular_dict(), "32 deep"),
        (doubling(), "100,000 parts"),
        ([None] * writer.COUNT, "100,000 parts"),
        ("a" * (writer.TEXT_CHARACTERS + 1), "1,000,000 characters"),
        (b"a" * (writer.TEXT_CHARACTERS + 1), "1,000,000 bytes"),
        (2**4096, "4096 bits"),
        (-(2**5000), "4096 bits"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_too_much_is_refused_by_the_writer(value, why):
    with pytest.raises(Unsendable, match=why):
        Writer(Lender()).write(value)


@pytest.mark.parametrize("value", [nested(writer.DEPTH), [None] * (writer.COUNT - 1)])
def test_just_not_too_much_crosses(value):
    assert across(value) == value


def test_one_s_own_comes_back_as_itself():
    assert read(wire.Yours(5)) == "mine"


# ── a reader that is told lies ──────────────────────────────────────────────────────────────────

BLOB = safetensors.torch.save(
    {
        "0": torch.zeros(2),
        "1": torch.zeros(2, dtype=torch.bfloat16),
        "2": torch.zeros(5056, dtype=torch.uint8),
        "3": torch.zeros(10, dtype=torch.uint8),
        "4": torch.zeros(2, 2),
    }
)
LIST = wire.Sequence_("list", [])


def deep_tree(levels: int) -> wire.Value:
    tree: wire.Value = None
    for _ in range(levels):
        tree = wire.Sequence_("list", [tree])
    return tree


LIES: dict[str, wire.Value] = {
    "a tensor that did not come": wire.TensorRef(9),
    "a tensor of negative number": wire.TensorRef(-1),
    "an array that did not come": wire.ArrayRef(9),
    "an array that numpy has no type for": wire.ArrayRef(1),
    "a generator that did not come": wire.GeneratorRef(9),
    "a generator of floats": wire.GeneratorRef(0),
    "a generator of zeros": wire.GeneratorRef(2),
    "a generator too short": wire.GeneratorRef(3),
    "an object not lent": wire.Yours(6),
    "a negative side": wire.MetaRef("float32", (2, -1)),
    "sides past counting": wire.MetaRef("float32", (2**62, 2**62)),
    "a side past 64 bits": wire.MetaRef("float32", (2**64,)),
    "sides without end": wire.MetaRef("float32", (1,) * 1000),
    "a type that is none": wire.MetaRef("float99", (1,)),
    "a type that is not sent": wire.MetaRef("complex128", (1,)),
    "a dtype that is none": wire.Special("dtype", "save"),
    "a device that is none": wire.Special("device", "toaster:0"),
    "a device of text": wire.Special("device", "x" * 10_000),
    "an integer that is none": wire.Special("int", "0x10"),
    "an integer without end": wire.Special("int", "9" * 100_000),
    "a float that is none": wire.Special("float", "one"),
    "a float out of range": wire.Special("float", "0x1p99999"),
    "a complex of one part": wire.Special("complex", "0x1p0"),
    "a complex of three parts": wire.Special("complex", "1 2 3"),
    "bytes that are none": wire.Special("bytes", "!!!!"),
    "bytes cut short": wire.Special("bytes", "abc"),
    "bytes beyond ASCII": wire.Special("bytes", "é==="),
    "a set of lists": wire.Sequence_("set", [LIST]),
    "a set of arrays": wire.Sequence_("set", [wire.ArrayRef(0)]),
    "a list for a key": wire.Mapping_([LIST], [None]),
    "a dict for a key": wire.Mapping_([wire.Sequence_("tuple", [wire.Mapping_([], [])])], [None]),
    "the same key twice": wire.Mapping_(["a", "a"], [1, 2]),
    "equal keys": wire.Mapping_([1, True], [1, 2]),
    "the same member twice": wire.Sequence_("set", [1, 1]),
    "a key too many": wire.Mapping_(["a", "b"], [1]),
    "a value too many": wire.Mapping_(["a"], [1, 2]),
    "too deep": deep_tree(writer.DEPTH + 1),
    "much too deep": deep_tree(400),
    "too many": wire.Sequence_("list", [None] * writer.COUNT),
    "too many keys": wire.Mapping_(list(range(60_000)), [None] * 60_000),
    "in a list": wire.Sequence_("list", [wire.TensorRef(9)]),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_refused(lie):
    with pytest.raises(wire.WireError) as caught:
        read(lie, BLOB)
    assert type(caught.value) is wire.WireError


HASH_MODULUS = 2**61 - 1


@pytest.mark.parametrize("kind", ["keys", "members", "tuples"])
def test_keys_made_to_collide_are_refused(kind):
    """20,000 keys of one hash take seconds to put into a dict, 100,000 take minutes."""
    numbers: list[wire.Value] = [
        wire.Special("int", str(i * HASH_MODULUS)) for i in range(1, 20_001)
    ]
    if kind == "tuples":
        numbers = [wire.Sequence_("tuple", [number]) for number in numbers]
    tree: wire.Value = wire.Sequence_("set", numbers)
    if kind == "keys":
        tree = wire.Mapping_(numbers, [None] * len(numbers))
    with pytest.raises(wire.WireError, match="malformed"):
        read(tree)


def test_many_ordinary_keys_are_read():
    for keys in (range(40_000), map(str, range(40_000)), (float(n) / 3 for n in range(40_000))):
        value = dict.fromkeys(keys, 0)
        assert read(written(value)[0]) == value


def header(text: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text + data


BLOBS = {
    "text": b"not a blob at all",
    "a pickle": b"\x80\x04cos\nsystem\n(S'id'\ntR.",
    "cut short": BLOB[: len(BLOB) - 1],
    "too long": BLOB + b"\x00",
    "a header past the end": struct.pack("<Q", 2**62) + b"{}",
    "no header": b"\x00" * 8,
    "a list": header(b"[]"),
    "a deep header": header(b'{"a":' * 5000 + b"}" * 5000),
    "offsets past the end": header(b'{"0":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    "offsets that overlap": header(
        b'{"0":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},'
        b'"1":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        b"x" * 6,
    ),
    "a shape that does not fit": header(
        b'{"0":{"dtype":"F32","shape":[9],"data_offsets":[0,8]}}', b"x" * 8
    ),
    "a shape past counting": header(
        b'{"0":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,8]}}', b"x" * 8
    ),
    "a negative shape": header(b'{"0":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}', b"x" * 8),
    "an unknown type": header(b'{"0":{"dtype":"F99","shape":[1],"data_offsets":[0,8]}}', b"x" * 8),
    "a name that is no number": safetensors.torch.save({"x": torch.zeros(1)}),
}


@pytest.mark.parametrize("blob", BLOBS.values(), ids=BLOBS)
def test_a_blob_that_is_none_is_refused(blob):
    with pytest.raises(wire.WireError, match="not tensors"):
        read(None, blob)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.uint16, torch.uint64])
def test_tensors_of_a_type_that_is_never_sent_are_refused(dtype):
    blob = safetensors.torch.save({"0": torch.zeros(2).to(dtype)})
    with pytest.raises(wire.WireError):
        read(wire.TensorRef(0), blob)


def test_a_blob_of_very_many_tensors_is_refused():
    each = b'"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},'
    text = b"{" + b"".join(each % number for number in range(200_000)).rstrip(b",") + b"}"
    with pytest.raises(wire.WireError):
        read(None, header(text))


def test_tensors_past_64_dimensions_are_refused():
    blob = header(
        b'{"0":{"dtype":"U8","shape":[' + b"1," * 999 + b'1],"data_offsets":[0,1]}}', b"x"
    )
    with pytest.raises(wire.WireError):
        read(wire.TensorRef(0), blob)


def test_a_generator_s_state_that_points_outside_itself_is_refused():
    """`next` says which of 624 words comes next, `left` how many are left: they must agree."""
    state = torch.Generator().get_state()
    for left, place in ((624, 624), (624, 600), (2, 5), (0, 0), (0, 625), (625, 0), (-1, 626)):
        forged = state.clone()
        forged[8:12] = torch.tensor(list(struct.pack("<i", left)), dtype=torch.uint8)
        forged[16:24] = torch.tensor(list(struct.pack("<Q", place)), dtype=torch.uint8)
        with pytest.raises(wire.WireError):
            read(wire.GeneratorRef(0), safetensors.torch.save({"0": forged}))


any_leaf = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.builds(
        wire.Special,
        st.sampled_from(["int", "float", "complex", "bytes", "dtype", "device", "ellipsis"]),
        st.text(max_size=8) | st.sampled_from(["inf", "nan nan", "aGk=", "bool", "cpu", "7"]),
    ),
    st.builds(wire.TensorRef, st.integers(-2, 6), st.booleans()),
    st.builds(wire.ArrayRef, st.integers(-2, 6), st.booleans()),
    st.builds(wire.GeneratorRef, st.integers(-2, 6)),
    st.builds(
        wire.MetaRef,
        st.sampled_from(["float32", "bool", "", "void"]),
        st.lists(st.integers(-(2**64), 2**64), max_size=3).map(tuple),
    ),
    st.builds(wire.Yours, st.integers(4, 6)),
    st.builds(wire.Lent, st.integers(), st.sampled_from(["function", "object"]), st.text()),
)
any_tree = st.recursive(
    any_leaf,
    lambda inner: (
        st.builds(
            wire.Sequence_, st.sampled_from(["list", "tuple", "set"]), st.lists(inner, max_size=4)
        )
        | st.builds(wire.Mapping_, st.lists(inner, max_size=4), st.lists(inner, max_size=4))
    ),
    max_leaves=15,
)


@given(any_tree)
def test_any_tree_is_read_or_refused(tree):
    try:
        read(tree, BLOB)
    except wire.WireError:
        pass


@given(st.data())
def test_a_damaged_blob_is_read_or_refused(data):
    blob = bytearray(BLOB)
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
    try:
        read(wire.Sequence_("list", [wire.TensorRef(0), wire.ArrayRef(4)]), bytes(blob))
    except wire.WireError:
        pass
