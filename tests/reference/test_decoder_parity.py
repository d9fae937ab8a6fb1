"""decoder.py against torch.nn's decoder layer and stack with the same weights."""

from functools import partial

import pytest
import torch
from torch import nn

from reference import decoder as module
from reference.attention import causal_mask
from reference.decoder import Decoder, DecoderLayer
from reference.encoder import AddAndNorm, padding_mask
from reference.feed_forward import FeedForward
from reference.multihead_attention import MultiHeadAttention

# One float64 computation in two orders, as counted where the encoder is compared with torch's, and
# half as much again for the third sub-layer. Seen: 4 eps.
EXACT = 48 * torch.finfo(torch.float64).eps
# A gradient also sums over positions and sequences, and its entries go to 16. Seen: 18 eps.
EXACT_GRADIENT = 4 * EXACT

assert_close = partial(torch.testing.assert_close, rtol=0)

NAMES = {
    "cross_attention.output": "multihead_attn.out_proj",
    "around_cross_attention.norm": "norm2",
    "attention.output": "self_attn.out_proj",
    "feed_forward.first": "linear1",
    "feed_forward.second": "linear2",
    "around_attention.norm": "norm1",
    "around_feed_forward.norm": "norm3",
}


def as_torchs(ours):
    """Weights or gradients of ours under torch's names: query, key and value are stacked there."""
    theirs = {}
    for name, tensor in ours.items():
        if "attention.key" in name or "attention.value" in name:
            continue
        if "attention.query" in name:
            tensor = torch.cat([ours[name.replace("query", p)] for p in ("query", "key", "value")])
            name = name.replace("attention.query.", "attention.in_proj_")
            name = name.replace("cross_attention.in", "multihead_attn.in")
            name = name.replace("attention.in", "self_attn.in")
        for our_name, their_name in NAMES.items():
            name = name.replace(our_name, their_name)
        theirs[name] = tensor
    return theirs


def gradients(module):
    return {name: p.grad for name, p in module.named_parameters()}


def torchs(ours, *, n_heads, activation, norm_first, eps, d_ff=None):
    """torch's layer, or stack, with the weights of ours, 12 wide."""
    theirs = nn.TransformerDecoderLayer(
        12,
        n_heads,
        d_ff or 48,
        dropout=0,
        activation=activation,
        layer_norm_eps=eps,
        batch_first=True,
        norm_first=norm_first,
        dtype=torch.float64,
    )
    if isinstance(ours, Decoder):
        norm = nn.LayerNorm(12, eps, dtype=torch.float64) if norm_first else None
        theirs = nn.TransformerDecoder(theirs, len(ours.layers), norm)
    theirs.load_state_dict(as_torchs(ours.state_dict()))
    return partial(theirs, tgt_mask=~causal_mask(5)), theirs


IS_TOKEN = torch.arange(5) < torch.tensor([[5], [3], [1]])  # three targets, of 5, 3, 1 tokens
OF_MEMORY = torch.arange(7) < torch.tensor([[2], [7], [4]])
# Ours, and torch's, where True means that a position may *not* attend; it is causal in all.
MASKS = {
    "no padding": ((), {}),
    "padded targets": ((padding_mask(IS_TOKEN),), {"tgt_key_padding_mask": ~IS_TOKEN}),
    "a padded memory": ((None, padding_mask(OF_MEMORY)), {"memory_key_padding_mask": ~OF_MEMORY}),
    "both padded": (
        (padding_mask(IS_TOKEN), padding_mask(OF_MEMORY)),
        {"tgt_key_padding_mask": ~IS_TOKEN, "memory_key_padding_mask": ~OF_MEMORY},
    ),
}
OPTIONS = [
    {"n_heads": 3, "d_ff": None, "activation": "relu", "norm_first": False, "eps": 1e-5},
    {"n_heads": 2, "d_ff": 7, "activation": "relu", "norm_first": True, "eps": 1e-3},
    {"n_heads": 1, "d_ff": 20, "activation": "gelu", "norm_first": False, "eps": 1e-12},
    {"n_heads": 4, "d_ff": None, "activation": "gelu", "norm_first": True, "eps": 1e-5},
]


@pytest.fixture(
    params=[DecoderLayer, partial(Decoder, 1), partial(Decoder, 3)], ids=["layer", "1", "3"]
)
def kind(request):
    """A layer, or a stack of so many layers."""
    return request.param


@pytest.mark.parity
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(map(str, o.values())))
def test_outputs_and_all_gradients_equal_torchs(kind, options, mask, normal, layer_of, assert_far):
    masks, torchs_masks = MASKS[mask]
    ours = layer_of(0, 12, kind=kind, **options)
    call, theirs = torchs(ours, **options)
    inputs, of_theirs = (
        [normal(200, 3, 5, 12).requires_grad_(), normal(202, 3, 7, 12).requires_grad_()]
        for _ in range(2)
    )
    actual, expected = ours(*inputs, *masks), call(*of_theirs, **torchs_masks)
    assert_close(actual, expected, atol=EXACT)

    output_gradient = normal(201, *actual.shape)
    actual.backward(output_gradient)
    expected.backward(output_gradient)
    found = [x.grad for x in inputs]
    assert_close(found, [x.grad for x in of_theirs], atol=EXACT_GRADIENT)
    assert_close(as_torchs(gradients(ours)), gradients(theirs), atol=EXACT_GRADIENT)
    in_float32 = [gradient.float().double() for gradient in found]
    assert_far(in_float32, [x.grad for x in of_theirs], atol=EXACT_GRADIENT)


def every(kind, **attributes):
    """Change attributes of all modules of a kind within a stack."""

    def change(stack):
        for part in stack.modules():
            if isinstance(part, kind):
                vars(part).update(attributes)

    return change


def swap(first, second):
    """Let two parts of each layer take each other's place."""

    def change(stack):
        for layer in stack.layers:
            one, other = layer.get_submodule(first), layer.get_submodule(second)
            layer.set_submodule(first, other)
            layer.set_submodule(second, one)

    return change


def swap_norm_first(stack):
    every(AddAndNorm, norm_first=not stack.layers[0].around_attention.norm_first)(stack)


def change_the_end(stack):
    ends_in_a_norm = isinstance(stack.norm, nn.LayerNorm)
    stack.norm = nn.Identity() if ends_in_a_norm else nn.LayerNorm(12, dtype=torch.float64)


def ask_itself(stack):
    for layer in stack.layers:
        ask = layer.cross_attention.forward
        layer.cross_attention.forward = lambda x, memory, mask, ask=ask: ask(x)


def norm_the_memory(stack):
    for layer in stack.layers:
        norm, ask = layer.around_cross_attention.norm, layer.cross_attention.forward
        layer.cross_attention.forward = lambda x, memory, mask, ask=ask, norm=norm: ask(
            x, norm(memory), mask
        )


def reverse(stack):
    stack.layers = nn.ModuleList(reversed(stack.layers))


WRONG = {
    "the other activation": every(FeedForward, activation="gelu"),
    "another eps": every(nn.LayerNorm, eps=1e-6),
    "fewer heads": every(MultiHeadAttention, n_heads=1),
    "each other's attention": swap("attention", "cross_attention"),
    "each other's LayerNorm": swap("around_attention.norm", "around_cross_attention.norm"),
    "LayerNorm on the other side": swap_norm_first,
    "another end": change_the_end,
    "cross-attention to itself": ask_itself,
    "a normed memory": norm_the_memory,
    "the last layer first": reverse,
}


@pytest.mark.parametrize("change", WRONG)
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_tolerance_tells_wrong_from_right(
    change, norm_first, normal, layer_of, assert_far, monkeypatch
):
    options = {"n_heads": 3, "activation": "relu", "norm_first": norm_first, "eps": 1e-5}
    ours = layer_of(0, 12, kind=partial(Decoder, 3), **options)
    x, memory = normal(200, 3, 5, 12), normal(202, 3, 7, 12)
    masks, torchs_masks = MASKS["both padded"]
    expected = torchs(ours, **options)[0](x, memory, **torchs_masks)
    assert_close(ours(x, memory, *masks), expected, atol=EXACT)
    for wrong_masks in ((), masks[:1], (None, masks[1]), (masks[0], ~masks[1])):
        assert_far(ours(x, memory, *wrong_masks), expected, atol=EXACT)
    with monkeypatch.context() as patch:
        patch.setattr(module, "causal_mask", lambda n, device: torch.ones(n, n).bool())
        assert_far(ours(x, memory, *masks), expected, atol=EXACT)
    WRONG[change](ours)
    assert_far(ours(x, memory, *masks), expected, atol=EXACT)
