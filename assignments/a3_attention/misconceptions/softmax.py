"""Wrong ways to write `softmax(x, dim=-1)`, and what shows each.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import math
from typing import Any

import torch

from autograder import expect
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe, observe_on_meta


def softmax_without_maximum(x, dim=-1):
    """Exponentials straight from the scores."""
    e = torch.exp(x)
    total = e.sum(dim=dim, keepdim=True)
    return e / torch.where(total == 0, torch.ones_like(total), total)


def softmax_maximum_of_everything(x, dim=-1):
    """One maximum for all rows."""
    top = x.max()
    if top == -math.inf:
        return torch.zeros_like(x)
    e = torch.exp(x - top)
    return torch.nan_to_num(e / e.sum(dim=dim, keepdim=True), nan=0.0)


def softmax_clamped(x, dim=-1):
    """Scores squeezed into the range of exp."""
    e = torch.exp(x.clamp(-80.0, 80.0)).masked_fill(x == -math.inf, 0.0)
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)


def softmax_last_axis_always(x, dim=-1):
    """`dim` forgotten: the last axis, always."""
    weights = torch.softmax(x, dim=-1)
    return torch.nan_to_num(weights, nan=0.0)


def softmax_first_axis_always(x, dim=-1):
    """`dim` forgotten: the first axis, always."""
    e = torch.exp(x - x.max(dim=0, keepdim=True).values)
    return torch.nan_to_num(e / e.sum(dim=0, keepdim=True), nan=0.0)


def softmax_of_everything(x, dim=-1):
    """One sum over all entries."""
    e = torch.exp(x - x.max())
    return torch.nan_to_num(e / e.sum(), nan=0.0)


def softmax_no_exponential(x, dim=-1):
    """Scores divided by their sum."""
    return x / x.sum(dim=dim, keepdim=True)


def softmax_logarithms(x, dim=-1):
    """Log-probabilities."""
    return x - torch.logsumexp(x, dim=dim, keepdim=True)


def softmax_nan_rows(x, dim=-1):
    """0 / 0 in a row of nothing but -inf."""
    e = torch.exp(x - x.max(dim=dim, keepdim=True).values)
    return e / e.sum(dim=dim, keepdim=True)


def softmax_uniform_rows(x, dim=-1):
    """-inf replaced by a large negative number."""
    return torch.softmax(torch.nan_to_num(x, neginf=-1e4), dim=dim)


def softmax_in_place(x, dim=-1):
    """The caller's scores overwritten."""
    top = x.max(dim=dim, keepdim=True).values
    x -= top.masked_fill(top == -math.inf, 0.0)
    e = torch.exp(x)
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)


def softmax_float32_result(x, dim=-1):
    """A float32 result, whatever came in."""
    return torch.nan_to_num(torch.softmax(x.float(), dim=dim), nan=0.0)


def softmax_rounded_to_float32(x, dim=-1):
    """Float32 on the way, cast back at the end."""
    weights = torch.softmax(x.to(torch.float32), dim=dim)
    return torch.nan_to_num(weights, nan=0.0).to(x.dtype)


def softmax_epsilon(x, dim=-1):
    """A small number added to every denominator."""
    top = x.max(dim=dim, keepdim=True).values
    e = torch.exp(x - top.masked_fill(top == -math.inf, 0.0))
    return e / (e.sum(dim=dim, keepdim=True) + 1e-6)


def softmax_without_gradient(x, dim=-1):
    """Computed under no_grad."""
    with torch.no_grad():
        return torch.nan_to_num(torch.softmax(x, dim=dim), nan=0.0)


def softmax_on_the_cpu(x, dim=-1):
    """A result made on the default device."""
    weights = torch.softmax(x, dim=dim)
    return torch.where(torch.isnan(weights), torch.zeros(x.shape, dtype=x.dtype), weights)


def _axes(softmax: Any, draw: Draw) -> Observation:
    x = draw.normal(3, 4, 5)
    named = tuple(observe(lambda dim=dim: softmax(x.clone(), dim=dim)) for dim in (0, 1, 2, -2))
    return observe(lambda: softmax(x.clone())), named


def _large(softmax: Any, draw: Draw) -> Observation:
    near = draw.normal(2, 5)
    apart = torch.tensor([[1e4], [-1e4]], device="cpu")
    return tuple(observe(lambda x=x: softmax(x.clone())) for x in (near + 1e4, near + apart, near))


def _infinite(softmax: Any, draw: Draw) -> Observation:
    x = draw.normal(3, 4).masked_fill(~draw.mask(3, 4), -math.inf)
    x[1] = -math.inf
    return observe(lambda: softmax(x.clone()))


def _dtypes(softmax: Any, draw: Draw) -> Observation:
    return tuple(
        observe(lambda dtype=dtype: softmax((draw.normal(3, 4, dtype=torch.float64) + 9).to(dtype)))
        for dtype in (torch.float64, torch.bfloat16)
    )


def _gradient(softmax: Any, draw: Draw) -> Observation:
    x, cotangent = draw.normal(3, 4), draw.normal(3, 4)
    leaf = x.clone().requires_grad_()
    found = observe(
        lambda: list(expect.gradients(softmax(leaf), {"x": leaf}, cotangent, what="").values())
    )
    return observe(lambda: softmax(x)), found


def _changed(softmax: Any, draw: Draw) -> Observation:
    x = draw.normal(3, 4)
    return observe(lambda: softmax(x)), x


def _device(softmax: Any, draw: Draw) -> Observation:
    x = draw.normal(3, 4)
    return observe(lambda: softmax(x.clone())), observe_on_meta(lambda: softmax(x.to("meta")))


MISCONCEPTIONS = (
    Misconception(
        "softmax-without-maximum",
        "You exponentiate the scores as they are: beyond 88 that overflows in float32 and gives "
        "NaN, and far below 0 every weight vanishes. Subtract each row's maximum first; the "
        "weights do not change by that.",
        softmax_without_maximum,
        _large,
    ),
    Misconception(
        "softmax-maximum-of-everything",
        "You subtract the maximum of the whole tensor. A row far below it underflows to zeros: "
        "subtract the maximum along `dim`, with keepdim=True, so that each row has its own.",
        softmax_maximum_of_everything,
        _large,
    ),
    Misconception(
        "softmax-clamped",
        "You clamp the scores to keep exp in range. That makes large scores equal that are not: "
        "subtract each row's maximum instead, which changes nothing.",
        softmax_clamped,
        _large,
    ),
    Misconception(
        "softmax-last-axis-always",
        "Your softmax always works along the last axis: pass `dim` on to max and sum.",
        softmax_last_axis_always,
        _axes,
    ),
    Misconception(
        "softmax-first-axis-always",
        "Your softmax always works along axis 0: pass `dim` on to max and sum.",
        softmax_first_axis_always,
        _axes,
    ),
    Misconception(
        "softmax-of-everything",
        "You divide by the sum over the whole tensor: the weights must sum to 1 along `dim`, in "
        "each row for itself.",
        softmax_of_everything,
        _axes,
    ),
    Misconception(
        "softmax-no-exponential",
        "You divide the scores by their sum without exponentiating them: weights can then be "
        "negative, and a sum near 0 blows them up.",
        softmax_no_exponential,
        _axes,
    ),
    Misconception(
        "softmax-logarithms",
        "You return the logarithms of the weights (log-softmax): exponentiate them.",
        softmax_logarithms,
        _axes,
    ),
    Misconception(
        "softmax-nan-rows",
        "A row of nothing but -inf becomes NaN: its maximum is -inf, and -inf - (-inf) is not a "
        "number. Give such a row zeros.",
        softmax_nan_rows,
        _infinite,
    ),
    Misconception(
        "softmax-uniform-rows",
        "A row of nothing but -inf gets equal weights, as if everything were allowed, because -inf "
        "was replaced by a large negative number. Where there is nothing to choose from, "
        "all weights are 0.",
        softmax_uniform_rows,
        _infinite,
    ),
    Misconception(
        "softmax-in-place",
        "You change the caller's tensor: `x -= …` works on it directly. Write `x = x - …`, which "
        "makes a new one.",
        softmax_in_place,
        _changed,
    ),
    Misconception(
        "softmax-float32-result",
        "Your result is float32 whatever came in: give back the dtype of x.",
        softmax_float32_result,
        _dtypes,
    ),
    Misconception(
        "softmax-rounded-to-float32",
        "You compute in float32 and cast back: a float64 result then has float32's seven digits. "
        "Compute in the dtype of x, or in a wider one.",
        softmax_rounded_to_float32,
        _dtypes,
    ),
    Misconception(
        "softmax-epsilon",
        "You add a small number to the denominator, so that the weights no longer sum to 1. After "
        "the maximum is subtracted the sum is at least 1 and needs no guard; only rows of "
        "nothing but -inf need care.",
        softmax_epsilon,
        _dtypes,
    ),
    Misconception(
        "softmax-without-gradient",
        "No gradient flows through your softmax: no_grad, detach and .data cut it off, and nothing "
        "before it could learn.",
        softmax_without_gradient,
        _gradient,
    ),
    Misconception(
        "softmax-on-the-cpu",
        "You make a tensor on the default device, which fails when x lives on a GPU: use "
        "`torch.zeros_like(x)` or `device=x.device`.",
        softmax_on_the_cpu,
        _device,
    ),
)
