"""multihead_attention.py against torch.nn.MultiheadAttention with the same weights."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from reference.attention import causal_mask, scaled_dot_product_attention
from reference.multihead_attention import MultiHeadAttention

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
# Beside a float64 oracle with the same weights and inputs, a result in another dtype is off by the
# roundings on its way: map in, scores (twice), weights, weighted sum, map out, each of half an eps
# of numbers up to 4, so 12 eps; and a few more within the sums of 12 terms. Seen: 8 at most.
ROUNDING = {dtype: 16 * torch.finfo(dtype).eps for dtype in DTYPES}
# Two float64 computations in different orders are both off by that. A gradient also sums over
# positions and sequences, and its entries are of order 10.
EXACT = 2 * ROUNDING[torch.float64]
EXACT_GRADIENT = 10 * EXACT

assert_close = partial(torch.testing.assert_close, rtol=0)


def torchs(ours):
    """torch's layer with the weights of ours: query, key and value stacked in one matrix."""
    theirs = nn.MultiheadAttention(ours.d_model, ours.n_heads, batch_first=True).double()
    linears = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([linear.weight for linear in linears]))
        theirs.in_proj_bias.copy_(torch.cat([linear.bias for linear in linears]))
        theirs.out_proj.weight.copy_(ours.output.weight)
        theirs.out_proj.bias.copy_(ours.output.bias)
    return theirs


def ask_torchs(theirs, x, memory, mask):
    """Call torch's layer, whose mask says True where a query may *not* attend, head by head."""
    if mask is not None:
        mask = ~mask
        if mask.ndim == 3:
            mask = mask.repeat_interleave(theirs.num_heads, dim=0)  # (b * h, n, m)
    memory = x if memory is None else memory
    return theirs(x, memory, memory, attn_mask=mask, need_weights=False)[0]


def gradient_in_torchs(theirs, name):
    """The gradient that torch's layer holds for what ours calls, say, "key.weight"."""
    linear, kind = name.split(".")
    if linear == "output":
        return getattr(theirs.out_proj, kind).grad
    part = ["query", "key", "value"].index(linear)
    return getattr(theirs, f"in_proj_{kind}").grad.chunk(3)[part]


@pytest.fixture(
    params=["self", "self, causal", "self, masks", "cross", "cross, a mask", "cross, masks"]
)
def memory_and_mask(request, normal, random_mask):
    """A memory and a mask for three sequences of length 5, or None."""
    memory = normal(7, 3, 6, 12) if request.param.startswith("cross") else None
    return {
        "self": (None, None),
        "self, causal": (None, causal_mask(5)),
        "self, masks": (None, random_mask(8, 3, 5, 5)),
        "cross": (memory, None),
        "cross, a mask": (memory, random_mask(8, 5, 6)),
        "cross, masks": (memory, random_mask(8, 3, 5, 6)),
    }[request.param]


@pytest.mark.parity
@pytest.mark.parametrize("n_heads", [1, 2, 3, 12])
def test_outputs_and_all_gradients_equal_torchs(
    n_heads, memory_and_mask, normal, layer_of, assert_far
):
    memory, mask = memory_and_mask
    ours = layer_of(0, 12, n_heads)
    theirs = torchs(ours)
    x, x_of_theirs = (normal(6, 3, 5, 12).requires_grad_() for _ in range(2))
    memory_of_theirs = None
    if memory is not None:
        memory, memory_of_theirs = (memory.clone().requires_grad_() for _ in range(2))
    actual = ours(x, memory, mask)
    expected = ask_torchs(theirs, x_of_theirs, memory_of_theirs, mask)
    assert_close(actual, expected, atol=EXACT)

    output_gradient = normal(10, *actual.shape)
    actual.backward(output_gradient)
    expected.backward(output_gradient)
    assert_close(x.grad, x_of_theirs.grad, atol=EXACT_GRADIENT)
    if memory is not None:
        assert_close(memory.grad, memory_of_theirs.grad, atol=EXACT_GRADIENT)
    for name, parameter in ours.named_parameters():
        assert_close(parameter.grad, gradient_in_torchs(theirs, name), atol=EXACT_GRADIENT)
    in_float32 = x.grad.float().double()
    assert_far(in_float32, x_of_theirs.grad, atol=EXACT_GRADIENT)


class HeadsInterleaved(MultiHeadAttention):
    """Wrong: the first head takes entries 1, 1 + h, 1 + 2h, … instead of 1 … d."""

    def _split(self, x):
        return x.unflatten(-1, (-1, self.n_heads)).movedim(-1, -3)


class HeadsAcrossPositions(MultiHeadAttention):
    """Wrong: a reshape where a transpose is needed, so that heads share out positions."""

    def _split(self, x):
        return x.reshape(*x.shape[:-2], self.n_heads, x.shape[-2], -1)


def scaled_by_d_model(q, k, v, mask):
    return scaled_dot_product_attention(q / math.sqrt(q.shape[-3]), k, v, mask)


def only_the_first_head_masked(q, k, v, mask):
    first = torch.arange(q.shape[-3])[:, None, None] == 0
    return scaled_dot_product_attention(q, k, v, mask | ~first)


def heads_put_together_wrongly(q, k, v, mask):
    heads = scaled_dot_product_attention(q, k, v, mask)
    return heads.transpose(-3, -2).reshape(heads.shape)


def heads_swapped(q, k, v, mask):
    return scaled_dot_product_attention(q, k, v, mask).flip(-3)


WRONG = [
    {"kind": HeadsInterleaved},
    {"kind": HeadsAcrossPositions},
    {"attention": scaled_by_d_model},
    {"attention": only_the_first_head_masked},
    {"attention": heads_put_together_wrongly},
    {"attention": heads_swapped},
    {"n_heads": 1},
]


def named(value):
    return getattr(value, "__name__", str(value))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("change", WRONG, ids=lambda change: "-".join(map(named, change.values())))
def test_the_tolerance_of_each_dtype_tells_wrong_from_right(
    change, dtype, normal, random_mask, layer_of, assert_far
):
    x, memory = (normal(seed, 3, 6, 12, dtype=dtype) for seed in (6, 7))
    mask = random_mask(9, 3, 6, 6)
    right, wrong = (
        layer_of(0, 12, **{"n_heads": 3, **options}).to(dtype) for options in ({}, change)
    )
    expected = ask_torchs(torchs(right), x.double(), memory.double(), mask)
    actual = right(x, memory, mask)
    assert actual.dtype == dtype
    assert_close(actual.double(), expected, atol=ROUNDING[dtype])
    assert_far(wrong(x, memory, mask).double(), expected, atol=ROUNDING[dtype])
    for arguments in ((x, None, mask), (x, memory, None), (x, memory, ~mask)):
        assert_far(right(*arguments).double(), expected, atol=ROUNDING[dtype])
