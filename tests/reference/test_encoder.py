"""encoder.py by hand and by its properties."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn
from torch.autograd.functional import jacobian

from reference.attention import causal_mask
from reference.encoder import AddAndNorm, Encoder, EncoderLayer, padding_mask

# Two float64 computations of one formula, in different orders: as counted where the layers are
# compared with torch's, and twice as much because the widths here go to 25.
EXACT = 64 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
some = settings(max_examples=25)
sizes = st.integers(1, 5)
batches = st.lists(st.integers(1, 3), max_size=3).map(tuple)
seeds = st.integers(0, 2**31)
orders = pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])


@pytest.fixture(scope="module")
def encoder_of(layer_of):
    """Make a float64 stack of two layers with all parameters drawn from a seed."""
    return partial(layer_of, kind=partial(Encoder, 2))


def test_both_orders_by_hand():
    """A sub-layer that doubles: (1, 3) + (2, 6) = (3, 9), which has mean 6 and deviation 3."""
    around = AddAndNorm(2, eps=0.0)
    x = torch.tensor([1.0, 3.0])
    assert_close(around(x, lambda x: 2 * x), torch.tensor([-1.0, 1.0]), atol=0)
    around.norm_first = True  # the norm of (1, 3) is (-1, 1); doubled, and added to (1, 3)
    assert_close(around(x, lambda x: 2 * x), torch.tensor([-1.0, 5.0]), atol=0)


def test_a_padding_mask_by_hand():
    is_token = torch.tensor([[True, True, False], [True, False, False]])
    expected = torch.tensor([[[True, True, False]], [[True, False, False]]])
    assert torch.equal(padding_mask(is_token), expected)
    assert torch.equal(padding_mask(is_token.long()), expected)
    assert torch.equal(padding_mask(is_token[0]), expected[0])
    of_both = padding_mask(is_token) & causal_mask(3)
    assert of_both[0].tolist() == [[True, False, False], [True, True, False], [True, True, False]]


@orders
@settings(max_examples=15)
@given(batch=batches, n=sizes, heads=sizes, d=sizes, seed=seeds)
def test_any_batch_is_its_sequences_one_by_one(
    norm_first, normal, random_mask, encoder_of, batch, n, heads, d, seed
):
    encoder = encoder_of(seed, heads * d, heads, norm_first=norm_first)
    x, mask = normal(seed + 100, *batch, n, heads * d), random_mask(seed, *batch, n, n)
    actual = encoder(x, mask)
    assert actual.shape == x.shape
    rows = [tensor.reshape(-1, *tensor.shape[-2:]) for tensor in (x, mask)]
    one_by_one = torch.stack([encoder(*row) for row in zip(*rows, strict=True)])
    assert_close(actual, one_by_one.reshape(x.shape), atol=EXACT)


@orders
@settings(max_examples=15)
@given(n=sizes, heads=sizes, d=sizes, seed=seeds)
def test_without_positions_permuted_inputs_give_permuted_outputs(
    norm_first, normal, random_mask, encoder_of, n, heads, d, seed
):
    encoder = encoder_of(seed, heads * d, heads, norm_first=norm_first)
    x, mask = normal(seed + 100, 2, n, heads * d), random_mask(seed, 2, n, n)
    order = normal(seed, n).argsort()
    assert_close(encoder(x[:, order]), encoder(x)[:, order], atol=EXACT)
    permuted_mask = mask[:, order][:, :, order]
    assert_close(encoder(x[:, order], permuted_mask), encoder(x, mask)[:, order], atol=EXACT)


@orders
def test_padding_has_no_influence(norm_first, normal, encoder_of, assert_far):
    """Not on values, to the last bit; not on gradients; and the shorter sequence gives the same."""
    encoder = encoder_of(0, 12, 3, norm_first=norm_first)
    x = normal(100, 5, 12)
    is_token = torch.tensor([True, True, False, True, False])
    mask = padding_mask(is_token)
    changed = torch.where(is_token[:, None], x, 1000 * normal(101, 5, 12))
    expected = encoder(x, mask)[is_token]
    assert torch.equal(encoder(changed, mask)[is_token], expected)
    assert_far(encoder(changed)[is_token], expected, atol=1e-3)
    assert_close(encoder(x[is_token]), expected, atol=EXACT)

    slopes = jacobian(lambda x: encoder(x, mask)[is_token], x)  # (3, 12, 5, 12)
    depends = slopes.abs().amax((1, 3)) > 0  # (output position, input position)
    assert torch.equal(depends, is_token.expand(3, 5))


@orders
def test_padding_adds_nothing_to_the_gradients_of_the_weights(norm_first, normal, encoder_of):
    encoder = encoder_of(0, 12, 3, norm_first=norm_first)
    x, output_gradient = normal(100, 2, 5, 12), normal(101, 2, 5, 12)
    is_token = torch.arange(5) < torch.tensor([[3], [3]])
    found = []
    for n in (5, 3):
        outputs = encoder(x[:, :n], padding_mask(is_token[:, :n]))
        loss = (outputs * output_gradient[:, :n])[is_token[:, :n]].sum()
        found.append(torch.autograd.grad(loss, list(encoder.parameters())))
    # sums over positions and sequences, of entries of order 10
    assert_close(found[0], found[1], atol=10 * EXACT)


@orders
def test_a_sequence_of_padding_alone_stays_finite(norm_first, normal, encoder_of):
    encoder = encoder_of(0, 12, 3, norm_first=norm_first)
    x = normal(100, 2, 4, 12).requires_grad_()
    is_token = torch.tensor([[True] * 4, [False] * 4])
    outputs = encoder(x, padding_mask(is_token))
    assert_close(outputs[0], encoder(x[0]), atol=EXACT)
    outputs.sum().backward()
    assert all(
        t.isfinite().all() for t in (outputs, x.grad, *(p.grad for p in encoder.parameters()))
    )


def silence(layer):
    """Let both sub-layers return 0."""
    with torch.no_grad():
        for linear in (layer.attention.output, layer.feed_forward.second):
            linear.weight.zero_()
            linear.bias.zero_()


def test_where_both_sublayers_return_0_a_pre_norm_layer_is_the_identity(normal, layer_of):
    layer = layer_of(0, 12, 3, kind=EncoderLayer, norm_first=True)
    x = normal(100, 3, 5, 12)
    silence(layer)
    assert torch.equal(layer(x), x)
    assert torch.equal(jacobian(layer, x[0]).reshape(60, 60), torch.eye(60, dtype=torch.float64))


def test_where_both_sublayers_return_0_a_post_norm_layer_norms_twice(normal, layer_of):
    layer = layer_of(0, 12, 3, kind=EncoderLayer)
    x = normal(100, 3, 5, 12)
    silence(layer)
    expected = layer.around_feed_forward.norm(layer.around_attention.norm(x))
    assert torch.equal(layer(x), expected)
    assert not torch.equal(layer(x), x)


@orders
def test_a_fresh_stack_puts_out_vectors_of_mean_0_and_variance_1(norm_first, normal):
    outputs = Encoder(3, 12, 3, norm_first=norm_first, eps=0.0).double()(5 + 7 * normal(100, 4, 12))
    assert_close(outputs.mean(-1), torch.zeros(4, dtype=torch.float64), atol=EXACT)
    assert_close(outputs.var(-1, correction=0), torch.ones(4, dtype=torch.float64), atol=EXACT)


def test_a_pre_norm_sublayer_does_not_see_a_shift_or_a_scale_but_passes_it_on(normal):
    """It works on the norm of x, which neither changes."""
    around = AddAndNorm(12, norm_first=True, eps=0.0).double()
    x = normal(100, 5, 12)
    added = around(x, torch.tanh) - x
    assert_close(around(3 * x + 2, torch.tanh) - (3 * x + 2), added, atol=EXACT)


@orders
def test_the_stack_is_its_layers_one_after_the_other(norm_first, normal, random_mask, layer_of):
    encoder = layer_of(0, 12, 3, kind=partial(Encoder, 3), norm_first=norm_first)
    x, mask = normal(100, 2, 5, 12), random_mask(101, 2, 5, 5)
    expected = x
    for layer in encoder.layers:
        expected = layer(expected, mask)
    if norm_first:
        expected = encoder.norm(expected)
    assert torch.equal(encoder(x, mask), expected)


def test_dropout_acts_in_training_alone(normal, encoder_of):
    x = normal(100, 2, 5, 12)
    plain, dropped = (encoder_of(0, 12, 3, dropout=p) for p in (0.0, 0.5))
    assert torch.equal(dropped.eval()(x), plain(x))
    assert not torch.equal(dropped.train()(x), plain(x))
    assert not torch.equal(dropped(x), dropped(x))


def test_all_dropped_leaves_the_residual(normal, layer_of):
    layer = layer_of(0, 12, 3, kind=EncoderLayer, norm_first=True, dropout=1.0)
    x = normal(100, 2, 5, 12)
    assert torch.equal(layer.train()(x), x)


@orders
def test_dropout_zeroes_its_share_of_what_the_sublayer_returned_and_scales_the_rest(norm_first):
    """Of 10,000 entries, p = 0.3 drops 3000 ± 46; seven deviations: wrong once in 1e11 seeds."""
    torch.manual_seed(0)
    p = 0.3
    around = AddAndNorm(10_000, norm_first=norm_first, dropout=p)
    if not norm_first:
        around.norm = nn.Identity()
    seen = around(torch.full((10_000,), 5.0), torch.ones_like) - 5
    dropped = seen.isclose(torch.tensor(0.0), atol=1e-5)
    scaled = seen.isclose(torch.tensor(1 / (1 - p)), atol=1e-5)
    assert (dropped | scaled).all()
    assert abs(int(dropped.sum()) - 3000) < 7 * math.sqrt(10_000 * p * (1 - p))


def test_parameters_are_those_promised_and_all_are_trained():
    encoder = Encoder(2, 6, 2, 5, norm_first=True)
    linears = {f"attention.{name}": (6, 6) for name in ("query", "key", "value", "output")}
    linears |= {"feed_forward.first": (5, 6), "feed_forward.second": (6, 5)}
    expected = {"norm.weight": (6,), "norm.bias": (6,)}
    for i in range(2):
        for name, shape in linears.items():
            expected |= {f"layers.{i}.{name}.weight": shape, f"layers.{i}.{name}.bias": shape[:1]}
        for name in ("around_attention", "around_feed_forward"):
            for kind in ("weight", "bias"):
                expected[f"layers.{i}.{name}.norm.{kind}"] = (6,)
    assert {name: tuple(p.shape) for name, p in encoder.state_dict().items()} == expected
    assert {name for name, p in encoder.named_parameters() if p.requires_grad} == set(expected)
    assert "norm.weight" not in Encoder(2, 6, 2, 5).state_dict()


@orders
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_other_dtypes_give_the_same_in_fewer_digits(
    norm_first, dtype, normal, random_mask, encoder_of, assert_far
):
    """With the same weights and inputs; of some twenty roundings of entries below 2, 2 eps remain.

    Wrong: ReLU in the place of GELU, 18 eps of bfloat16 away.
    """
    encoder = encoder_of(0, 12, 3, norm_first=norm_first, activation="gelu").to(dtype)
    x, mask = normal(100, 2, 5, 12, dtype=dtype), random_mask(101, 2, 5, 5)
    actual = encoder(x, mask)
    assert actual.dtype == dtype
    expected, atol = encoder.double()(x.double(), mask), 8 * torch.finfo(dtype).eps
    assert_close(actual.double(), expected, atol=atol)
    for layer in encoder.layers:
        layer.feed_forward.activation = "relu"
    assert_far(encoder(x.double(), mask), expected, atol=atol)


@orders
def test_it_stays_on_the_device_it_is_given(norm_first):
    """On meta, a tensor made elsewhere on the way raises."""
    encoder = Encoder(2, 6, 2, norm_first=norm_first).to("meta", torch.bfloat16)
    x = torch.empty(3, 4, 6, device="meta", dtype=torch.bfloat16)
    is_token = torch.empty(3, 4, device="meta", dtype=torch.bool)
    outputs = encoder(x, padding_mask(is_token))
    assert (outputs.device.type, outputs.dtype, outputs.shape) == ("meta", x.dtype, x.shape)


@orders
def test_inputs_are_left_alone(norm_first, normal, random_mask, encoder_of):
    tensors = [normal(100, 3, 6), random_mask(101, 3, 3)]
    before = [tensor.clone() for tensor in tensors]
    with torch.no_grad():
        encoder_of(0, 6, 2, norm_first=norm_first)(*tensors).zero_()
    assert all(map(torch.equal, tensors, before))


@pytest.mark.parametrize("n_layers", [0, -1])
def test_a_stack_of_nothing_is_refused(n_layers):
    with pytest.raises(ValueError, match=f"n_layers must be 1 or more: got {n_layers}; the first"):
        Encoder(n_layers, 4, 2)


@pytest.mark.usefixtures("no_shape_checker")
def test_a_mask_to_be_added_is_no_padding_mask():
    expected = "is_token must be boolean or integer, .* got torch.float32; convert with mask == 0"
    with pytest.raises(TypeError, match=expected):
        padding_mask(torch.zeros(2, 3))


@pytest.mark.usefixtures("no_shape_checker")
def test_a_mask_of_another_length_is_refused(normal, encoder_of):
    with pytest.raises(ValueError, match=r"mask must broadcast .* \(2, 4, 4\): got \(2, 1, 3\)"):
        encoder_of(0, 6, 2)(normal(0, 2, 4, 6), padding_mask(torch.ones(2, 3, dtype=torch.bool)))
