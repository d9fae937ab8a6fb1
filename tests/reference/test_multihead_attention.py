"""multihead_attention.py by hand, by gradcheck, and by its properties."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn
from torch.autograd import gradcheck
from torch.autograd.functional import jacobian

from reference.attention import causal_mask
from reference.multihead_attention import MultiHeadAttention

# Two float64 computations of one formula, in different orders: 16 eps each, as counted where the
# layer is compared with torch's, and twice as much because the widths here go to 25.
EXACT = 64 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
some = settings(max_examples=25)
sizes = st.integers(1, 5)
batches = st.lists(st.integers(1, 3), max_size=3).map(tuple)
seeds = st.integers(0, 2**31)


def test_two_heads_by_hand(assert_far):
    """All maps are the identity: each head attends over one coordinate; scores 0, ln 2, ln 3."""
    layer = MultiHeadAttention(2, 2).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.eye(2) if parameter.ndim == 2 else torch.zeros(2))
    a, b = math.sqrt(math.log(2)), math.sqrt(math.log(3))
    x = torch.tensor([[0, b], [a, 0]], dtype=torch.float64)
    # Head 1 sees (0, a): its first query is 0, all alike; its second scores (0, ln 2), weights
    # (1/3, 2/3). Head 2 sees (b, 0): scores (ln 3, 0), weights (3/4, 1/4); then all alike.
    expected = torch.tensor([[a / 2, 3 / 4 * b], [2 / 3 * a, b / 2]], dtype=torch.float64)
    assert_close(layer(x), expected, atol=EXACT)
    layer.n_heads = 1
    assert_far(layer(x), expected, atol=EXACT)


@pytest.mark.parametrize("mask", [None, [[True, False], [False, False], [True, True]]])
def test_gradcheck(mask, normal, layer_of):
    layer = layer_of(0, 4, 2)
    mask = mask and torch.tensor(mask)
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def call(x, memory, *parameters):
        named = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(layer, named, (x, memory, mask))

    x, memory = normal(6, 3, 4).requires_grad_(), normal(7, 2, 4).requires_grad_()
    assert gradcheck(call, (x, memory, *parameters))


@some
@given(batch=batches, n=sizes, m=sizes, heads=sizes, d=sizes, seed=seeds)
def test_any_batch_is_its_sequences_one_by_one(
    normal, random_mask, layer_of, batch, n, m, heads, d, seed
):
    layer = layer_of(seed, heads * d, heads)
    x, memory = normal(seed, *batch, n, heads * d), normal(seed + 1, *batch, m, heads * d)
    mask = random_mask(seed, *batch, n, m)
    actual = layer(x, memory, mask)
    assert actual.shape == x.shape
    rows = [tensor.reshape(-1, *tensor.shape[-2:]) for tensor in (x, memory, mask)]
    one_by_one = torch.stack([layer(*row) for row in zip(*rows, strict=True)])
    assert_close(actual, one_by_one.reshape(x.shape), atol=EXACT)


@some
@given(n=sizes, m=sizes, heads=sizes, d=sizes, seed=seeds)
def test_the_order_of_the_memory_does_not_matter(normal, layer_of, n, m, heads, d, seed):
    layer = layer_of(seed, heads * d, heads)
    x, memory = normal(seed, 2, n, heads * d), normal(seed + 1, 2, m, heads * d)
    order = normal(seed, m).argsort()
    assert_close(layer(x, memory[:, order]), layer(x, memory), atol=EXACT)


def test_without_a_memory_the_input_is_its_own(normal, layer_of):
    layer, x = layer_of(0, 12, 3), normal(6, 2, 5, 12)
    assert torch.equal(layer(x), layer(x, x))


@pytest.mark.parametrize(
    "shape", [(5, 6), (1, 6), (5, 1), (3, 5, 6), (3, 1, 6), (2, 1, 5, 6), (2, 3, 5, 6)]
)
def test_a_mask_may_serve_many_sequences_and_positions(shape, normal, random_mask, layer_of):
    layer, x, memory = layer_of(0, 12, 3), normal(6, 2, 3, 5, 12), normal(7, 2, 3, 6, 12)
    mask = random_mask(8, *shape)
    assert torch.equal(layer(x, memory, mask), layer(x, memory, mask.expand(2, 3, 5, 6)))


def test_the_bias_of_the_keys_changes_nothing(normal, layer_of, assert_far):
    """It adds one number to all scores of a query, and softmax ignores a shift."""
    layer, x = layer_of(0, 6, 2), normal(6, 4, 6)
    before = layer(x)
    layer.key.bias = nn.Parameter(layer.key.bias + 1)
    assert_close(layer(x), before, atol=EXACT)
    layer.query.bias = nn.Parameter(layer.query.bias + 1)
    assert_far(layer(x), before, atol=EXACT)


def test_under_a_causal_mask_no_output_has_a_gradient_from_the_future(normal, layer_of):
    layer = layer_of(0, 6, 2)
    slopes = jacobian(lambda x: layer(x, mask=causal_mask(5)), normal(6, 5, 6))
    depends = slopes.abs().amax((1, 3)) > 0  # (output position, input position)
    assert torch.equal(depends, causal_mask(5))


def test_a_query_with_nothing_to_attend_to_gets_the_bias_and_finite_gradients(normal, layer_of):
    layer, x = layer_of(0, 6, 2), normal(6, 2, 4, 6).requires_grad_()
    mask = torch.ones(2, 4, 4, dtype=torch.bool)
    mask[0, 1] = False
    mask[1] = False
    outputs = layer(x, mask=mask)
    alone = (outputs == layer.output.bias).all(-1)
    assert torch.equal(alone, ~mask.any(-1))
    outputs.sum().backward()
    assert all(p.grad.isfinite().all() for p in (x, *layer.parameters()))


def test_a_memory_of_length_0_gives_the_bias(normal, layer_of):
    layer = layer_of(0, 6, 2)
    outputs = layer(normal(6, 3, 6), normal(7, 0, 6))
    assert torch.equal(outputs, layer.output.bias.expand(3, 6))


def test_parameters_are_those_promised_and_all_are_trained():
    layer = MultiHeadAttention(6, 2)
    expected = {f"{name}.weight": (6, 6) for name in ("query", "key", "value", "output")}
    expected |= {f"{name}.bias": (6,) for name in ("query", "key", "value", "output")}
    assert {name: tuple(p.shape) for name, p in layer.state_dict().items()} == expected
    assert {name for name, p in layer.named_parameters() if p.requires_grad} == set(expected)


def test_training_and_evaluation_agree(normal, layer_of):
    layer, x = layer_of(0, 6, 2), normal(6, 4, 6)
    assert torch.equal(layer.train()(x), layer.eval()(x))


def test_it_can_be_built_on_another_attention(normal, random_mask, layer_of):
    """A head's outputs are what the given function makes of q, k, v and the mask, in that order."""
    seen = []

    def average(q, k, v, mask):
        seen.append([tuple(tensor.shape) for tensor in (q, k, v, mask)])
        return v.mean(-2, keepdim=True).expand(*q.shape[:-1], -1)

    layer = layer_of(0, 6, 2, attention=average)
    x, memory, mask = normal(6, 3, 4, 6), normal(7, 3, 5, 6), random_mask(8, 3, 4, 5)
    expected = layer.output(layer.value(memory).mean(1, keepdim=True)).expand(3, 4, 6)
    assert_close(layer(x, memory, mask), expected, atol=EXACT)
    assert seen == [[(3, 2, 4, 3), (3, 2, 5, 3), (3, 2, 5, 3), (3, 1, 4, 5)]]


def test_it_stays_on_the_device_it_is_given():
    """On meta, a tensor made elsewhere on the way raises."""
    layer = MultiHeadAttention(6, 2).to("meta", torch.bfloat16)
    x = torch.empty(3, 4, 6, device="meta", dtype=torch.bfloat16)
    outputs = layer(x, mask=causal_mask(4, device="meta"))
    assert (outputs.device.type, outputs.dtype, outputs.shape) == ("meta", x.dtype, x.shape)


def test_inputs_are_left_alone(normal, random_mask, layer_of):
    tensors = [normal(6, 3, 6), normal(7, 4, 6), random_mask(8, 3, 4)]
    before = [tensor.clone() for tensor in tensors]
    with torch.no_grad():
        layer_of(0, 6, 2)(*tensors).zero_()
    assert all(map(torch.equal, tensors, before))


@pytest.mark.parametrize(("d_model", "n_heads"), [(30, 4), (4, 0), (0, 2), (4, -2), (2, 4)])
def test_heads_must_share_the_width_equally(d_model, n_heads):
    expected = f"n_heads must divide d_model: got d_model={d_model}, n_heads={n_heads}; every head"
    with pytest.raises(ValueError, match=expected):
        MultiHeadAttention(d_model, n_heads)


@pytest.mark.usefixtures("no_shape_checker")
@pytest.mark.parametrize(
    ("x", "memory", "mask", "text"),
    [
        ((4, 5), None, None, r"x must have shape \(…, n, d_model\) with d_model=6: got \(4, 5\)"),
        ((6,), None, None, r"x must have .*: got \(6,\); one row a position"),
        ((4, 6), (4, 3), None, r"memory must have shape \(…, m, d_model\) .*: got \(4, 3\)"),
        (
            (4, 6),
            None,
            (4,),
            r"mask must have shape \(n, m\) or .*: got \(4,\); .* mask\[None, :\]",
        ),
        ((2, 4, 6), (2, 3, 6), (4, 4), r"mask must broadcast .* = \(2, 4, 3\): got \(4, 4\)"),
        ((2, 4, 6), None, (3, 4, 4), r"mask must broadcast .* = \(2, 4, 4\): got \(3, 4, 4\)"),
    ],
)
def test_errors_tell_what_was_expected(x, memory, mask, text, normal, layer_of):
    layer = layer_of(0, 6, 2)
    memory = memory and normal(0, *memory)
    mask = mask and torch.ones(mask, dtype=torch.bool)
    with pytest.raises(ValueError, match=text):
        layer(normal(0, *x), memory, mask)


@pytest.mark.usefixtures("no_shape_checker")
def test_a_mask_of_numbers_is_refused(normal, layer_of):
    with pytest.raises(TypeError, match="mask must be boolean, .* got torch.float32; convert"):
        layer_of(0, 6, 2)(normal(0, 4, 6), mask=torch.zeros(4, 4))
