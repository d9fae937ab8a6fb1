"""decoder.py by its properties."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.autograd.functional import jacobian

from reference.attention import causal_mask
from reference.decoder import Decoder, DecoderLayer
from reference.encoder import EncoderLayer, padding_mask

# As counted where the decoder is compared with torch's.
EXACT = 64 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
sizes = st.integers(1, 5)
batches = st.lists(st.integers(1, 3), max_size=3).map(tuple)
seeds = st.integers(0, 2**31)
orders = pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])


@pytest.fixture(scope="module")
def decoder_of(layer_of):
    """Make a float64 stack of two layers with all parameters drawn from a seed."""
    return partial(layer_of, kind=partial(Decoder, 2))


def depends(f, x):
    """Which output positions have a gradient with respect to which input positions."""
    return jacobian(f, x).abs().amax((1, 3)) > 0  # (n, n_inputs)


@orders
@settings(max_examples=15)
@given(n=st.integers(1, 6), m=sizes, heads=st.integers(1, 3), seed=seeds)
def test_no_output_depends_on_a_later_input_and_each_on_all_earlier_and_the_whole_memory(
    norm_first, normal, decoder_of, n, m, heads, seed
):
    decoder = decoder_of(seed, 4 * heads, heads, norm_first=norm_first)
    x, memory = normal(seed + 100, n, 4 * heads), normal(seed + 101, m, 4 * heads)
    assert torch.equal(depends(lambda x: decoder(x, memory), x), causal_mask(n))
    assert depends(lambda memory: decoder(x, memory), memory).all()


@orders
def test_padding_has_no_influence(norm_first, normal, decoder_of, assert_far):
    """Neither the target's nor the memory's, to the last bit; nor on any gradient."""
    decoder = decoder_of(0, 12, 3, norm_first=norm_first)
    x, memory = normal(100, 5, 12), normal(101, 6, 12)
    is_token = torch.tensor([True, True, True, False, False])
    in_memory = torch.tensor([True, False, True, True, False, True])
    masks = padding_mask(is_token), padding_mask(in_memory)
    expected = decoder(x, memory, *masks)[is_token]
    changed = torch.where(in_memory[:, None], memory, 1000 * normal(102, 6, 12))
    assert torch.equal(decoder(x, changed, *masks)[is_token], expected)
    assert_far(decoder(x, changed)[is_token], expected, atol=1e-3)
    assert_close(decoder(x[is_token], memory[in_memory]), expected, atol=EXACT)
    seen = depends(lambda memory: decoder(x, memory, *masks)[is_token], memory)
    assert torch.equal(seen, in_memory.expand(3, 6))


@orders
def test_padding_on_the_left_is_not_seen_either(norm_first, normal, decoder_of):
    decoder = decoder_of(0, 12, 3, norm_first=norm_first)
    x, memory = normal(100, 5, 12), normal(101, 6, 12)
    is_token = torch.tensor([False, False, True, True, True])
    outputs = decoder(x, memory, padding_mask(is_token))
    assert outputs.isfinite().all()  # the first positions see nothing
    assert_close(outputs[is_token], decoder(x[is_token], memory), atol=EXACT)


@orders
@settings(max_examples=15)
@given(batch=batches, n=sizes, m=sizes, heads=sizes, d=sizes, seed=seeds)
def test_any_batch_is_its_sequences_one_by_one(
    norm_first, normal, random_mask, decoder_of, batch, n, m, heads, d, seed
):
    decoder = decoder_of(seed, heads * d, heads, norm_first=norm_first)
    tensors = [
        normal(seed + 100, *batch, n, heads * d),
        normal(seed + 101, *batch, m, heads * d),
        random_mask(seed, *batch, n, n),
        random_mask(seed + 1, *batch, n, m),
    ]
    actual = decoder(*tensors)
    rows = [tensor.reshape(-1, *tensor.shape[-2:]) for tensor in tensors]
    one_by_one = torch.stack([decoder(*row) for row in zip(*rows, strict=True)])
    assert actual.shape == tensors[0].shape
    assert_close(actual, one_by_one.reshape(actual.shape), atol=EXACT)


@orders
def test_the_order_of_the_memory_does_not_matter(norm_first, normal, decoder_of):
    decoder = decoder_of(0, 12, 3, norm_first=norm_first)
    x, memory = normal(100, 2, 5, 12), normal(101, 2, 6, 12)
    turned = memory[:, torch.tensor([3, 5, 0, 2, 1, 4])]
    assert_close(decoder(x, turned), decoder(x, memory), atol=EXACT)


def test_without_cross_attention_a_pre_norm_layer_is_the_encoders_under_a_causal_mask(
    normal, layer_of
):
    """Where the cross-attention returns 0 the residual passes by it, in pre-norm unchanged."""
    layer = layer_of(0, 12, 3, kind=DecoderLayer, norm_first=True)
    encoder_layer = EncoderLayer(12, 3, norm_first=True).double()
    shared = {n: p for n, p in layer.state_dict().items() if "cross_attention" not in n}
    encoder_layer.load_state_dict(shared)
    torch.nn.init.zeros_(layer.cross_attention.output.weight)
    torch.nn.init.zeros_(layer.cross_attention.output.bias)
    x, memory = normal(100, 2, 5, 12), normal(101, 2, 6, 12)
    assert torch.equal(layer(x, memory), encoder_layer(x, causal_mask(5)))


def test_dropout_acts_in_training_alone(normal, decoder_of):
    x, memory = normal(100, 2, 5, 12), normal(101, 2, 6, 12)
    plain, dropped = (decoder_of(0, 12, 3, dropout=p) for p in (0.0, 0.5))
    assert torch.equal(dropped.eval()(x, memory), plain(x, memory))
    assert not torch.equal(dropped.train()(x, memory), dropped(x, memory))


def test_all_dropped_leaves_the_residual(normal, layer_of):
    """All three results are dropped, each by itself."""
    layer = layer_of(0, 12, 3, kind=DecoderLayer, norm_first=True, dropout=1.0).train()
    x, memory = normal(100, 2, 5, 12), normal(101, 2, 6, 12)
    assert torch.equal(layer(x, memory), x)


@orders
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_other_dtypes_give_the_same_in_fewer_digits(
    norm_first, dtype, normal, decoder_of, assert_far
):
    """Of some thirty roundings of entries below 2, a few eps remain. Seen: 3 eps.

    Wrong: a memory turned around, 25 eps of bfloat16 away.
    """
    decoder = decoder_of(0, 12, 3, norm_first=norm_first).to(dtype)
    x, memory = normal(100, 2, 5, 12, dtype=dtype), normal(101, 2, 6, 12, dtype=dtype)
    is_token = torch.arange(6) < torch.tensor([[4], [6]])
    actual = decoder(x, memory, memory_mask=padding_mask(is_token))
    assert actual.dtype == dtype
    decoder, x, memory = decoder.double(), x.double(), memory.double()
    expected = decoder(x, memory, memory_mask=padding_mask(is_token))
    atol = 8 * torch.finfo(dtype).eps
    assert_close(actual.double(), expected, atol=atol)
    wrong = decoder(x, memory, memory_mask=padding_mask(is_token.flip(0)))
    assert_far(wrong, expected, atol=atol)


@orders
def test_it_stays_on_the_device_it_is_given(norm_first):
    """On meta, a tensor made elsewhere on the way raises."""
    decoder = Decoder(2, 6, 2, norm_first=norm_first).to("meta", torch.bfloat16)
    x, memory = (torch.empty(3, n, 6, device="meta", dtype=torch.bfloat16) for n in (4, 5))
    is_token = torch.empty(3, 4, device="meta", dtype=torch.bool)
    outputs = decoder(x, memory, padding_mask(is_token))
    assert (outputs.device.type, outputs.dtype, outputs.shape) == ("meta", x.dtype, x.shape)


def test_inputs_are_left_alone(normal, random_mask, decoder_of):
    tensors = [normal(100, 3, 6), normal(101, 4, 6), random_mask(1, 3, 3), random_mask(2, 3, 4)]
    before = [tensor.clone() for tensor in tensors]
    with torch.no_grad():
        decoder_of(0, 6, 2)(*tensors).zero_()
    assert all(map(torch.equal, tensors, before))


def test_a_stack_of_nothing_is_refused():
    with pytest.raises(ValueError, match="n_layers must be 1 or more: got 0; the first"):
        Decoder(0, 4, 2)


@pytest.mark.usefixtures("no_shape_checker")
def test_a_memory_of_another_width_is_refused(normal, decoder_of):
    with pytest.raises(ValueError, match=r"memory must have shape .* d_model=6: got \(5, 4\)"):
        decoder_of(0, 6, 2)(normal(0, 3, 6), normal(1, 5, 4))
