"""Two peers in one process: calls, callbacks and gradients are as if there were no wire between."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from autograder.inside import peer
from autograder.inside.peer import Borrowed, RemoteError
from autograder.inside.writer import Unsendable


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(len(shape))
    return torch.randn(*shape, generator=generator, dtype=dtype).requires_grad_()


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


def test_what_an_exception_derives_from_is_told_too(pair):
    class Singular(np.linalg.LinAlgError):
        pass

    def fail():
        raise Singular("no")

    with pytest.raises(RemoteError) as caught:
        pair.remote(fail)()
    kinds = ("Singular", "LinAlgError", "ValueError", "Exception", "BaseException", "object")
    assert caught.value.kinds == kinds


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
    with pytest.raises(Unsendable, match="only functions"):
        function(object())
    assert function(1) == 1, "the conversation goes on"


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


def test_a_callback_called_from_several_threads(pair):
    def attend_in_threads(query, keys, values, score):
        with ThreadPoolExecutor(4) as pool:
            weights = softmax(torch.stack([*pool.map(lambda key: score(query, key), keys)]))
        return weights, weights @ values

    inputs, weight = (normal(3), normal(12, 3), normal(12, 2)), normal(3, 3)

    def score(query, key):
        return query @ weight @ key

    pair.near.deadline = lambda: time.monotonic() + 5
    mine = torch.autograd.grad(
        pair.remote(attend_in_threads)(*inputs, score)[1].sum(), (weight, *inputs)
    )
    true = torch.autograd.grad(attend(*inputs, score)[1].sum(), (weight, *inputs))
    torch.testing.assert_close(mine, true)


def test_a_callback_under_vmap(pair):
    """As torch's own: each slice is one call, and gradients reach the closure's weights too."""

    def attend_by_vmap(query, keys, values, score):
        weights = softmax(torch.vmap(score, in_dims=(None, 0))(query, keys))
        return weights, weights @ values

    inputs, weight = (normal(3), normal(4, 3), normal(4, 2)), normal(3, 3)

    def score(query, key):
        return query @ weight @ key

    mine = torch.autograd.grad(
        pair.remote(attend_by_vmap)(*inputs, score)[1].sum(), (weight, *inputs)
    )
    true = torch.autograd.grad(attend(*inputs, score)[1].sum(), (weight, *inputs))
    torch.testing.assert_close(mine, true)


def test_vmap_of_other_dimensions_of_keywords_and_of_vmap(pair):
    def both(x, *, y):
        return {"dot": x @ y, "parts": (x * 2, [y + 1])}

    x, y = normal(3, 5).detach(), normal(5, 3).detach()
    for function in (both, pair.remote(both)):
        found = torch.func.vmap(lambda x, y: function(x, y=y), in_dims=(1, 0))(x, y)  # noqa: B023
        torch.testing.assert_close(found["dot"], (x.T * y).sum(1))
        torch.testing.assert_close(found["parts"], (x.T * 2, [y + 1]))
    remote = pair.remote(lambda a, b: a @ b)
    table = torch.vmap(torch.vmap(remote, in_dims=(None, 0)), in_dims=(0, None), out_dims=1)
    torch.testing.assert_close(table(y, y + 1), (y + 1) @ y.T)


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
    pair.remote(lambda x, more: None)(x, [1, (x, {"a": float("nan")}), {2, "b"}])
    assert sent[-1].changed == []
    assert sent[-1].arguments is None


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


def pops(values):
    values.pop()


def puts_deep(values):
    values[1][0]["new"] = [values.pop(), True]


def swaps(values):
    values[0], values[1] = values[1], values[0]


def renames(values):
    values["b"] = values.pop("a")
    values["c"] += 1


def adds(values):
    values.add("new")


def replaces_an_equal_one(values):
    values[0] = 1.0


@pytest.mark.parametrize(
    ("change", "values"),
    [
        (pops, [1, 2, 3]),
        (puts_deep, ["a", ({"old": 1}, 2), 3]),
        (swaps, [1, 2]),
        (renames, {"a": [1], "c": 2}),
        (adds, {"old", 3}),
        (replaces_an_equal_one, [1]),
    ],
)
def test_a_change_of_what_a_container_holds_shows_here(pair, change, values):
    here, there = deepcopy(values), deepcopy(values)
    change(here)
    pair.remote(change)(there)
    if isinstance(here, set):  # whose order depends on the process's hashes, and on what came when
        assert type(there) is set
        here, there = sorted(here, key=repr), sorted(there, key=repr)
    assert repr(there) == repr(here)


def test_tensors_in_a_changed_container_stay_the_caller_s(pair):
    def change(values, kept):
        values[0] += 1
        values.append(values[0] * 2)

    x, kept = torch.zeros(2), [1]
    values = [x]
    pair.remote(change)(values, kept=kept)
    assert values[0] is x
    assert [value.tolist() for value in values] == [[1, 1], [2, 2]]
    assert kept == [1]


def test_a_change_that_a_callback_makes_shows_there(pair):
    def change(x, names):
        x += 1
        names.clear()

    def passes_on(callback):
        x, names = torch.zeros(2), ["a"]
        callback(x, names)
        return x.tolist(), names

    assert pair.remote(passes_on)(change) == ([1, 1], [])
