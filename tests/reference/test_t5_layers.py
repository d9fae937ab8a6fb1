"""t5_layers.py against torch's RMSNorm and attention, and by hand."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn
from torch.autograd import gradcheck
from torch.nn import functional as F

from reference.attention import scaled_dot_product_attention
from reference.feed_forward import FeedForward
from reference.gpt import tanh_gelu
from reference.multihead_attention import MultiHeadAttention
from reference.t5_layers import GatedFeedForward, RMSNorm, T5Layer, unscaled_attention

# Sums of 4 to 12 products of order 1, in two orders. Seen: 6 eps.
EXACT = 32 * torch.finfo(torch.float64).eps
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]

assert_close = partial(torch.testing.assert_close, rtol=0)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", DTYPES)
def test_rms_norm_equals_torchs(dtype, normal, assert_far):
    """Entries go to 4, and are rounded twice: 4 eps. Seen: 2 eps; LayerNorm is 0.2 away."""
    ours, theirs = RMSNorm(12).to(dtype), nn.RMSNorm(12, eps=1e-6).double()
    with torch.no_grad():
        ours.weight.copy_(normal(1, 12))
        theirs.weight.copy_(ours.weight)
    x = (3 + 2 * normal(0, 5, 7, 12)).to(dtype)
    actual, expected = ours(x), theirs(x.double())
    assert actual.dtype == dtype
    atol = 4 * torch.finfo(dtype).eps
    assert_close(actual.double(), expected, atol=atol)
    assert_far(F.layer_norm(x.double(), (12,)) * theirs.weight, expected, atol=atol)


@pytest.mark.parity
def test_rms_norms_gradients_equal_torchs(normal):
    ours, theirs = RMSNorm(12, eps=0.1).double(), nn.RMSNorm(12, eps=0.1).double()
    inputs = [normal(0, 5, 12).requires_grad_() for _ in range(2)]
    for norm, x in zip((ours, theirs), inputs, strict=True):
        norm(x).backward(normal(1, 5, 12))
    assert_close(inputs[0].grad, inputs[1].grad, atol=EXACT)
    assert_close(ours.weight.grad, theirs.weight.grad, atol=EXACT)
    assert gradcheck(ours, (normal(2, 3, 12).requires_grad_(),))


@settings(max_examples=25)
@given(scale=st.floats(0.01, 100), d=st.integers(1, 9), seed=st.integers(0, 2**31))
def test_rms_norm_does_not_see_a_scale_and_gives_mean_square_1(normal, scale, d, seed):
    norm = RMSNorm(d, eps=0.0).double()
    x = normal(seed, 3, d)
    assert_close(norm(scale * x), norm(x), atol=EXACT)
    assert_close(norm(x).square().mean(-1), torch.ones(3, dtype=torch.float64), atol=EXACT)


def test_half_precision_does_not_overflow():
    """300² is beyond float16."""
    x = torch.full((4,), 300.0, dtype=torch.float16)
    assert_close(RMSNorm(4).half()(x), torch.ones(4, dtype=torch.float16), atol=1e-3)


@pytest.mark.parity
@pytest.mark.parametrize("with_mask", [True, False])
@pytest.mark.parametrize("with_bias", [True, False])
def test_attention_equals_torchs_without_its_scale(
    with_bias, with_mask, normal, random_mask, assert_far
):
    q, k, v = (normal(i, 2, 3, n, 4).requires_grad_() for i, n in enumerate((5, 6, 6)))
    bias = normal(4, 3, 5, 6).requires_grad_() if with_bias else None
    mask = random_mask(5, 2, 1, 5, 6) if with_mask else None
    added = (
        torch.zeros(2, 3, 5, 6, dtype=torch.float64) if bias is None else bias.expand(2, -1, -1, -1)
    )
    added = added if mask is None else added.masked_fill(~mask, -math.inf)
    actual = unscaled_attention(q, k, v, mask, bias=bias)
    expected = F.scaled_dot_product_attention(q, k, v, added, scale=1.0)
    assert_close(actual, expected, atol=EXACT)
    inputs = [t for t in (q, k, v, bias) if t is not None]
    gradient = normal(6, 2, 3, 5, 4)
    found, wanted = (torch.autograd.grad(y, inputs, gradient) for y in (actual, expected))
    assert_close(found, wanted, atol=8 * EXACT)  # of entries up to 10
    assert_far(scaled_dot_product_attention(q, k, v, mask), expected, atol=EXACT)


def test_a_bias_of_ln_2_doubles_a_keys_weight():
    q, k = torch.zeros(1, 1, 1), torch.zeros(1, 2, 1)
    v = torch.tensor([[[3.0], [0.0]]])
    bias = torch.tensor([[[math.log(2), 0.0]]])
    assert_close(unscaled_attention(q, k, v), torch.tensor([[[1.5]]]), atol=1e-6)
    assert_close(unscaled_attention(q, k, v, bias=bias), torch.tensor([[[2.0]]]), atol=1e-6)
    nothing = torch.tensor([[False, False]])
    assert unscaled_attention(q, k, v, nothing, bias=bias).tolist() == [[[0.0]]]


def test_a_gate_by_hand(normal):
    network = GatedFeedForward(4, 7, bias=False).double()
    x = normal(0, 2, 3, 4)
    first, gated, second = network.first.weight, network.gated.weight, network.second.weight
    expected = (tanh_gelu(x @ first.mT) * (x @ gated.mT)) @ second.mT
    assert_close(network(x), expected, atol=EXACT)
    assert [name for name, _ in network.named_parameters() if "bias" in name] == []
    nn.init.zeros_(network.gated.weight)
    assert not network(x).any()


def test_a_layer_has_no_bias_and_the_attentions_it_needs():
    encoder = T5Layer(6, 2, 5, 8, in_decoder=False)
    names = {name for name, _ in encoder.named_parameters()}
    assert not any(name.endswith("bias") for name in names)
    assert {n for n in names if "cross" in n} == set()
    decoder = T5Layer(6, 2, 5, 8, in_decoder=True, gated=True)
    assert len([n for n, _ in decoder.named_parameters() if "cross" in n]) == 5
    assert decoder.attention.query.weight.shape == (10, 6)  # heads of 5, wider than 6 together
    assert isinstance(decoder.feed_forward, GatedFeedForward)
    assert type(encoder.feed_forward) is FeedForward


def test_maps_without_a_bias_and_heads_of_a_given_width_are_multi_head_attention(normal):
    """With heads of d_model / n_heads and biases of 0 it is what it was."""
    plain, narrow = (
        MultiHeadAttention(6, 2).double(),
        MultiHeadAttention(6, 2, d_head=3, bias=False),
    )
    narrow = narrow.double()
    plain.load_state_dict(narrow.state_dict(), strict=False)
    for linear in (plain.query, plain.key, plain.value, plain.output):
        nn.init.zeros_(linear.bias)
    x = normal(0, 2, 5, 6)
    assert_close(narrow(x), plain(x), atol=EXACT)
    wide = MultiHeadAttention(6, 2, d_head=5)
    assert (wide.query.weight.shape, wide.output.weight.shape) == ((10, 6), (6, 10))
    with pytest.raises(ValueError, match="d_head must be 1 or more: got 0; leave it out"):
        MultiHeadAttention(6, 2, d_head=0)


@pytest.mark.parametrize("in_decoder", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_it_stays_on_its_device_in_its_dtype(in_decoder, dtype):
    """On meta, a tensor made elsewhere on the way raises."""
    layer = T5Layer(6, 2, 5, 8, in_decoder=in_decoder, gated=in_decoder).to("meta", dtype)
    x, bias, memory = (
        torch.empty(*s, device="meta", dtype=dtype) for s in ((3, 4, 6), (2, 4, 4), (3, 7, 6))
    )
    mask = torch.ones(3, 1, 4, dtype=torch.bool, device="meta")
    outputs = layer(x, bias, mask, memory if in_decoder else None)
    assert (outputs.device.type, outputs.dtype, outputs.shape) == ("meta", dtype, (3, 4, 6))
