"""What checks say about a value: type, layout, dtype, shape and device first, numbers last.

A value may be anything at all. Nothing here calls a method of an object whose type is not known:
tensors are taken by exact type. Messages tell what was expected and what came in terms of types and
shapes; of numbers they tell only how many are off, so no hidden input and no expected value is ever
shown. In one module, though long, since checks read it as one vocabulary. Left out: what any one
assignment expects. Proved by: each function is given every kind of wrong value in the tests.

Tolerances of a result against a float64 oracle: relative, and absolute times the largest entry.

- float64: rounding leaves 1e-14. 1e-7 lets harmless guards pass (a denominator of sum + 1e-8), and
  rejects work done in float32 on the way and an epsilon of 1e-6 in a denominator.
- float32: rounding leaves a few 1e-6 after two matrix products; ten times that. Every known mistake
  is off by 1e-3 or more.
- float16, bfloat16: one rounding is 2⁻¹¹ and 2⁻⁸; exp(log p) in the same dtype multiplies it by
  |log p| ≈ 8, and scores, weights and products are each rounded on the way.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autograder import margin
from autograder.errors import (
    SandboxUnavailable,
    StudentDied,
    StudentError,
    StudentRaised,
    StudentTimeout,
)

TOLERANCES: dict[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-7, 1e-8),
    torch.float32: (1e-4, 2e-5),
    torch.float16: (2e-2, 8e-3),
    torch.bfloat16: (1.2e-1, 6e-2),
}

READS_VALUES = ("Tensor.item()", "data-independent implementation", "nonzero", "aten::equal")
"""Parts of what torch says when code reads a *number* of a meta tensor, which has none."""


class CheckFailed(AssertionError):
    """A check's verdict, in words for the student; never a hidden input."""


def in_words(error: Exception) -> str:
    """An exception as a student should read it: one short line, with decimal numbers blotted out.

    Shapes and names stay, since they help; a message that quotes the entries of an input would show
    it.
    """
    own = isinstance(error, StudentError)
    text = str(error) if own else f"{type(error).__name__}: {error}"
    first = next(iter(text.strip().splitlines()), type(error).__name__)
    first = re.sub(r"-?\d*\.\d+(e[+-]?\d+)?|-?\d+\.(e[+-]?\d+)?(?=\D|$)", "…", first)
    first = first if len(first) <= 200 else first[:199] + "…"
    if isinstance(error, StudentTimeout):
        return f"took too long: {first}"
    if isinstance(error, StudentDied):
        return f"ended the process: {first}"
    return f"raised {first}"


def kind(value: object) -> str:
    """What a value is, in words, without asking the value itself."""
    if value is None:
        return "None (is a `return` missing?)"
    if type(value) is tuple:
        return f"a tuple of {len(value)}"
    return f"a {type(value).__name__}"


def name(dtype: torch.dtype) -> str:
    """`float32` for torch.float32."""
    return str(dtype).removeprefix("torch.")


def tensor(
    value: object,
    *,
    what: str,
    shape: Sequence[int] | None = None,
    dtype: torch.dtype | None = None,
    device: str = "cpu",
) -> Tensor:
    """Return `value` as a tensor of this kind, or fail the check; None leaves a property open."""
    if type(value) is not Tensor and type(value) is not nn.Parameter:
        raise CheckFailed(f"{what}: expected a torch.Tensor, got {kind(value)}")
    if value.layout is not torch.strided:
        raise CheckFailed(f"{what}: expected an ordinary (dense) tensor, got {value.layout}")
    if dtype is not None and value.dtype is not dtype:
        raise CheckFailed(f"{what}: expected dtype {name(dtype)}, got {name(value.dtype)}")
    if shape is not None and tuple(value.shape) != tuple(shape):
        raise CheckFailed(f"{what}: expected shape {tuple(shape)}, got {tuple(value.shape)}")
    if value.device.type != device:
        raise CheckFailed(f"{what}: expected a tensor on {device}, got {value.device.type}")
    return value


def close(
    value: object,
    expected: Tensor,
    *,
    what: str,
    why: str = "",
    dtype: torch.dtype | None = None,
    tolerance: tuple[float, float] | None = None,
) -> None:
    """Fail unless `value` is a tensor of the shape of `expected`, of `dtype`, with the same
    numbers.

    The tolerance is that of `dtype`, by default that of `expected`. NaN and infinity must stand
    where they are expected.
    """
    dtype = dtype or expected.dtype
    got = tensor(value, what=what, shape=expected.shape, dtype=dtype).detach()
    difference = differences(got, expected, tolerance or TOLERANCES[dtype])
    if not difference:
        return
    want = expected.detach()
    if bool((torch.isnan(got) & ~torch.isnan(want)).any()):
        found = "has NaN where numbers are expected"
    elif bool((torch.isinf(got) & ~torch.isinf(want)).any()):
        found = "has infinities where finite numbers are expected"
    else:
        found = f"{difference} of {expected.numel()} entries are not what they should be"
    raise CheckFailed(f"{what}: {found}" + (f" ({why})" if why else ""))


def differences(got: Tensor, expected: Tensor, tolerance: tuple[float, float]) -> int:
    """How many entries differ by more than the tolerance.

    That is relative × the entry + absolute × the largest finite expected entry, or 1.
    """
    got, want = got.detach().to(torch.float64), expected.detach().to(torch.float64)
    finite = want[torch.isfinite(want)].abs()
    largest = max(1.0, float(finite.max())) if len(finite) else 1.0
    relative, absolute = tolerance
    margin.note(got, want, relative, absolute * largest)
    same = torch.isclose(got, want, rtol=relative, atol=absolute * largest, equal_nan=True)
    return int((~same).sum())


def equal(value: object, expected: Tensor, *, what: str, why: str = "") -> None:
    """Fail unless `value` is a tensor of the dtype, the shape and exactly the entries expected."""
    got = tensor(value, what=what, shape=expected.shape, dtype=expected.dtype)
    wrong = int((got != expected).sum())
    if wrong:
        found = f"{wrong} of {expected.numel()} entries are not what they should be"
        raise CheckFailed(f"{what}: {found}" + (f" ({why})" if why else ""))


def unchanged(now: Tensor, before: Tensor, *, what: str) -> None:
    """Fail unless the caller's tensor `now` still holds what it held `before` the call."""
    same = torch.equal(now.detach().nan_to_num(), before.detach().nan_to_num())
    if not same:
        raise CheckFailed(
            f"{what} was changed by the call: operations that end in an underscore, `+=` and "
            f"assignments to slices change the caller's tensor; work on a new one"
        )


def items(value: object, count: int, *, what: str) -> tuple[Any, ...]:
    """Return `value` as a tuple of `count`, or fail the check."""
    if not isinstance(value, tuple | list):
        raise CheckFailed(f"{what}: expected a tuple of {count}, got {kind(value)}")
    if len(value) != count:
        raise CheckFailed(f"{what}: expected {count} results, got {len(value)}")
    return tuple(value)


def module(value: object, *, what: str) -> Any:
    """Return `value` if it can be used as an nn.Module, or fail the check."""
    used = ("state_dict", "load_state_dict", "named_parameters", "train", "eval", "to", "__call__")
    if not all(callable(getattr(type(value), method, None)) for method in used):
        raise CheckFailed(f"{what}: expected an nn.Module, got {kind(value)}")
    return value


def gradients(
    output: object, inputs: Mapping[str, Tensor], cotangent: Tensor, *, what: str
) -> dict[str, Tensor | None]:
    """The gradients of ⟨output, cotangent⟩ by name; None for inputs that it does not depend on."""
    out = tensor(output, what=what, shape=cotangent.shape, dtype=cotangent.dtype)
    if not out.requires_grad:
        return dict.fromkeys(inputs)
    try:
        found = torch.autograd.grad(out, list(inputs.values()), cotangent, allow_unused=True)
    except (SandboxUnavailable, StudentTimeout, StudentDied):
        raise
    except Exception as error:
        raise CheckFailed(f"{what}: the backward pass {in_words(error)}") from error
    return dict(zip(inputs, found, strict=True))


def same_gradients(
    got: Mapping[str, Tensor | None],
    expected: Mapping[str, Tensor | None],
    *,
    what: str,
    dtype: torch.dtype,
) -> None:
    """Fail unless each gradient is there where it is expected, and equal to it."""
    for of, want in expected.items():
        gradient = got[of]
        if want is None:
            if gradient is not None and bool(gradient.detach().ne(0).any()):
                raise CheckFailed(f"{what}: a gradient reaches {of}, which should get none")
            continue
        if gradient is None:
            raise CheckFailed(
                f"{what}: no gradient reaches {of}; detach, .data, .item(), NumPy and "
                f"torch.no_grad cut a result off from its inputs"
            )
        close(gradient, want, what=f"{what}: the gradient of {of}", dtype=dtype)


def raises(
    call: Callable[[], object], expected: type[Exception], *, what: str, why: str = ""
) -> None:
    """Fail unless `call` raises an exception of the type expected, or of one derived from it."""
    try:
        found = f"got {kind(call())}"
    except (SandboxUnavailable, StudentTimeout, StudentDied):
        raise
    except Exception as error:
        theirs = error.kinds if isinstance(error, StudentRaised) else ()
        if isinstance(error, expected) or expected.__name__ in theirs:
            return
        found = f"it {in_words(error)}"
    raise CheckFailed(
        f"{what}: expected {expected.__name__}, {found}" + (f" ({why})" if why else "")
    )


def reads_values(error: Exception) -> bool:
    """Whether an error tells that code read a number of a meta tensor."""
    return any(part in str(error) for part in READS_VALUES)


def value_on_meta(call: Callable[[], object], *, what: str) -> object | None:
    """What `call` gives, which hands over tensors on `meta`; None if that cannot be known.

    Tensors on `meta` have a shape and no numbers, so whatever is made on another device cannot be
    mixed with them. Code that reads numbers to decide what to do cannot run there, though it may be
    right on any real device: it is given the benefit of the doubt.
    """
    try:
        value = call()
    except (SandboxUnavailable, StudentTimeout, StudentDied):
        raise
    except Exception as error:
        if reads_values(error):
            return None
        raise CheckFailed(
            f"{what}: on another device than the CPU it {in_words(error)}; make new tensors on the "
            f"device of the inputs (`device=x.device`, `torch.zeros_like(x)`, `x.new_zeros(…)`)"
        ) from error
    if value is None:
        raise CheckFailed(f"{what}: got {kind(value)}")
    return value


def on_meta(
    call: Callable[[], object], *, what: str, shape: Sequence[int], dtype: torch.dtype
) -> None:
    """Fail unless `call`, which hands over tensors on `meta`, gives such a tensor there."""
    value = value_on_meta(call, what=what)
    if value is not None:
        tensor(value, what=what, shape=shape, dtype=dtype, device="meta")
