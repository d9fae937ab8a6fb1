"""An end that lies gets an error, and whatever it says gives a value or a wire error."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, strategies as st

from autograder.inside import wire
from autograder.inside.peer import RemoteError


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(len(shape))
    return torch.randn(*shape, generator=generator, dtype=dtype).requires_grad_()


LIVE = wire.TensorRef(0, grad=True)


def blob_of(*tensors: torch.Tensor) -> bytes:
    return safetensors.torch.save({str(i): tensor for i, tensor in enumerate(tensors)})


X_BLOB = blob_of(torch.zeros(3, dtype=torch.float64))


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


def test_what_an_exception_is_said_to_derive_from_is_capped(liar):
    lie = liar(lambda message: wire.Raised(message.id, "E" * 999, "no", ("B" * 999,) * 999))
    with pytest.raises(RemoteError) as caught:
        lie.function(1)
    assert caught.value.kinds == ("E" * 80, *("B" * 80,) * 16)


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


@pytest.mark.parametrize(
    "arguments",
    [
        1,
        wire.Sequence_("list", [wire.Sequence_("list", [wire.Sequence_("list", [])])]),
        wire.Sequence_("list", [wire.Mapping_([], []), None]),
        wire.Sequence_("tuple", [None] * 9),
    ],
)
def test_forged_arguments_change_containers_or_nothing(liar, arguments):
    x, text = torch.ones(3), "text"
    far = liar(lambda message: wire.Reply(message.id, "done", [], arguments))
    values = [x, text]
    assert far.function(values, x, text) == "done"
    assert (x.tolist(), text) == ([1, 1, 1], "text")
    assert values in ([x, text], [])


@pytest.mark.parametrize("arguments", [LIVE, nested(100), wire.Yours(99), wire.TensorRef(7)])
def test_arguments_that_cannot_be_read_are_refused(liar, arguments):
    with pytest.raises(wire.WireError):
        liar(lambda message: wire.Reply(message.id, 1, [], arguments), blob=b"").function([1])


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
def test_any_forged_conversation_gives_a_value_or_a_wire_error(lying, replies):
    """Many in one conversation, so that one answer's leftovers meet the next."""
    left = itertools.cycle(replies)

    def answer(message):
        value, changed = next(left)
        return [(wire.Reply(message.id, value, changed), GRADIENT_BLOB)]

    far = lying(answer)
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
