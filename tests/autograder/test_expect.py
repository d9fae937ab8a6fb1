"""What checks say about a value: each kind of wrong value fails, in words, untouched."""

import re

import pytest
import torch
from torch import nn

from autograder import expect
from autograder.errors import (
    BadReply,
    SandboxUnavailable,
    StudentDied,
    StudentRaised,
    StudentTimeout,
)
from autograder.expect import CheckFailed


class Liar(torch.Tensor):
    """A tensor that says that it equals everything."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise AssertionError("a method of a student's object was called")


class Equal:
    """An object that equals everything and complains when looked at."""

    def __eq__(self, other: object) -> bool:
        return True

    def __getattr__(self, name: str):
        raise AssertionError(f"{name} of a student's object was asked for")

    __hash__ = None


NO_TENSORS = [None, 3, 2.5, True, "text", (1, 2), [1.0], {"a": 1}, Equal(), object(), Liar([1.0])]


@pytest.mark.parametrize("value", NO_TENSORS, ids=lambda value: type(value).__name__)
def test_what_is_no_tensor_fails_without_being_touched(value: object):
    with pytest.raises(CheckFailed, match="the thing: expected a torch.Tensor, got"):
        expect.close(value, torch.zeros(1), what="the thing")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.zeros(2, dtype=torch.float64), "expected dtype float32, got float64"),
        (torch.zeros(2, dtype=torch.int64), "expected dtype float32, got int64"),
        (torch.zeros(2, dtype=torch.complex64), "expected dtype float32, got complex64"),
        (torch.zeros(1, 2), r"expected shape \(2,\), got \(1, 2\)"),
        (torch.zeros(()), r"expected shape \(2,\), got \(\)"),
        (torch.zeros(2, device="meta"), "expected a tensor on cpu, got meta"),
        (torch.zeros(2).to_sparse(), "expected an ordinary"),
        (torch.tensor([0.0, 1.0]), "1 of 2 entries are not what they should be"),
        (torch.tensor([0.0, torch.nan]), "has NaN where numbers are expected"),
        (torch.tensor([torch.inf, 0.0]), "has infinities where finite numbers are expected"),
    ],
)
def test_close_says_what_is_wrong(value: torch.Tensor, message: str):
    with pytest.raises(CheckFailed, match=message):
        expect.close(value, torch.zeros(2), what="it")


def test_close_accepts_what_is_right():
    expect.close(torch.ones(2), torch.ones(2, dtype=torch.float64), what="", dtype=torch.float32)
    expect.close(nn.Parameter(torch.ones(2)), torch.ones(2), what="a parameter")
    expect.close(torch.ones(1).expand(3), torch.ones(3), what="a view")
    odd = torch.tensor([torch.nan, torch.inf, -torch.inf])
    expect.close(odd.clone(), odd, what="NaN and infinities where they belong")


def test_an_infinity_of_the_wrong_sign_is_wrong():
    with pytest.raises(CheckFailed):
        expect.close(torch.tensor([torch.inf]), torch.tensor([-torch.inf]), what="")


@pytest.mark.parametrize("dtype", expect.TOLERANCES, ids=expect.name)
def test_tolerances_pass_rounding_and_reject_a_little_more(dtype: torch.dtype):
    want = torch.linspace(0.1, 3, 50, dtype=torch.float64)
    expect.close(want.to(dtype), want, what="rounded", dtype=dtype)
    relative, absolute = expect.TOLERANCES[dtype]
    off = want + 3 * (relative * want + absolute * 3)
    with pytest.raises(CheckFailed, match="50 of 50"):
        expect.close(off.to(dtype), want, what="off", dtype=dtype)


def test_float64_tells_rounding_by_float32_from_a_harmless_guard():
    weights = torch.softmax(60 + torch.linspace(-1, 1, 7, dtype=torch.float64), -1)
    expect.close(weights / (1 + 1e-8), weights, what="a guard of 1e-8")
    with pytest.raises(CheckFailed):
        expect.close(weights / (1 + 1e-6), weights, what="a guard of 1e-6")
    rounded = torch.softmax(60 + torch.linspace(-1, 1, 7), -1)
    with pytest.raises(CheckFailed):
        expect.close(rounded.double(), weights, what="float32 on the way")


def test_messages_show_no_numbers_of_the_values():
    secret = torch.tensor([0.123456, 7.891])
    for value in (secret + 1, secret * torch.nan, secret[None], secret.double()):
        with pytest.raises(CheckFailed) as failed:
            expect.close(value, secret, what="it")
        assert not re.search(r"\d\.\d|123|891", str(failed.value))


def test_equal_wants_every_entry():
    mask = torch.tensor([True, False])
    expect.equal(mask.clone(), mask, what="mask")
    with pytest.raises(CheckFailed, match="1 of 2 entries"):
        expect.equal(torch.tensor([True, True]), mask, what="mask")
    with pytest.raises(CheckFailed, match="expected dtype bool, got float32"):
        expect.equal(mask.float(), mask, what="mask")


@pytest.mark.parametrize(
    "before",
    [torch.ones(3), torch.tensor([-torch.inf, torch.nan, 1.0]), torch.tensor([True, False])],
)
def test_unchanged_sees_any_change(before: torch.Tensor):
    expect.unchanged(before.clone(), before, what="x")
    for changed in (torch.zeros_like(before), before[None].clone()):
        with pytest.raises(CheckFailed, match="x was changed by the call"):
            expect.unchanged(changed, before, what="x")


def test_items_wants_a_tuple_of_the_right_length():
    assert expect.items([1, 2], 2, what="") == (1, 2)
    with pytest.raises(CheckFailed, match="expected 2 results, got 3"):
        expect.items((1, 2, 3), 2, what="attend")
    with pytest.raises(CheckFailed, match="expected a tuple of 2, got a Tensor"):
        expect.items(torch.zeros(2), 2, what="attend")


def test_module_wants_what_modules_can_do():
    assert expect.module(layer := nn.Linear(1, 1), what="") is layer
    for value in (None, nn.Linear, lambda x: x, Equal()):
        with pytest.raises(CheckFailed, match="expected an nn.Module"):
            expect.module(value, what="it")


def test_gradients_and_what_cuts_them_off():
    x, w = (torch.ones(3, requires_grad=True) for _ in range(2))
    ones = torch.ones(3)
    found = expect.gradients(2 * x, {"x": x, "w": w}, ones, what="")
    assert torch.equal(found["x"], 2 * ones)
    assert found["w"] is None
    assert expect.gradients(x.detach(), {"x": x}, ones, what="") == {"x": None}
    same = {"what": "f", "dtype": torch.float32}
    expect.same_gradients({"x": 2 * ones}, {"x": 2 * ones}, **same)
    with pytest.raises(CheckFailed, match="no gradient reaches x; detach"):
        expect.same_gradients({"x": None}, {"x": ones}, **same)
    with pytest.raises(CheckFailed, match="the gradient of x: 3 of 3 entries"):
        expect.same_gradients({"x": -ones}, {"x": ones}, **same)
    with pytest.raises(CheckFailed, match="a gradient reaches x, which should get none"):
        expect.same_gradients({"x": ones}, {"x": None}, **same)


def test_a_backward_pass_that_raises_fails_the_check():
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    z = y * y
    y.data.zero_()
    y += 1  # what z needs is gone
    with pytest.raises(CheckFailed, match="the backward pass raised RuntimeError: one of the"):
        expect.gradients(z, {"x": x}, torch.ones(3), what="f")


def test_on_meta():
    x = torch.empty(3, device="meta")
    kind = {"what": "f", "shape": (3,), "dtype": torch.float32}
    expect.on_meta(lambda: x * 2, **kind)
    with pytest.raises(CheckFailed, match="on another device than the CPU it raised Runtime"):
        expect.on_meta(lambda: x + torch.zeros(3), **kind)
    with pytest.raises(CheckFailed, match="expected a tensor on meta, got cpu"):
        expect.on_meta(lambda: torch.zeros(3), **kind)
    with pytest.raises(CheckFailed, match=r"expected shape \(3,\), got \(1, 3\)"):
        expect.on_meta(lambda: x[None], **kind)
    with pytest.raises(CheckFailed, match="got None"):
        expect.on_meta(lambda: None, **kind)


@pytest.mark.parametrize(
    "reads",
    [
        lambda x: x if x.max() > 0 else -x,
        lambda x: x[x > 0],
        lambda x: x * float(x[0]),
        lambda x: x if torch.equal(x, x) else -x,
    ],
)
def test_code_that_reads_numbers_gets_the_benefit_of_the_doubt_on_meta(reads):
    x = torch.empty(3, device="meta")
    assert expect.value_on_meta(lambda: reads(x), what="f") is None


LOST = [StudentTimeout("after 5 s"), StudentDied("killed"), SandboxUnavailable("it ended")]


@pytest.mark.parametrize("error", LOST)
def test_lost_calls_pass_through(error: Exception):
    def lost(*_: object) -> object:
        raise error

    with pytest.raises(type(error)):
        expect.value_on_meta(lost, what="f")

    class Lost(torch.autograd.Function):
        forward = staticmethod(lambda ctx, x: x.clone())
        backward = staticmethod(lost)

    x = torch.ones(2, requires_grad=True)
    with pytest.raises(type(error)):
        expect.gradients(Lost.apply(x), {"x": x}, torch.ones(2), what="f")


class Mine(ValueError):
    pass


@pytest.mark.parametrize(
    "error", [ValueError("no"), Mine(), StudentRaised("Mine: no", ("Mine", "ValueError"))]
)
def test_an_exception_of_the_kind_expected(error):
    expect.raises(lambda: raise_(error), ValueError, what="f")


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (lambda: 1.5, "got a float"),
        (lambda: raise_(KeyError("a")), "it raised KeyError: 'a'"),
        (lambda: raise_(StudentRaised("Mine: no", ("Mine", "KeyError"))), "it raised Mine: no"),
        (lambda: raise_(StudentRaised("ValueError: f is missing")), "it raised ValueError: f is"),
        (lambda: raise_(BadReply("too deep")), "it raised too deep"),
    ],
)
def test_no_exception_of_the_kind_expected(call, found):
    with pytest.raises(CheckFailed, match=f"^f: expected ValueError, {found}.* .a reason.$"):
        expect.raises(call, ValueError, what="f", why="a reason")


@pytest.mark.parametrize("error", [StudentTimeout("5 s"), StudentDied("killed")])
def test_a_lost_call_raised_nothing(error):
    with pytest.raises(type(error)):
        expect.raises(lambda: raise_(error), Exception, what="f")


def raise_(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no"), "raised ValueError: no"),
        (StudentRaised("ValueError: no"), "raised ValueError: no"),
        (StudentTimeout("5 s"), "took too long: 5 s"),
        (StudentDied("killed"), "ended the process: killed"),
        (BadReply("too deep"), "raised too deep"),
        (KeyError(), "raised KeyError:"),
        (ValueError("x = tensor([0.1234, -5.6e-07])"), "raised ValueError: x = tensor([…, …])"),
        (ValueError("one\ntwo"), "raised ValueError: one"),
        (ValueError("shapes (3x4 and 5x4)"), "raised ValueError: shapes (3x4 and 5x4)"),
    ],
)
def test_errors_in_words(error: Exception, words: str):
    assert expect.in_words(error) == words


def test_a_long_error_is_cut():
    assert len(expect.in_words(ValueError("x" * 10_000))) < 250
