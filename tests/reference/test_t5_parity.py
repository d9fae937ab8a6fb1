"""t5.py against transformers' T5 with the same weights, and against its counts."""

from dataclasses import replace
from functools import partial

import pytest
import torch
import transformers
from torch import nn
from torch.nn import functional as F

from reference.encoder_decoder import shift_right
from reference.landscape import LANDSCAPE
from reference.masked_lm import masked_lm_loss
from reference.t5 import T5, T5_SIZES, T5Config
from reference.t5_layers import GatedFeedForward, RMSNorm

# One float64 computation in two orders; sub-layers end in sums of 6 to 24 terms, RMSNorm brings
# all back to order 1, and logits are of order 1. Seen: 8 eps.
EXACT = 48 * torch.finfo(torch.float64).eps
# The loss is a mean, and no entry of a gradient exceeds 1. Seen: 2 eps.
EXACT_GRADIENT = 16 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)

NAMES = {
    "token.": "shared.",
    "head.": "lm_head.",
    "bias.table": "block.0.layer.0.SelfAttention.relative_attention_bias",
    "layers": "block",
    "around_attention.norm": "layer.0.layer_norm",
    "around_cross_attention.norm": "layer.1.layer_norm",
    "cross_attention": "layer.1.EncDecAttention",
    ".attention": ".layer.0.SelfAttention",
    "query": "q",
    "key": "k",
    "value": "v",
    "output": "o",
    "coder.norm": "coder.final_layer_norm",
}
SMALL = T5Config(
    n_layers=2,
    d_model=12,
    n_heads=3,
    d_head=4,
    d_ff=24,
    vocab_size=23,
    n_buckets=8,
    max_distance=6,
)


def as_transformers(ours):
    """Weights or gradients of ours under their names."""
    theirs = {}
    gated = any("feed_forward.gated" in name for name in ours)
    for name, tensor in ours.items():
        last = "layer.2" if name.startswith("decoder") else "layer.1"
        names = {
            **NAMES,
            "around_feed_forward.norm": f"{last}.layer_norm",
            "feed_forward.first": f"{last}.DenseReluDense.{'wi_0' if gated else 'wi'}",
            "feed_forward.gated": f"{last}.DenseReluDense.wi_1",
            "feed_forward.second": f"{last}.DenseReluDense.wo",
        }
        for our_name, their_name in names.items():
            name = name.replace(our_name, their_name)
        theirs[name] = tensor
    return theirs


def gradients(model):
    return {name: p.grad for name, p in model.named_parameters()}


def config_of_theirs(config):
    return transformers.T5Config(
        vocab_size=config.vocab_size,
        d_model=config.d_model,
        d_kv=config.d_head,
        d_ff=config.d_ff,
        num_layers=config.n_layers,
        num_heads=config.n_heads,
        relative_attention_num_buckets=config.n_buckets,
        relative_attention_max_distance=config.max_distance,
        feed_forward_proj="gated-gelu" if config.gated else "relu",
        tie_word_embeddings=config.tied,  # decides whether states are scaled before the head
        decoder_start_token_id=config.start_id,
        attn_implementation="eager",
    )


def transformers_model(ours, config):
    """Their model with the weights of ours, in the dtype of ours.

    Their norm takes squares in float32 whatever the dtype, too coarse for float64: torch's own
    RMSNorm stands in its place.
    """
    theirs = transformers.T5ForConditionalGeneration(config_of_theirs(config)).eval()
    if not config.tied:  # theirs ties always; T5 1.1's own code did not
        theirs.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
    for name in [name for name, _ in theirs.named_modules()]:
        if name.endswith("layer_norm"):
            theirs.set_submodule(name, nn.RMSNorm(config.d_model, eps=1e-6))
    theirs.to(ours.token.weight.dtype)
    weights = as_transformers(ours.state_dict())
    weights["encoder.embed_tokens.weight"] = weights["decoder.embed_tokens.weight"] = weights[
        "shared.weight"
    ]
    if config.tied:
        weights["lm_head.weight"] = weights["shared.weight"]
    theirs.load_state_dict(weights)
    return theirs


@pytest.fixture(scope="module")
def model_of(layer_of):
    """Make our model of these sizes, in float64, with all parameters drawn from a seed."""

    def make(seed, config):
        kind = lambda d_model, n_heads: T5(config)  # noqa: E731
        return layer_of(seed, config.d_model, config.n_heads, kind=kind).eval()

    return make


def batch(config, sources, targets, seed=0):
    """Rows of these lengths: source ids, which of them are tokens, and labels."""
    draw = partial(torch.randint, generator=torch.Generator().manual_seed(seed))
    source_ids = draw(config.vocab_size, (len(sources), max(sources)))
    is_token = torch.arange(max(sources)) < torch.tensor(sources)[:, None]
    labels = draw(config.vocab_size, (len(targets), max(targets)))
    labels[torch.arange(max(targets)) >= torch.tensor(targets)[:, None]] = -100
    return source_ids, is_token, labels


V1_1 = {"gated": True, "tied": False}


@pytest.mark.parity
@pytest.mark.parametrize(
    ("change", "sources", "targets"),
    [
        ({}, [9, 4, 1, 6], [3, 7, 5, 1]),
        ({"n_heads": 1, "n_layers": 1, "d_head": 7}, [5, 5], [8, 2]),
        ({"n_heads": 6, "d_model": 24, "n_buckets": 32, "max_distance": 128}, [12], [11]),
        (V1_1, [9, 4, 1, 6], [3, 7, 5, 1]),
        ({**V1_1, "d_head": 2, "d_ff": 9, "start_id": 3}, [2, 8], [4, 4]),
    ],
    ids=str,
)
def test_outputs_loss_and_all_gradients_equal_transformers(
    change, sources, targets, model_of, assert_far
):
    config = replace(SMALL, **change)
    ours = model_of(0, config)
    theirs = transformers_model(ours, config)
    source_ids, is_token, labels = batch(config, sources, targets)

    logits = ours(source_ids, shift_right(labels, config.start_id), is_token)
    expected = theirs(source_ids, attention_mask=is_token.long(), labels=labels)
    loss = masked_lm_loss(logits, labels)
    expected_loss = F.cross_entropy(expected.logits.flatten(0, 1), labels.flatten())
    assert_close(logits, expected.logits, atol=EXACT)
    assert_close(loss, expected_loss, atol=EXACT)
    assert_close(loss.float(), expected.loss.float(), atol=8 * torch.finfo(torch.float32).eps)

    loss.backward()
    expected_loss.backward()
    found = as_transformers(gradients(ours))
    assert_close(found, gradients(theirs), atol=EXACT_GRADIENT)
    in_float32 = {name: gradient.float().double() for name, gradient in found.items()}
    assert_far(in_float32, gradients(theirs), atol=EXACT_GRADIENT)


@pytest.mark.parity
def test_their_own_norm_gives_the_same_in_float32(model_of):
    """As it comes, with nothing replaced. Some sixty roundings of entries near 1. Seen: 3 eps."""
    ours = model_of(0, SMALL).float()
    theirs = transformers.T5ForConditionalGeneration(config_of_theirs(SMALL)).eval()
    weights = as_transformers(ours.state_dict())
    weights |= dict.fromkeys(theirs.state_dict().keys() - weights, weights["shared.weight"])
    theirs.load_state_dict(weights)
    source_ids, is_token, labels = batch(SMALL, [9, 4], [3, 7])
    expected = theirs(source_ids, attention_mask=is_token.long(), labels=labels).logits
    actual = ours(source_ids, shift_right(labels, 0), is_token)
    assert_close(actual, expected, atol=16 * torch.finfo(torch.float32).eps)


def of_all(kind, **attributes):
    """Change attributes of all modules of a kind within a model."""

    def change(model):
        for part in model.modules():
            if isinstance(part, kind):
                vars(part).update(attributes)

    return change


def scaled(model):
    for part in model.modules():
        if hasattr(part, "query"):
            part.query.weight.data /= 2  # √d_head


def swap_tables(model):
    encoder, decoder = model.encoder.bias, model.decoder.bias
    encoder.two_sided, decoder.two_sided = decoder.two_sided, encoder.two_sided


def bias_in_the_first_layer_alone(model):
    for stack in (model.encoder, model.decoder):
        layer = stack.layers[1]
        layer.forward = lambda x, bias, *rest, layer=layer: type(layer).forward(
            layer, x, torch.zeros_like(bias), *rest
        )


def exact_gelu(model):
    for part in model.modules():
        if isinstance(part, GatedFeedForward):
            part.forward = lambda x, n=part: n.second(F.gelu(n.first(x)) * n.gated(x))


def swap_the_maps(model):
    for part in model.modules():
        if isinstance(part, GatedFeedForward):
            part.first, part.gated = part.gated, part.first


WRONG = {
    "scaled scores": scaled,
    "another eps": of_all(RMSNorm, eps=1e-5),
    "one-sided in the encoder": swap_tables,
    "a bias in the first layer alone": bias_in_the_first_layer_alone,
    "no norm at the end": lambda model: model.set_submodule("decoder.norm", nn.Identity()),
    "the exact GELU": exact_gelu,
    "the other map gates": swap_the_maps,
}


@pytest.mark.parametrize("change", WRONG)
def test_the_tolerance_tells_wrong_from_right(change, model_of, assert_far):
    config = replace(SMALL, **V1_1)
    ours = model_of(0, config)
    theirs = transformers_model(ours, config)
    source_ids, is_token, labels = batch(config, [9, 4, 1, 6], [3, 7, 5, 1])
    inputs = source_ids, shift_right(labels, 0), is_token
    expected = theirs(source_ids, attention_mask=is_token.long(), labels=labels).logits
    assert_close(ours(*inputs), expected, atol=EXACT)
    assert_far(ours(*inputs[:2]), expected, atol=EXACT)
    assert_far(ours(source_ids, labels.clamp(min=0), is_token), expected, atol=EXACT)
    WRONG[change](ours)
    assert_far(ours(*inputs), expected, atol=EXACT)


@pytest.mark.parametrize("tied", [True, False])
def test_only_a_tied_heads_states_are_scaled(tied, model_of, assert_far):
    ours = model_of(0, replace(SMALL, tied=tied))
    source_ids, is_token, labels = batch(SMALL, [9, 4], [3, 7])
    inputs = source_ids, shift_right(labels, 0), is_token
    expected = transformers_model(ours, replace(SMALL, tied=tied))(
        source_ids, attention_mask=is_token.long(), labels=labels
    )
    assert_close(ours(*inputs), expected.logits, atol=EXACT)
    ours.decoder.register_forward_hook(lambda *_: _[-1] * (12**0.5 if tied else 12**-0.5))
    assert_far(ours(*inputs), expected.logits, atol=EXACT)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("t5-small", 60_506_624),
        ("t5-base", 222_903_552),
        ("t5-large", 737_668_096),
        ("t5-3b", 2_851_598_336),
        ("t5-11b", 11_307_321_344),
    ],
)
def test_the_five_sizes_have_as_many_parameters_as_transformers(name, parameters):
    config = T5_SIZES[name]
    with torch.device("meta"):
        ours = T5(config)
        theirs = transformers.T5ForConditionalGeneration(config_of_theirs(config))
        theirs.tie_weights()
    assert sum(p.numel() for p in ours.parameters()) == parameters
    assert sum(p.numel() for p in theirs.parameters()) == parameters
    size = name.removeprefix("t5-").upper() if name[-1] == "b" else name.removeprefix("t5-")
    assert LANDSCAPE[f"T5 {size}"].architecture.parameters().total == parameters
