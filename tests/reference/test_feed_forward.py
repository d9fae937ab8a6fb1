"""feed_forward.py against torch's layers and SciPy's Φ, by hand, and by its properties."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy.special import ndtr
from torch import nn
from torch.autograd import gradcheck
from torch.autograd.functional import jacobian
from torch.nn import functional as F

from reference.feed_forward import FeedForward, gelu

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
# GELU is a product of two numbers, |x| ≤ 4 and Φ ≤ 1. Rounding -x / √2 to half an eps of its size
# moves Φ by at most 0.25 eps (for x φ(x) ≤ 0.25), and so its product with x by 1 eps;
# three more roundings, half an eps of 4 each. Seen: 2 eps.
ROUNDING = {dtype: 8 * torch.finfo(dtype).eps for dtype in DTYPES}
# The same network with the same operations, or sums of up to 48 terms in another order, of numbers
# of order 1: a few roundings for the sums, a few for the activation. Seen: 4 eps.
EXACT = 32 * torch.finfo(torch.float64).eps
# A gradient also sums over all positions, six at most. Seen: 8 eps.
EXACT_GRADIENT = 2 * EXACT

assert_close = partial(torch.testing.assert_close, rtol=0)
some = settings(max_examples=25)
sizes = st.integers(1, 5)
batches = st.lists(st.integers(1, 3), max_size=3).map(tuple)
seeds = st.integers(0, 2**31)


def torchs(ours):
    """The same network out of torch's parts, with the weights of ours."""
    activation = {"relu": nn.ReLU, "gelu": nn.GELU}[ours.activation]()
    theirs = nn.Sequential(
        nn.Linear(ours.d_model, ours.d_ff), activation, nn.Linear(ours.d_ff, ours.d_model)
    ).double()
    theirs.load_state_dict(
        {
            name.replace("first", "0").replace("second", "2"): p
            for name, p in ours.state_dict().items()
        }
    )
    return theirs


@pytest.mark.parity
@pytest.mark.parametrize("dtype", DTYPES)
def test_gelu_equals_torchs_and_scipys(dtype, normal, assert_far):
    x = torch.cat((normal(0, 200, dtype=dtype), torch.linspace(-4, 4, 41, dtype=dtype)))
    wide = x.double()
    actual = gelu(x)
    assert actual.dtype == dtype
    assert_close(actual.double(), F.gelu(wide), atol=ROUNDING[dtype])
    assert_close(actual.double(), wide * torch.from_numpy(ndtr(wide.numpy())), atol=ROUNDING[dtype])
    if dtype in (torch.float32, torch.float64):  # the approximation is off by 5e-4
        assert_far(actual.double(), F.gelu(wide, approximate="tanh"), atol=ROUNDING[dtype])
    assert_far(actual.double(), F.relu(wide), atol=ROUNDING[dtype])
    assert_far(actual.double(), F.silu(wide), atol=ROUNDING[dtype])


def test_gelu_far_from_0_is_the_identity_or_nothing():
    x = torch.tensor([-1e4, -40.0, 0.0, 40.0, 1e4], dtype=torch.float64)
    assert torch.equal(gelu(x), torch.tensor([0.0, 0.0, 0.0, 40.0, 1e4], dtype=torch.float64))


@some
@given(seed=seeds, shape=batches)
def test_what_gelu_lets_through_of_x_and_of_minus_x_makes_x(normal, seed, shape):
    """x Φ(x) - (-x) Φ(-x) = x, for Φ(x) + Φ(-x) = 1; and the slope follows from Φ' = φ."""
    x = normal(seed, *shape, 2)
    assert_close(gelu(x) - gelu(-x), x, atol=EXACT)
    assert gradcheck(gelu, (x.requires_grad_(),))


def test_a_network_by_hand(assert_far):
    """x W_1 + b_1 = (3, -1); ReLU leaves (3, 0); times W_2, plus b_2."""
    layer = FeedForward(2, 2)
    with torch.no_grad():
        layer.first.weight.copy_(torch.tensor([[1.0, 1.0], [0.0, -1.0]]))  # W_1, transposed
        layer.first.bias.copy_(torch.tensor([0.0, 1.0]))
        layer.second.weight.copy_(torch.tensor([[2.0, 5.0], [-1.0, 7.0]]))
        layer.second.bias.copy_(torch.tensor([0.5, 0.25]))
    x, expected = torch.tensor([1.0, 2.0]), torch.tensor([6.5, -2.75])
    assert_close(layer(x), expected, atol=0)
    assert_far(layer.second(layer.first(x)), expected, atol=1)


@pytest.mark.parity
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("d_ff", [None, 1, 7])
@pytest.mark.parametrize("batch", [(), (5,), (2, 1, 3)])
def test_outputs_and_all_gradients_equal_torchs(
    activation, d_ff, batch, normal, layer_of, assert_far
):
    ours = layer_of(0, 12, d_ff, kind=FeedForward, activation=activation)
    theirs = torchs(ours)
    x, x_of_theirs = (normal(100, *batch, 12).requires_grad_() for _ in range(2))
    actual, expected = ours(x), theirs(x_of_theirs)
    assert_close(actual, expected, atol=EXACT)
    output_gradient = normal(101, *batch, 12)
    actual.backward(output_gradient)
    expected.backward(output_gradient)
    assert_close(x.grad, x_of_theirs.grad, atol=EXACT_GRADIENT)
    for p, p_of_theirs in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_close(p.grad, p_of_theirs.grad, atol=EXACT_GRADIENT)
    ours.activation = {"relu": "gelu", "gelu": "relu"}[activation]
    assert_far(ours(x), expected, atol=EXACT)


@some
@given(n=sizes, d=sizes, d_ff=sizes, activation=st.sampled_from(["relu", "gelu"]), seed=seeds)
def test_each_position_depends_on_itself_alone(normal, layer_of, n, d, d_ff, activation, seed):
    layer = layer_of(seed, d, d_ff, kind=FeedForward, activation=activation)
    x = normal(seed + 100, n, d)
    slopes = jacobian(layer, x)  # (n, d, n, d)
    others = ~torch.eye(n, dtype=torch.bool)
    assert (slopes.movedim(2, 1)[others] == 0).all()
    one_by_one = torch.stack([layer(row) for row in x])
    assert_close(layer(x), one_by_one, atol=EXACT)


def test_with_relu_a_silent_unit_gets_no_gradient(layer_of):
    """At exactly 0 too, where the slope is taken as 0."""
    layer = layer_of(0, 3, 4, kind=FeedForward)
    with torch.no_grad():
        layer.first.bias.copy_(torch.tensor([-1.0, 0.0, 1.0, 2.0]))
    layer(torch.zeros(3, dtype=torch.float64)).sum().backward()
    assert torch.equal(layer.first.bias.grad != 0, torch.tensor([False, False, True, True]))


def test_parameters_are_those_promised_and_all_are_trained():
    layer = FeedForward(6)
    expected = {"first.weight": (24, 6), "first.bias": (24,)}
    expected |= {"second.weight": (6, 24), "second.bias": (6,)}
    assert {name: tuple(p.shape) for name, p in layer.state_dict().items()} == expected
    assert {name for name, p in layer.named_parameters() if p.requires_grad} == set(expected)
    assert (layer.d_ff, layer.activation, FeedForward(6, 5).d_ff) == (24, "relu", 5)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_it_stays_on_the_device_it_is_given(activation):
    """On meta, a tensor made elsewhere on the way raises."""
    layer = FeedForward(6, activation=activation).to("meta", torch.bfloat16)
    x = torch.empty(3, 4, 6, device="meta", dtype=torch.bfloat16)
    outputs = layer(x)
    assert (outputs.device.type, outputs.dtype, outputs.shape) == ("meta", x.dtype, x.shape)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_inputs_are_left_alone(activation, normal, layer_of):
    x = normal(100, 3, 6)
    before = x.clone()
    with torch.no_grad():
        layer_of(0, 6, 8, kind=FeedForward, activation=activation)(x).zero_()
    assert torch.equal(x, before)


@pytest.mark.parametrize(("d_model", "d_ff"), [(0, 4), (4, 0), (4, -3)])
def test_sizes_that_make_no_network(d_model, d_ff):
    expected = f"must be 1 or more: got d_model={d_model}, d_ff={d_ff}; leave d_ff out for 4"
    with pytest.raises(ValueError, match=expected):
        FeedForward(d_model, d_ff)


@pytest.mark.usefixtures("no_shape_checker")
def test_an_unknown_activation():
    with pytest.raises(ValueError, match="must be one of relu, gelu: got 'swish'; 'relu' is the"):
        FeedForward(4, activation="swish")


@pytest.mark.usefixtures("no_shape_checker")
@pytest.mark.parametrize("shape", [(0,), (5,), (6, 5)])
def test_a_width_it_was_not_made_for(shape, normal):
    with pytest.raises(ValueError, match=r"x must have shape .* with d_model=6: got .*; the last"):
        FeedForward(6).double()(normal(0, *shape))
