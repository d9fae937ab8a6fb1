"""Proxies beside the real objects: whatever a check does with one, it finds the same."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from autograder.errors import BadReply, StudentDied, StudentRaised
from autograder.inside.peer import Borrowed
from autograder.proxy import LostName, MissingName, ModuleProxy, NamedProxy

pytestmark = pytest.mark.sandbox

SOURCE = '''
import torch
from torch import nn

def softmax(x, dim=-1):
    return torch.exp(x) / torch.exp(x).sum(dim, keepdim=True)

def attend(query, keys, values, score):
    weights = softmax(torch.stack([score(query, key) for key in keys]))
    return weights, weights @ values

def clamp_in_place(x, *, low=0.0):
    x.clamp_(min=low)

def noise(n, generator=None):
    return torch.randn(n, generator=generator)

def fails(x):
    raise ValueError(f"expected a matrix, got {x.dim()} dimensions")

def everything(x):
    return {"rows": [*x], "shape": x.shape, "mean": x.mean().item(), "none": None, "is": x > 0}

class Net(nn.Module):
    """Two linear maps, one used twice, a buffer, dropout."""

    def __init__(self, d, *, d_out=None, p=0.5):
        super().__init__()
        self.first = nn.Linear(d, d)
        self.second = nn.Linear(d, d_out or d, bias=False)
        self.tied = self.second
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.register_buffer("steps", torch.arange(3))
        self.dropout = nn.Dropout(p)

    def forward(self, x, memory=None, *, mask=None):
        x = self.first(self.first(x)) if memory is None else self.first(x) + memory
        if mask is not None:
            x = x.masked_fill(~mask, 0)
        return self.second(self.dropout(torch.tanh(x))) * self.scale

class Pair(Net):
    def forward(self, x):
        out = super().forward(x)
        return out, {"half": out / 2, "count": x.numel()}

class Worded(nn.Module):
    """State beside the tensors, its own and a part's."""

    def __init__(self, words, inner=None):
        super().__init__()
        self.words, self.inner = words, inner
        self.w = nn.Parameter(torch.ones(2))

    def get_extra_state(self):
        return self.words

    def set_extra_state(self, words):
        self.words = words + ("loaded",)

    def forward(self):
        return self.words if self.inner is None else self.words + self.inner()

class Greedy(nn.Linear):
    """Changes whatever it is given to load."""

    def load_state_dict(self, state, *args, **kwargs):
        super().load_state_dict(state, *args, **kwargs)
        for tensor in state.values():
            tensor.zero_()
        state.clear()

def run(module, x):
    return module(x) * 3
'''


@pytest.fixture(params=["real", "proxied"])
def student(request, submission, printed) -> Callable[[str], Any]:
    """What the names of SOURCE stand for: in this process, or in a student's."""
    if request.param == "real":
        namespace: dict[str, Any] = {}
        exec(SOURCE, namespace)
        return namespace.__getitem__
    one = submission()
    printed(one.run(SOURCE))
    snapshot = one.snapshot()
    return lambda name: snapshot.look([name])[name]


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def net(student, **options) -> tuple[Any, dict[str, torch.Tensor]]:
    """A module with known weights."""
    module = student("Net")(4, **options)
    state = {
        name: value if name == "steps" else normal(*value.shape, seed=number)
        for number, (name, value) in enumerate(module.state_dict().items())
    }
    state["tied.weight"] = state["second.weight"]
    module.load_state_dict(state)
    return module, state


def by_hand(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    for _ in range(2):
        x = x @ state["first.weight"].T + state["first.bias"]
    return torch.tanh(x) @ state["second.weight"].T * state["scale"]


# ── functions ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (0, 3), (2, 1, 3)])
def test_values_shapes_and_types(student, shape, dtype):
    x = normal(*shape).to(dtype)
    out = student("softmax")(x, dim=0)
    assert out.shape == x.shape
    assert out.dtype == dtype
    torch.testing.assert_close(out, torch.softmax(x, 0))


def test_gradients_of_a_function(student):
    softmax, x = student("softmax"), normal(2, 3, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(softmax, (x,))
    out = softmax(x)
    assert out.requires_grad
    assert not out.is_leaf
    (out**2).sum().backward()
    (true,) = torch.autograd.grad((torch.softmax(x, -1) ** 2).sum(), x)
    torch.testing.assert_close(x.grad, true)
    with torch.no_grad():
        assert not softmax(x).requires_grad


def test_a_function_that_calls_back(student):
    query, keys, values = normal(3), normal(4, 3, seed=1), normal(4, 2, seed=2)
    calls = []

    def score(query, key):
        calls.append(key)
        return query @ key

    leaves = [tensor.requires_grad_() for tensor in (query, keys, values)]
    weights, output = student("attend")(query, keys, values, score)
    torch.testing.assert_close(weights, torch.softmax(keys @ query, 0))
    assert torch.equal(torch.stack(calls), keys)
    true = torch.autograd.grad((torch.softmax(keys @ query, 0) @ values).sum(), leaves)
    torch.testing.assert_close(torch.autograd.grad(output.sum(), leaves), true)


def test_a_change_in_place(student):
    x = normal(3, 3)
    before = x.clone()
    assert student("clamp_in_place")(x, low=0.5) is None
    assert torch.equal(x, before.clamp(min=0.5))


def test_a_generator(student):
    mine, true = (torch.Generator().manual_seed(5) for _ in range(2))
    for n in (3, 700):
        assert torch.equal(student("noise")(n, generator=mine), torch.randn(n, generator=true))


def test_meta_tensors(student):
    out = student("softmax")(torch.empty(2, 3, device="meta", dtype=torch.float16))
    assert (out.device.type, out.shape, out.dtype) == ("meta", (2, 3), torch.float16)


def test_an_exception(student):
    with pytest.raises((ValueError, StudentRaised), match="expected a matrix, got 1 dimensions"):
        student("fails")(normal(2))


def test_structures(student):
    out = student("everything")(x := normal(2, 3))
    assert out.keys() == {"rows", "shape", "mean", "none", "is"}
    assert torch.equal(torch.stack(out["rows"]), x)
    assert tuple(out["shape"]) == (2, 3)
    assert type(out["mean"]) is float
    assert out["none"] is None
    assert torch.equal(out["is"], x > 0)


# ── modules ─────────────────────────────────────────────────────────────────────────────────────


def test_names_shapes_and_order_of_parameters(student):
    module = student("Net")(4, d_out=2)
    shapes = {"first.weight": (4, 4), "first.bias": (4,), "second.weight": (2, 4), "scale": ()}
    found = {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}
    assert found == shapes
    assert sorted(found) == sorted(name for name, _ in module.named_parameters())
    assert [tuple(p.shape) for p in module.parameters()] == [*found.values()]
    assert all(p.requires_grad and p.is_leaf and p.grad is None for p in module.parameters())
    assert module.state_dict().keys() == shapes.keys() | {"steps", "tied.weight"}


def test_parameters_stay_the_same_objects(student):
    module, _ = net(student)
    assert all(a is b for a, b in zip(module.parameters(), module.parameters(), strict=True))


def test_weights_put_in_are_used(student):
    module, state = net(student)
    module.eval()
    x = normal(5, 4, seed=9)
    torch.testing.assert_close(module(x), by_hand(state, x))
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name])
        assert not value.requires_grad


def test_weights_that_do_not_fit_are_refused(student):
    module, state = net(student)
    wrong = (
        {**state, "other": state["scale"]},
        {name: value for name, value in state.items() if name != "scale"},
        {**state, "first.bias": torch.zeros(7)},
    )
    for weights in wrong:
        with pytest.raises((RuntimeError, StudentRaised), match=r"Error\(s\) in loading|size mism"):
            module.load_state_dict(weights)


def test_state_that_is_no_tensor_stays_with_the_module(student):
    module = student("Worded")(("one",), student("Worded")(("two",)))
    state = module.state_dict()
    if isinstance(module, ModuleProxy):
        assert state.keys() == {"w", "inner.w"}
    module.load_state_dict({**state, "inner.w": normal(2)})
    assert torch.equal(module.state_dict()["inner.w"], normal(2))
    assert module() == ("one", "loaded", "two", "loaded")


def gradients(module: Any) -> dict[str, torch.Tensor | None]:
    return {name: parameter.grad for name, parameter in module.named_parameters()}


def true_gradients(state: dict[str, torch.Tensor], x: torch.Tensor) -> dict[str, torch.Tensor]:
    leaves = {n: v.clone().requires_grad_() for n, v in state.items() if v.is_floating_point()}
    names = ("first.weight", "first.bias", "second.weight", "scale")
    out = by_hand(leaves, x).square().sum()
    return dict(zip(names, torch.autograd.grad(out, [leaves[n] for n in names]), strict=True))


def test_gradients_gather_until_they_are_forgotten(student):
    module, state = net(student)
    module.eval()
    x = normal(5, 4)
    true = true_gradients(state, x)
    for times in (1, 2):
        module(x).square().sum().backward()
        torch.testing.assert_close(gradients(module), {n: times * g for n, g in true.items()})
    module.zero_grad()
    assert set(gradients(module).values()) == {None}
    module(x).square().sum().backward()
    torch.testing.assert_close(gradients(module), true)


def test_gradients_asked_for(student):
    module, state = net(student)
    module.eval()
    x = normal(5, 4).requires_grad_()
    names, parameters = zip(*module.named_parameters(), strict=True)
    of_x, *found = torch.autograd.grad(module(x).square().sum(), [x, *parameters])
    true = true_gradients(state, x.detach())
    torch.testing.assert_close(dict(zip(names, found, strict=True)), true)
    (true_of_x,) = torch.autograd.grad(by_hand(state, x).square().sum(), x)
    torch.testing.assert_close(of_x, true_of_x)
    assert set(gradients(module).values()) == {None}


def test_new_weights_have_no_old_gradients(student):
    module, state = net(student)
    module.eval()
    module(normal(2, 4)).sum().backward()
    module.zero_grad()
    module.load_state_dict({n: v if n == "steps" else v * 0.5 for n, v in state.items()})
    x = normal(5, 4)
    module(x).square().sum().backward()
    halved = {n: v if n == "steps" else v * 0.5 for n, v in state.items()}
    torch.testing.assert_close(gradients(module), true_gradients(halved, x))


def test_arguments_by_position_and_by_name(student):
    module, _ = net(student)
    module.eval()
    x, memory = normal(5, 4), normal(5, 4, seed=3)
    mask = torch.tensor([True, False, True, True])
    one = module(x, memory, mask=mask)
    assert torch.equal(one, module(x, mask=mask, memory=memory))
    assert not torch.equal(one, module(x, memory))
    assert torch.equal(module(x), module(x, memory=None, mask=None))


def test_training_and_evaluation(student):
    module, _ = net(student, p=0.9)
    x = normal(50, 4)
    assert module.training is True
    assert module.eval() is module
    assert module.training is False
    assert torch.equal(module(x), module(x))
    assert module.train() is module
    assert module.training is True
    assert not torch.equal(module(x), module(x))
    module.train(False)
    assert module.training is False


def test_other_types_and_devices(student):
    module, state = net(student)
    assert module.double() is module
    assert {p.dtype for p in module.parameters()} == {torch.float64}
    assert module.state_dict()["steps"].dtype == torch.int64
    module.eval()
    out = module(normal(2, 4, dtype=torch.float64))
    assert out.dtype == torch.float64
    with pytest.raises((RuntimeError, StudentRaised), match="dtype"):
        module(normal(2, 4))
    module.to(torch.bfloat16)
    assert module.state_dict()["scale"].dtype == torch.bfloat16
    module.to("meta")
    assert {p.device.type for p in module.parameters()} == {"meta"}
    assert module(torch.empty(2, 4, device="meta", dtype=torch.bfloat16)).device.type == "meta"
    assert state["scale"].dtype == torch.float32


def test_gradcheck_of_a_module(student):
    module, _ = net(student)
    module.double().eval()
    x = normal(2, 4, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(module, (x,))


def test_a_module_with_several_results(student):
    module = student("Pair")(4)
    module.eval()
    out, more = module(normal(3, 4))
    assert more["count"] == 12
    assert torch.equal(more["half"] * 2, out)
    (out.sum() + more["half"].sum()).backward()
    assert all(p.grad is not None for p in module.parameters())


def test_two_modules_of_a_class_are_two(student):
    one, other = student("Net")(4), student("Net")(4)
    assert not torch.equal(one.state_dict()["first.weight"], other.state_dict()["first.weight"])
    one.eval()
    assert other.training


def test_a_module_as_argument(student):
    module, state = net(student)
    module.eval()
    x = normal(2, 4)
    torch.testing.assert_close(student("run")(module, x), by_hand(state, x) * 3)


def test_a_module_without_gradients_wanted(student):
    module, _ = net(student)
    with torch.no_grad():
        assert not module(normal(2, 4)).requires_grad
    assert module(normal(2, 4)).requires_grad


# ── what only a proxy can be ────────────────────────────────────────────────────────────────────

ODD = """
import torch
from torch import nn

class Odd(nn.Module):
    def __init__(self, what):
        super().__init__()
        self.what = what
        self.w = nn.Parameter(torch.ones(2))

    def named_parameters(self, *args, **kwargs):
        if self.what == "many":
            return [(str(i), self.w) for i in range(20_000)]
        if self.what == "numbers for names":
            return [(1, self.w)]
        if self.what == "no tensors":
            return [("w", "tensor")]
        return super().named_parameters()

    def state_dict(self, *args, **kwargs):
        return {"list": [self.w], "numbers for names": {1: self.w}, "no tensors": {"w": 1}}.get(
            self.what, super().state_dict()
        )

    def forward(self, x):
        if self.what == "changing":
            self.w = nn.Parameter(torch.ones(5))
        return (x * self.w[:2]).sum()

    @property
    def training(self):
        return "very"

    @training.setter
    def training(self, value):
        pass

thing = object()
number = 7
"""


@pytest.fixture
def look(submission, printed) -> Iterator[Callable[[str], Any]]:
    one = submission()
    printed(one.run(ODD))
    snapshot = one.snapshot()
    return lambda name: snapshot.look([name]).get(name)


@pytest.mark.parametrize("what", ["list", "numbers for names", "no tensors"])
def test_an_odd_state_is_a_bad_reply(look, what):
    module = look("Odd")(what)
    assert isinstance(module, ModuleProxy)
    with pytest.raises(BadReply, match="named tensors"):
        module.state_dict()


@pytest.mark.parametrize("what", ["many", "numbers for names", "no tensors"])
def test_odd_parameters_are_a_bad_reply(look, what):
    module = look("Odd")(what)
    for use in (module.named_parameters, module.parameters, lambda: module(torch.ones(2))):
        with pytest.raises(BadReply, match="named tensors"):
            use()


def test_what_a_module_does_to_weights_it_loads_does_not_reach_the_callers(submission, printed):
    one = submission()
    printed(one.run(SOURCE))
    module = one.snapshot().look(["Greedy"])["Greedy"](3, 2)
    state = {"weight": normal(2, 3), "bias": normal(2)}
    module.load_state_dict(state)
    assert torch.equal(module.state_dict()["weight"], normal(2, 3)), "it was loaded"
    assert state.keys() == {"weight", "bias"}
    assert torch.equal(state["weight"], normal(2, 3))
    assert torch.equal(state["bias"], normal(2))


def test_an_odd_mode_is_no_training(look):
    assert look("Odd")("").training is False


def test_parameters_that_change_shape_give_an_error_not_a_wrong_gradient(look):
    module = look("Odd")("changing")
    out = module(torch.ones(2))
    assert out == 2
    with pytest.raises((BadReply, StudentRaised, RuntimeError)):
        torch.autograd.grad(module(torch.ones(2)), list(module.parameters()))


def test_an_object_without_meaning_here(look):
    thing = look("thing")
    assert type(thing) is Borrowed
    assert repr(thing) == "<object 'object' of the other process>"
    assert not hasattr(thing, "__len__")


def test_a_name_that_is_missing_says_so_when_used():
    missing = MissingName("softmax", "; a cell before it ended the process")
    assert repr(missing) == "<softmax: not defined>"
    with pytest.raises(StudentRaised, match="^NameError: softmax is not defined; a cell before"):
        missing(1)


def test_a_name_that_is_lost_says_why_when_used():
    with pytest.raises(StudentDied, match="too often"):
        LostName("softmax", "it ended too often")(1)


def test_a_named_proxy_looks_again_each_time(look):
    found, defined = {"f": look("Odd")}, []
    named = NamedProxy("f", found.get, defined.append)
    named.define("x = 1")
    assert defined == ["x = 1"]
    assert repr(named) == "<the student's f>"
    assert isinstance(named(""), ModuleProxy)
    found["f"] = look("number")
    with pytest.raises(StudentRaised, match="TypeError: f is not callable"):
        named(1)
