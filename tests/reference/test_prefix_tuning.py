"""prefix_tuning.py against peft with the same weights, and against tokens in the prefix' place."""

from functools import partial

import peft
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from reference.attention import scaled_dot_product_attention
from reference.multihead_attention import MultiHeadAttention
from reference.prefix_tuning import PrefixAttention, add_prefix
from reference.t5_layers import unscaled_attention

# One float64 computation in two orders; outputs are of order 10. Seen: 30 eps.
EXACT = 256 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
KINDS = ["encoder", "decoder"]
P = 5


@pytest.fixture
def ids():
    return torch.randint(23, (3, 8), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def mask():
    return (torch.arange(8) < torch.tensor([8, 3, 6])[:, None]).long()


def outputs(model, ids, mask):
    """Of an encoder, all states; of a decoder, all logits (what pads the right is not seen)."""
    if hasattr(model, "blocks"):
        return model(ids)
    return model(ids, attention_mask=mask)[0]


def prefixes(model):
    return [module for module in model.modules() if isinstance(module, PrefixAttention)]


def draw_prefixes(model, normal):
    for i, prefix in enumerate(prefixes(model)):
        prefix.keys.data.copy_(normal(2 * i, 3, P, 4))
        prefix.values.data.copy_(normal(2 * i + 1, 3, P, 4))


def as_peft(pairs):
    """One row a position, in it the layers' keys and values in turn, each head after head."""
    return torch.cat([part.transpose(0, 1).flatten(1) for pair in pairs for part in pair], 1)


def with_peft(theirs, kind, prefixes):
    task = {"encoder": "FEATURE_EXTRACTION", "decoder": "CAUSAL_LM"}[kind]
    config = peft.PrefixTuningConfig(
        task_type=task, num_virtual_tokens=P, token_dim=12, num_layers=2, num_attention_heads=3
    )
    theirs = peft.get_peft_model(theirs, config).double().eval()
    embedding = theirs.prompt_encoder["default"].embedding
    embedding.weight.data.copy_(as_peft([(p.keys, p.values) for p in prefixes]))
    return theirs, embedding


# peft hands the prefix over as a cache of past tokens, under a name that transformers gives up
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
@pytest.mark.filterwarnings("ignore:`past_key_values`:FutureWarning")
@pytest.mark.parity
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_and_gradients_equal_peft(
    kind, model_to_adapt, as_transformers, normal, ids, mask, assert_far
):
    ours = model_to_adapt(kind)
    theirs = as_transformers(ours, shift=P)  # text behind a cache counts its positions on from it
    add_prefix(ours, P)
    draw_prefixes(ours, normal)
    theirs, embedding = with_peft(theirs, kind, prefixes(ours))

    is_token = mask.bool()  # what stands on padding means nothing
    found = outputs(ours, ids, mask)[is_token]
    expected = theirs(ids, attention_mask=mask)[0][is_token]
    assert_close(found, expected, atol=EXACT)
    weights = normal(99, *expected.shape)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    gradient = as_peft([(p.keys.grad, p.values.grad) for p in prefixes(ours)])
    assert_close(gradient, embedding.weight.grad, atol=EXACT)
    assert_far(gradient.float().double(), embedding.weight.grad, atol=EXACT)

    first, second = prefixes(ours)
    for change in (
        lambda: first.keys.data.mul_(1 + 1e-9),
        lambda: setattr(second, "keys", nn.Parameter(second.values.detach().clone())),
        lambda: first.values.data.copy_(first.values.data.flip(0)),
    ):
        draw_prefixes(ours, normal)
        assert_close(outputs(ours, ids, mask)[is_token], expected, atol=EXACT)
        change()
        assert_far(outputs(ours, ids, mask)[is_token], expected, atol=EXACT)


@pytest.mark.parametrize("masked", [False, True])
def test_a_prefix_of_tokens_own_keys_and_values_equals_those_tokens(masked, layer_of, normal):
    layer, x, tokens = layer_of(0, 12, 3), normal(0, 2, 6, 12), normal(1, P, 12)
    mask = torch.ones(6, 6).tril().bool() if masked else None
    over_both = torch.cat([torch.ones(6, P).bool(), mask], 1) if masked else None
    expected = layer(x, torch.cat([tokens.expand(2, -1, -1), x], 1), over_both)
    plain = layer(x, mask=mask)
    prefix = PrefixAttention(layer, P)
    prefix.keys.data.copy_(layer.key(tokens).unflatten(-1, (3, 4)).transpose(0, 1))
    prefix.values.data.copy_(layer.value(tokens).unflatten(-1, (3, 4)).transpose(0, 1))
    layer.attention = prefix
    assert_close(layer(x, mask=mask), expected, atol=EXACT)
    assert (plain - expected).abs().max() > 0.1


def test_masks_of_every_width_hide_text_and_never_the_prefix(normal):
    """A mask may have an axis of length 1 for its full length, and batch axes or none."""
    layer = MultiHeadAttention(8, 2).double()
    prefix = PrefixAttention(layer, 3)
    q, k, v = (normal(i, 4, 2, 5, 4) for i in range(3))
    nothing = prefix(q, k, v, torch.zeros(1, 1, dtype=torch.bool))
    alone = scaled_dot_product_attention(
        q, prefix.keys.expand(4, -1, -1, -1), prefix.values.expand(4, -1, -1, -1)
    )
    assert_close(nothing, alone, atol=EXACT)
    everything = prefix(q, k, v)
    for shape in [(1, 1), (5, 5), (4, 1, 1, 5), (4, 2, 5, 1)]:
        mask = torch.ones(shape, dtype=torch.bool)
        assert_close(prefix(q, k, v, mask), everything, atol=EXACT)


@pytest.mark.parity
@pytest.mark.parametrize("masked", [False, True])
def test_a_bias_for_positions_is_torchs_with_none_for_the_prefix(masked, normal, assert_far):
    """Torch adds a mask of numbers to the scores: -inf hides, the rest is a bias."""
    layer = MultiHeadAttention(8, 2, d_head=5, bias=False, attention=unscaled_attention).double()
    prefix = PrefixAttention(layer, 3)
    for i, parameter in enumerate((prefix.keys, prefix.values)):
        parameter.data.copy_(normal(i, 2, 3, 5))
    q, k, v = (normal(10 + i, 4, 2, n, 5) for i, n in enumerate((6, 7, 7)))
    bias = normal(20, 2, 6, 7)
    mask = torch.ones(6, 7).tril().bool() if masked else None
    keys = torch.cat([prefix.keys.expand(4, -1, -1, -1), k], -2)
    values = torch.cat([prefix.values.expand(4, -1, -1, -1), v], -2)
    scores = bias if mask is None else bias.masked_fill(~mask, -torch.inf)

    def theirs(of_prefix):
        added = torch.cat([torch.full((2, 6, 3), of_prefix), scores], -1)
        return F.scaled_dot_product_attention(q, keys, values, added, scale=1)

    found = prefix(q, k, v, mask, bias=bias)
    assert_close(found, theirs(0.0), atol=EXACT)
    assert_far(found, theirs(1e-9), atol=EXACT)
    assert_far(prefix(q, k, v, mask), found, atol=EXACT)


def test_a_t5_has_a_prefix_in_all_its_attentions_and_each_is_pulled(
    model_to_adapt, normal, ids, mask
):
    model = model_to_adapt("encoder-decoder")
    before = model(ids, ids[:, :4], mask)
    add_prefix(model, P)
    found = prefixes(model)
    assert len(found) == 2 * 1 + 2 * 2
    assert all(prefix.keys.shape == prefix.values.shape == (3, P, 5) for prefix in found)
    after = model(ids, ids[:, :4], mask)
    assert (after - before).abs().max() > 1e-3
    (after * normal(0, *after.shape)).sum().backward()
    for prefix in found:
        assert prefix.keys.grad.abs().min() > 0
        assert prefix.values.grad.abs().min() > 0


def test_one_head_by_hand():
    """Scores 0 and ln 3 for prefix and text: weights 1/4 and 3/4."""
    layer = MultiHeadAttention(1, 1)
    prefix = PrefixAttention(layer, 1)
    prefix.keys.data.fill_(0)
    prefix.values.data.fill_(8)
    one, key = torch.ones(1, 1, 1), torch.full((1, 1, 1), 3.0).log()
    assert_close(prefix(one, key, 4 * one), 5 * one, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_prefix_is_trained_and_its_count_is_by_hand(kind, model_to_adapt):
    model = model_to_adapt(kind)
    add_prefix(model, 7, generator=torch.Generator().manual_seed(1))
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {name.rpartition(".")[2] for name in trained} == {"keys", "values"}
    assert sum(model.get_parameter(name).numel() for name in trained) == 2 * 2 * 7 * 12
    assert model.get_parameter(min(trained)).dtype == torch.float64


def test_the_generator_decides_the_first_prefix(model_to_adapt):
    first, second = model_to_adapt("encoder"), model_to_adapt("encoder")
    for model in (first, second):
        add_prefix(model, 7, generator=torch.Generator().manual_seed(1))
    assert torch.equal(prefixes(first)[1].keys, prefixes(second)[1].keys)
    assert not torch.equal(prefixes(first)[0].keys, prefixes(first)[1].keys)


def test_what_is_wrong_is_said(model_to_adapt):
    with pytest.raises(ValueError, match="n_prefix must be 1 or more: got 0; the paper's tasks"):
        add_prefix(model_to_adapt("encoder"), 0)
    with pytest.raises(ValueError, match="must have a MultiHeadAttention: got none; a prefix"):
        add_prefix(nn.Linear(2, 2), 3)
