"""Two peers in one process: calls, callbacks and gradients are as if there were no wire between."""

import gc
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from autograder.inside import codec, peer, wire
from autograder.inside.peer import Borrowed, BorrowedCallable, Peer, RemoteError
from autograder.inside.server import StudentPeer
from autograder.sandbox import conversation
from autograder.student import MOST_TAPE_BYTES

TOKEN = bytes(16)


class Near(Peer):
    """The judge's end, without a process to watch: it lends functions alone."""

    deadline = staticmethod(lambda: time.monotonic() + 30)
    most_tape_bytes = MOST_TAPE_BYTES

    def lend(self, value: object) -> wire.Value:
        if not callable(value):
            raise codec.Unsendable("only functions are lent")
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
        found = codec.Reader(blob, self.borrow, self.own).read(reply.value)
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


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(len(shape))
    return torch.randn(*shape, generator=generator, dtype=dtype).requires_grad_()


# ── calls ───────────────────────────────────────────────────────────────────────────────────────


def test_arguments_and_results_cross_in_place(pair):
    def echo(*args, **kwargs):
        return args, kwargs

    args = (1, "two", [3.0, None], {"a": (True,)}, torch.float32)
    assert pair.remote(echo)(*args, mask=None, **{"dim ": -1}) == (
        args,
        {"mask": None, "dim ": -1},
    )


def test_what_is_lent_is_called_and_given_back(pair):
    class Adder:
        def __init__(self, n):
            self.n = n

        def __call__(self, x):
            return x + self.n

    make, take = pair.remote(Adder), pair.remote(lambda adder: adder.n)
    adder = make(3)
    assert adder(4) == 7
    assert take(adder) == 3, "over there it is the object itself"
    assert repr(make) == "<class 'Adder' of the other process>"


def test_an_object_that_is_no_function_stands_as_itself_alone(pair):
    opaque = pair.remote(object())
    assert type(opaque) is Borrowed
    assert not callable(opaque)
    assert pair.remote(lambda x: type(x) is object)(opaque) is True


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no"), "ValueError: no"),
        (KeyError("a"), "KeyError: 'a'"),
        (Exception(), "Exception"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit("x"), "GeneratorExit: x"),
        (StopIteration(1), "StopIteration: 1"),
        (RuntimeError("a" * 10_000), "RuntimeError: " + "a" * 500),
        (RuntimeError("\ud800"), "RuntimeError: ?"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_raised_there_is_told_here(pair, error, told):
    def fail():
        raise error

    with pytest.raises(RemoteError) as caught:
        pair.remote(fail)()
    assert str(caught.value) == told


def test_an_exception_whose_text_fails_is_told_all_the_same(pair):
    class Mute(Exception):
        def __str__(self):
            raise SystemExit

    def fail():
        raise Mute

    with pytest.raises(RemoteError, match="^Mute: .its message could not be made.$"):
        pair.remote(fail)()


def test_a_result_that_cannot_be_sent_is_an_error_there(pair):
    with pytest.raises(RemoteError, match="Unsendable: tensors of more than"):
        pair.remote(lambda: torch.zeros(1).expand(10**12))()


def test_arguments_that_do_not_fit_are_an_error_there(pair):
    def nothing_wanted():
        return 0

    with pytest.raises(RemoteError, match="TypeError: .*nothing_wanted.. takes 0 positional"):
        pair.remote(nothing_wanted)(1)


def test_an_argument_that_must_not_be_lent_is_not_sent(pair):
    function = pair.remote(lambda x: x)
    with pytest.raises(codec.Unsendable, match="only functions"):
        function(object())
    assert function(1) == 1, "the conversation goes on"


# ── callbacks ───────────────────────────────────────────────────────────────────────────────────


def test_a_function_that_is_passed_is_called_here(pair):
    seen = []

    def score(query, *, key):
        seen.append((query, key))
        return query * key

    apply = pair.remote(lambda score: [score(i, key=i + 1) for i in range(3)])
    assert apply(score) == [0, 2, 6]
    assert seen == [(0, 1), (1, 2), (2, 3)]


def test_an_exception_crosses_both_ways(pair):
    def fails(_):
        raise ValueError("of the judge")

    def catches(callback):
        try:
            callback(1)
        except Exception as error:
            return type(error).__name__, str(error)

    assert pair.remote(catches)(fails) == ("RemoteError", "ValueError: of the judge")
    with pytest.raises(RemoteError, match="RemoteError: ValueError: of the judge"):
        pair.remote(lambda callback: callback(1))(fails)


def test_a_function_given_back_is_the_function(pair):
    assert pair.remote(lambda callback: callback)(len) is len


def test_only_the_function_itself_can_be_called(pair):
    """Neither its attributes nor numbers that were never lent."""
    got = []

    def hostile(callback):
        for number, method in ((callback.number, "__globals__"), (callback.number + 1, "")):
            try:
                got.append(callback.peer.call(number, method=method))
            except RemoteError as error:
                got.append(error.name)

    pair.remote(hostile)(lambda: 1)
    assert got == ["Refused", "Refused"]


def test_calls_within_calls_end_at_the_cap(pair):
    depths = []

    def down(callback, depth):
        return callback(depth + 1)

    remote = pair.remote(down)

    def here(depth):
        depths.append(depth)
        return remote(here, depth)

    with pytest.raises(RemoteError, match="nested more than 16 deep"):
        remote(here, 0)
    assert len(depths) == peer.MAX_NESTING
    assert pair.remote(lambda: 1)() == 1, "the conversation goes on"


# ── gradients ───────────────────────────────────────────────────────────────────────────────────


def softmax(x, dim=-1):
    return torch.exp(x) / torch.exp(x).sum(dim, keepdim=True)


def attend(query, keys, values, score):
    weights = softmax(torch.stack([score(query, key) for key in keys]))
    return weights, weights @ values


def test_gradients_by_gradcheck(pair):
    remote = pair.remote(softmax)
    assert torch.autograd.gradcheck(remote, (normal(2, 3),))
    assert torch.autograd.gradcheck(lambda x: remote(x, dim=0) ** 2, (normal(2, 3),))


def test_gradients_through_several_results_and_keywords(pair):
    def parts(x, *, y):
        return {"both": (x @ y, x.sum()), "other": [y * 2, x.argmax(), 3]}

    x, y = normal(2, 3), normal(3, 2)

    def combine(parts):
        (product, total), (double, place, three) = parts["both"], parts["other"]
        assert place.dtype == torch.int64
        assert not place.requires_grad
        return product.sum() * total + (double * three).sum() * place

    mine = torch.autograd.grad(combine(pair.remote(parts)(x, y=y)), (x, y))
    true = torch.autograd.grad(combine(parts(x, y=y)), (x, y))
    torch.testing.assert_close(mine, true, rtol=0, atol=0)


def test_gradients_through_one_of_two_results_alone(pair):
    x = normal(3)
    first, _ = pair.remote(lambda x: (x**2, x**3))(x)
    torch.testing.assert_close(torch.autograd.grad(first.sum(), x)[0], 2 * x.detach())


def test_an_argument_that_plays_no_part_has_no_gradient(pair):
    x, y = normal(2), normal(2)
    out = pair.remote(lambda x, y: x * 2)(x, y)
    assert torch.autograd.grad(out.sum(), (x, y), allow_unused=True)[1] is None


def test_results_without_a_graph(pair):
    x = normal(3)
    for function in (lambda x: x.detach(), lambda x: x > 0, lambda x: None, lambda x: x.tolist()):
        came = pair.remote(function)(x)
        assert not getattr(came, "requires_grad", False)
    assert pair.remote(lambda x: torch.is_grad_enabled())(x) is True
    assert pair.remote(lambda x: torch.is_grad_enabled())(x.detach()) is False


def test_no_graph_without_gradients_wanted(pair):
    x = normal(3)
    with torch.no_grad():
        out = pair.remote(softmax)(x)
    assert not out.requires_grad
    assert pair.far.tapes == {}


def test_an_argument_passed_back_keeps_its_gradient(pair):
    x = normal(3)
    out, again = pair.remote(lambda x: (x, x))(x)
    assert out is again
    (slope,) = torch.autograd.grad((out * 3).sum(), x)
    assert slope.tolist() == [3, 3, 3]


def test_the_same_tensor_twice_is_one_input(pair):
    x = normal(3)
    out = pair.remote(lambda a, b: (a is b) * a * b)(x, x)
    torch.testing.assert_close(torch.autograd.grad(out.sum(), x)[0], 2 * x.detach())


def test_a_graph_can_be_walked_twice(pair):
    x = normal(3)
    out = pair.remote(softmax)(x).square().sum()
    one = torch.autograd.grad(out, x, retain_graph=True)
    assert torch.equal(one[0], torch.autograd.grad(out, x)[0])


def test_gradients_gather_in_leaves(pair):
    x = normal(3)
    for _ in range(2):
        pair.remote(lambda x: x * 2)(x).sum().backward()
    assert torch.equal(x.grad, torch.full((3,), 4.0, dtype=torch.float64))


def test_second_derivatives_are_left_out_aloud(pair):
    x, weight = normal(3), normal(3)
    out = pair.remote(softmax)(x)
    (slope,) = torch.autograd.grad(out[0], x, create_graph=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.autograd.grad(slope.sum(), x)
    (slope,) = torch.autograd.grad((out * weight).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="not have been used in the graph"):
        torch.autograd.grad(slope.sum(), weight)


def test_gradients_through_a_callback(pair):
    inputs = normal(3), normal(4, 3), normal(4, 2)
    calls = []

    def score(query, key):
        calls.append(1)
        return torch.tanh(query) @ key

    remote = pair.remote(attend)
    assert torch.autograd.gradcheck(lambda q, k, v: remote(q, k, v, score), inputs)
    del calls[:]
    mine = torch.autograd.grad(remote(*inputs, score)[1].sum(), inputs)
    assert len(calls) == 4, "the forward pass calls it once a key, the backward pass never"
    true = torch.autograd.grad(attend(*inputs, score)[1].sum(), inputs)
    torch.testing.assert_close(mine, true)


def test_gradients_of_what_a_callback_alone_knows(pair):
    inputs, weight = (normal(3), normal(4, 3), normal(4, 2)), normal(3, 3)

    def score(query, key):
        return query @ weight @ key

    mine = torch.autograd.grad(pair.remote(attend)(*inputs, score)[1].sum(), (weight, *inputs))
    true = torch.autograd.grad(attend(*inputs, score)[1].sum(), (weight, *inputs))
    torch.testing.assert_close(mine, true)


def test_gradients_of_parameters(pair):
    module = nn.Linear(3, 2).double()
    remote = pair.remote(module)
    x = normal(4, 3)
    leaves = {n: p.detach().requires_grad_() for n, p in module.named_parameters()}
    out = pair.near.call(remote.number, [x], params=leaves)
    mine = torch.autograd.grad(out.square().sum(), [x, *leaves.values()])
    true = torch.autograd.grad(module(x).square().sum(), [x, *module.parameters()])
    torch.testing.assert_close(mine, true, rtol=0, atol=0)


def test_graphs_are_forgotten_when_nothing_needs_them(pair):
    remote, x = pair.remote(softmax), normal(3)
    kept = [remote(x) for _ in range(3)]
    assert len(pair.far.tapes) == 3
    del kept[1:]
    gc.collect()
    remote(x.detach())
    assert len(pair.far.tapes) == 1
    torch.autograd.grad(kept.pop().sum(), x)
    gc.collect()
    remote(x.detach())
    assert pair.far.tapes == {}


def test_graphs_of_callbacks_are_forgotten_too(pair):
    remote, inputs = pair.remote(attend), (normal(3), normal(4, 3), normal(4, 2))
    for _ in range(5):
        remote(*inputs, torch.dot)
    gc.collect()
    remote(*inputs, torch.dot)
    assert len(pair.near.tapes) <= 3 * 4


def test_student_code_cannot_have_graphs_kept_without_end(pair):
    """Each call of a callback with a gradient is kept here until told otherwise: there is a cap."""
    pair.near.most_tape_bytes = 10**6

    def hoard(x, callback):
        kept = []
        for count in range(1000):
            try:
                kept.append(callback(x))
            except Exception as error:
                return count, str(error)

    count, why = pair.remote(hoard)(normal(1000), torch.exp)
    assert why == "Refused: too many graphs are kept"
    assert 5 < count < 10**6 / 16_000
    assert len(pair.near.tapes) == count


# ── arguments changed in place ──────────────────────────────────────────────────────────────────


def test_a_change_of_a_tensor_shows_here(pair):
    def add_one(x, *, others):
        x += 1
        others[0][0, 0] = float("nan")
        return x

    x, y, z = torch.zeros(3), torch.zeros(2, 2), torch.zeros(2)
    view = y.mT
    out = pair.remote(add_one)(x, others=[view, z])
    assert out.tolist() == x.tolist() == [1, 1, 1]
    assert y.isnan().tolist() == [[True, False], [False, False]]
    assert z.tolist() == [0, 0]


@pytest.mark.parametrize("value", [-0.0, float("nan"), 1e-45])
def test_a_change_of_one_bit_shows(pair, value):
    def change(x):
        x[1] = value

    x = torch.zeros(3)
    pair.remote(change)(x)
    assert same_bits(x, torch.tensor([0, value, 0]))


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.equal(one.view(torch.int32), other.view(torch.int32))


def test_what_is_not_changed_is_not_sent(pair):
    sent = []
    send = pair.far.channel.send
    pair.far.channel.send = lambda message, *rest, **more: (
        sent.append(message),
        send(message, *rest, **more),
    )
    x = torch.tensor([float("nan"), 0])
    pair.remote(lambda x: None)(x)
    assert sent[-1].changed == []


def test_a_change_behind_the_back_of_autograd_shows(pair):
    def change(x):
        x.data[0] = 7
        return x * 1

    x = normal(3)
    pair.remote(change)(x)
    assert x[0] == 7


def test_a_change_of_an_array_shows_here(pair):
    def change(a, b):
        a *= 2
        b[0] = True

    a, b = np.ones((2, 2)), np.zeros(3, dtype=bool)
    pair.remote(change)(a, b)
    assert a.tolist() == [[2, 2], [2, 2]]
    assert b.tolist() == [True, False, False]


def test_a_generator_goes_on_here_where_it_was_left_there(pair):
    def draw(n, generator):
        return torch.randn(n, generator=generator)

    mine, true = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    assert torch.equal(pair.remote(draw)(5, mine), draw(5, true))
    assert torch.equal(draw(5, mine), draw(5, true))


def test_a_change_that_a_callback_makes_shows_there(pair):
    def change(x):
        x += 1

    def passes_on(callback):
        x = torch.zeros(2)
        callback(x)
        return x

    assert pair.remote(passes_on)(change).tolist() == [1, 1]


# ── an end that lies ────────────────────────────────────────────────────────────────────────────

LIVE = wire.TensorRef(0, grad=True)


def blob_of(*tensors: torch.Tensor) -> bytes:
    return safetensors.torch.save({str(i): tensor for i, tensor in enumerate(tensors)})


X_BLOB = blob_of(torch.zeros(3, dtype=torch.float64))


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


def reply(value: wire.Value, *changed: tuple[int, int]) -> Callable[[Any], wire.Reply]:
    return lambda message: wire.Reply(message.id, value, list(changed))


def nested(levels: int) -> wire.Value:
    tree: wire.Value = LIVE
    for _ in range(levels):
        tree = wire.Sequence_("list", [tree])
    return tree


FORGED_REPLIES = {
    "a tensor that did not come": reply(wire.TensorRef(5)),
    "a live tensor that did not come": reply(wire.TensorRef(5, grad=True)),
    "a live tensor of negative number": reply(wire.TensorRef(-1, grad=True)),
    "an object not lent": reply(wire.Yours(99)),
    "a negative shape": reply(wire.MetaRef("float32", (-1,))),
    "live tensors too deep": reply(nested(100)),
    "an argument that was not sent": reply(None, (7, 0)),
    "a change that did not come": reply(None, (0, 7)),
    "the same change without end": reply(None, *[(0, 0)] * 1000),
    "another kind of answer": lambda message: wire.CellDone(message.id, [], 1, False),
    "a greeting of this id": lambda message: wire.PutFile(message.id, "a", b""),
}


@pytest.mark.parametrize("answer", FORGED_REPLIES.values(), ids=FORGED_REPLIES)
@pytest.mark.parametrize("grad", [True, False])
def test_a_forged_answer_is_refused(liar, answer, grad):
    x = normal(3) if grad else torch.zeros(3, dtype=torch.float64)
    with pytest.raises(wire.WireError) as caught:
        liar(answer).function(x)
    assert type(caught.value) is wire.WireError


@pytest.mark.parametrize("blob", [b"", b"nonsense", X_BLOB[:-1]])
def test_a_forged_blob_is_refused(liar, blob):
    with pytest.raises(wire.WireError):
        liar(reply(LIVE), blob=blob).function(normal(3))


def test_an_answer_to_another_question_is_passed_over(liar):
    wrong = [lambda m, by=by: wire.Reply(m.id + by, "wrong") for by in (-1, 1, 2**40)]
    assert liar(*wrong, wire.Hello("init"), reply("right")).function(1) == "right"
    with pytest.raises(wire.WireTimeout):
        liar(*wrong).function(1)


def test_arguments_of_no_answer_keep_their_values(liar):
    """A changed shape or type is not carried over, and never to another argument."""
    x, y = torch.ones(3), torch.ones(2)
    liar(reply(None, (0, 0))).function(x, y)  # three float64
    assert x.tolist() == [1, 1, 1]
    assert y.tolist() == [1, 1]


@pytest.mark.parametrize(
    "new",
    [torch.zeros(3, dtype=torch.complex64), torch.zeros(3, dtype=torch.bfloat16)],
    ids=["complex", "bfloat16"],
)
def test_an_array_is_not_changed_to_another_kind(liar, new):
    array = np.ones(3)
    with pytest.raises(wire.WireError, match="malformed answer"):
        liar(reply(None, (0, 0)), blob=blob_of(new)).function(array)
    assert array.tolist() == [1, 1, 1]


@pytest.mark.parametrize("kind", ["zeros", "short", "outside itself"])
def test_a_generator_is_not_changed_to_what_is_none(liar, kind):
    generator = torch.Generator()
    state = generator.get_state()
    new = {"zeros": torch.zeros_like(state), "short": state[:9], "outside itself": state.clone()}
    new["outside itself"][16] = 99
    with pytest.raises(wire.WireError, match="malformed answer"):
        liar(reply(None, (0, 0)), blob=blob_of(new[kind])).function(generator)
    assert torch.equal(generator.get_state(), state)


GRADIENTS = {
    "no list": None,
    "a tuple": wire.Sequence_("tuple", [wire.TensorRef(0)]),
    "too few": wire.Sequence_("list", []),
    "too many": wire.Sequence_("list", [None, None]),
    "a number": wire.Sequence_("list", [0.0]),
    "another shape": wire.Sequence_("list", [wire.TensorRef(1)]),
    "a shape that would broadcast": wire.Sequence_("list", [wire.TensorRef(2)]),
    "another type": wire.Sequence_("list", [wire.TensorRef(3)]),
    "integers": wire.Sequence_("list", [wire.TensorRef(4)]),
    "complex": wire.Sequence_("list", [wire.TensorRef(5)]),
    "without data": wire.Sequence_("list", [wire.MetaRef("float64", (3,))]),
    "one that did not come": wire.Sequence_("list", [wire.TensorRef(9)]),
}
GRADIENT_BLOB = blob_of(
    torch.zeros(3, dtype=torch.float64),
    torch.zeros(4, dtype=torch.float64),
    torch.zeros(1, dtype=torch.float64),
    torch.zeros(3, dtype=torch.float32),
    torch.zeros(3, dtype=torch.int64),
    torch.zeros(3, dtype=torch.complex64),
)


@pytest.mark.parametrize("gradients", GRADIENTS.values(), ids=GRADIENTS)
def test_forged_gradients_are_refused(liar, gradients):
    def answer(message):
        value = LIVE if isinstance(message, wire.Call) else gradients
        return wire.Reply(message.id, value)

    x = normal(3)
    out = liar(answer, blob=GRADIENT_BLOB).function(x)
    with pytest.raises(wire.WireError):
        torch.autograd.grad(out.sum(), x)
    assert x.grad is None


def test_a_pull_answered_with_another_kind_is_refused(liar):
    def answer(message):
        if isinstance(message, wire.Call):
            return wire.Reply(message.id, LIVE)
        return wire.CellDone(message.id, [], 1, False)

    x = normal(3)
    out = liar(answer).function(x)
    with pytest.raises(wire.WireError, match="another kind"):
        torch.autograd.grad(out.sum(), x)


def test_a_live_tensor_that_cannot_have_a_gradient_is_refused(liar):
    with pytest.raises(wire.WireError):
        liar(reply(LIVE), blob=blob_of(torch.zeros(3, dtype=torch.int64))).function(normal(3))


def test_a_live_answer_to_a_call_without_gradients_has_none(liar):
    out = liar(reply(LIVE)).function(torch.zeros(3))
    assert not out.requires_grad


FORGED_CALLS = {
    "nothing lent": dict(target=10**6),
    "a negative number": dict(target=-1),
    "a method": dict(method="__globals__"),
    "a method of parameters": dict(params=["weight"], grad=True),
    "keywords that are no text": dict(kwargs=wire.Mapping_([1], [1])),
    "keywords without values": dict(kwargs=wire.Mapping_(["a"], [])),
    "tensors that did not come": dict(args=wire.Sequence_("tuple", [wire.TensorRef(9)])),
    "live integers": dict(args=wire.Sequence_("tuple", [wire.TensorRef(1, grad=True)]), grad=True),
    "arguments too deep": dict(args=wire.Sequence_("tuple", [nested(100)]), grad=True),
    "someone's own": dict(args=wire.Sequence_("tuple", [wire.Yours(99)])),
}


@pytest.mark.parametrize("change", FORGED_CALLS.values(), ids=FORGED_CALLS)
def test_a_forged_callback_gets_an_error_and_nothing_else(liar, change):
    called = []

    def call(message):
        return wire.Call(77, **(callback_fields(message) | change))

    blob = blob_of(torch.zeros(3), torch.zeros(3, dtype=torch.int64))
    far = liar(call, reply("done"), blob=blob)
    assert far.function(lambda *args, **kwargs: called.append((args, kwargs))) == "done"
    assert called == []
    assert [message.id for message in far.told(1)] == [77]


def callback_fields(message: wire.Call) -> dict[str, Any]:
    """A call of the function that was passed as first argument."""
    return {
        "target": message.args.items[0].number,
        "method": "",
        "args": wire.Sequence_("tuple", []),
        "kwargs": wire.Mapping_([], []),
    }


def test_a_forged_pull_gets_an_error_and_nothing_else(liar):
    far = liar(wire.Pull(77, 5, []), wire.Pull(78, -1, [LIVE]), reply("done"))
    assert far.function(1) == "done"
    assert [message.name for message in far.told(2)] == ["Refused", "Refused"]


def test_a_flood_of_callbacks_ends_at_the_deadline(liar):
    def call(message):
        return wire.Call(77, **callback_fields(message))

    called = []
    with pytest.raises(wire.WireTimeout):
        liar(*[call] * 1000).function(lambda: called.append(time.sleep(0.01)))
    assert 1 < len(called) < 40


forged_values = st.recursive(
    st.sampled_from(
        [None, 1, "a", LIVE, wire.TensorRef(1), wire.TensorRef(9, True), wire.Yours(1),
         wire.ArrayRef(0), wire.GeneratorRef(0), wire.Lent(1, "module", "m"),
         wire.MetaRef("int64", (2,)), wire.Special("int", "x")]
    ),
    lambda inner: st.builds(
        wire.Sequence_, st.sampled_from(["list", "tuple", "set"]), st.lists(inner, max_size=3)
    )
    | st.builds(wire.Mapping_, st.lists(inner, max_size=2), st.lists(inner, max_size=2)),
    max_leaves=6,
)  # fmt: skip
indexes = st.integers(-2, 3)
forged_changes = st.lists(st.tuples(indexes, indexes), max_size=3)


@given(st.lists(st.tuples(forged_values, forged_changes), min_size=1, max_size=3))
def test_any_forged_conversation_gives_a_value_or_a_wire_error(replies):
    """Many in one conversation, so that one answer's leftovers meet the next."""
    left = itertools.cycle(replies)

    def answer(message):
        value, changed = next(left)
        return [(wire.Reply(message.id, value, changed), GRADIENT_BLOB)]

    far = Liar(answer)
    try:
        for _ in replies:
            x, generator = normal(3), torch.Generator()
            try:
                out = far.function(x, np.zeros(3), generator, torch.zeros(4))
                if isinstance(out, torch.Tensor) and out.requires_grad:
                    torch.autograd.grad(out.sum(), x)
            except wire.WireError:
                continue
    finally:
        far.close()
