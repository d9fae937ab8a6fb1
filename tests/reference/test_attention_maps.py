"""attention_maps.py against transformers, by what layers return, and models left as they were."""

from functools import partial

import pytest
import torch

from reference.attention import causal_mask, scaled_dot_product_attention
from reference.attention_maps import attention_maps
from reference.encoder import padding_mask
from reference.encoder_decoder import EncoderDecoder

# One float64 computation in two orders, two layers deep; seen: 2 eps of weights that are at most 1.
EXACT = 64 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0, atol=EXACT)


@pytest.mark.parity
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("shape", [(9,), (3, 7)])
def test_maps_equal_transformers(kind, shape, model_to_adapt, as_transformers, assert_far):
    ours = model_to_adapt(kind, seed=3)
    ids = torch.randint(23, shape, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        theirs = as_transformers(ours)(ids.reshape(-1, shape[-1]), output_attentions=True)
    maps = list(attention_maps(ours, ids).values())
    assert len(maps) == 2
    for weights, expected in zip(maps, theirs.attentions, strict=True):
        assert_close(weights.reshape(expected.shape), expected)
        assert_far(weights.reshape(expected.shape).float().double(), expected, atol=EXACT)
        assert_far(weights.flip(-3).reshape(expected.shape), expected, atol=EXACT)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_weights_times_values_joined_are_what_the_layer_returns(batch, layer_of, normal):
    layer = layer_of(0, 12, 3)
    x, memory = normal(1, *batch, 5, 12), normal(2, *batch, 7, 12)
    mask = normal(3, *batch, 5, 7) > -0.5
    (weights,) = attention_maps(layer, x, memory, mask=mask).values()
    assert weights.shape == (*batch, 3, 5, 7)
    with torch.no_grad():
        values = layer.project(x, memory)[2]
        assert_close(layer.join(weights @ values), layer(x, memory, mask))


def test_rows_share_out_all_or_nothing_and_nothing_to_what_is_masked(layer_of, normal):
    mask = causal_mask(4).clone()
    mask[2] = False  # may look at nothing
    (weights,) = attention_maps(layer_of(0, 8, 2), normal(1, 4, 8), mask=mask).values()
    assert_close(weights.sum(-1), torch.tensor([[1.0, 1, 0, 1]] * 2).double())
    assert not weights[:, ~mask].any()


def test_each_layer_of_both_stacks_has_its_map_under_its_name(normal):
    stacks = EncoderDecoder(n_layers=2, d_model=8, n_heads=2).double()
    source, target = normal(0, 3, 6, 8), normal(1, 3, 4, 8)
    is_token = torch.arange(6) < torch.tensor([6, 5, 1])[:, None]
    maps = attention_maps(stacks, source, target, source_is_token=is_token)
    shapes = {name: tuple(weights.shape) for name, weights in maps.items()}
    expected = {}
    for i in range(2):
        expected[f"encoder.layers.{i}.attention"] = (3, 2, 6, 6)
        expected[f"decoder.layers.{i}.attention"] = (3, 2, 4, 4)
        expected[f"decoder.layers.{i}.cross_attention"] = (3, 2, 4, 6)
    assert shapes == expected
    hidden = ~padding_mask(is_token).unsqueeze(1)  # (3, 1, 1, 6)
    for name in ("encoder.layers.1.attention", "decoder.layers.1.cross_attention"):
        assert not maps[name].masked_select(hidden).any()


def test_the_model_is_afterwards_as_it_was_even_if_it_failed(layer_of, normal):
    layer = layer_of(0, 8, 2)
    x = normal(1, 4, 8)
    before = layer(x)
    attention_maps(layer, x)
    with pytest.raises(ValueError, match="d_model"):
        attention_maps(layer, normal(1, 4, 6))
    assert layer.attention is scaled_dot_product_attention
    assert torch.equal(layer(x), before)
    assert before.requires_grad  # what is outside the call still learns


def test_another_attention_is_refused(model_to_adapt, no_shape_checker):
    ids = torch.tensor([[1, 2]])
    with pytest.raises(ValueError, match=r"scaled dot-product .*got 0 of these and 6 others"):
        attention_maps(model_to_adapt("encoder-decoder"), ids, ids)
    with pytest.raises(ValueError, match="got 0 of these and 0 others"):
        attention_maps(torch.nn.Linear(2, 2), torch.ones(2))
