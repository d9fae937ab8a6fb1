"""encoder.py against torch.nn's encoder layer and stack with the same weights."""

from functools import partial

import pytest
import torch
from torch import nn

from reference.attention import causal_mask
from reference.encoder import AddAndNorm, Encoder, EncoderLayer, padding_mask
from reference.feed_forward import FeedForward
from reference.multihead_attention import MultiHeadAttention

# One float64 computation in two orders: every sub-layer ends in sums of 7 to 48 terms of order 1,
# each off by a few eps; LayerNorm brings all back to order 1, so that errors hardly grow with
# depth. Seen: 4 eps.
EXACT = 32 * torch.finfo(torch.float64).eps
# A gradient also sums over positions and sequences, and its entries go to 16. Seen: 48 eps.
EXACT_GRADIENT = 10 * EXACT

assert_close = partial(torch.testing.assert_close, rtol=0)

NAMES = {
    "attention.output": "self_attn.out_proj",
    "feed_forward.first": "linear1",
    "feed_forward.second": "linear2",
    "around_attention.norm": "norm1",
    "around_feed_forward.norm": "norm2",
}


def as_torchs(ours):
    """Weights or gradients of ours under torch's names: query, key and value are stacked there."""
    theirs = {}
    for name, tensor in ours.items():
        if "attention.query" in name:
            parts = [ours[name.replace("query", part)] for part in ("query", "key", "value")]
            theirs[name.replace("attention.query.", "self_attn.in_proj_")] = torch.cat(parts)
        elif "attention.key" not in name and "attention.value" not in name:
            for our_name, their_name in NAMES.items():
                name = name.replace(our_name, their_name)
            theirs[name] = tensor
    return theirs


def gradients(module):
    return {name: p.grad for name, p in module.named_parameters()}


def torchs(ours, *, n_heads, activation, norm_first, eps, d_ff=None):
    """torch's layer, or stack, with the weights of ours, 12 wide."""
    theirs = nn.TransformerEncoderLayer(
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
    if isinstance(ours, Encoder):
        norm = nn.LayerNorm(12, eps, dtype=torch.float64) if norm_first else None
        theirs = nn.TransformerEncoder(theirs, len(ours.layers), norm, enable_nested_tensor=False)
    theirs.load_state_dict(as_torchs(ours.state_dict()))
    return theirs


IS_TOKEN = torch.arange(5) < torch.tensor([[5], [3], [1]])  # three sequences, of 5, 3, 1 tokens
# Ours, and torch's two, where True means that a position may *not* attend.
MASKS = {
    "no mask": (None, ()),
    "padding": (padding_mask(IS_TOKEN), (None, ~IS_TOKEN)),
    "causal": (causal_mask(5), (~causal_mask(5), None)),
    "both": (causal_mask(5) & padding_mask(IS_TOKEN), (~causal_mask(5), ~IS_TOKEN)),
}
OPTIONS = [
    {"n_heads": 3, "d_ff": None, "activation": "relu", "norm_first": False, "eps": 1e-5},
    {"n_heads": 2, "d_ff": 7, "activation": "relu", "norm_first": True, "eps": 1e-3},
    {"n_heads": 1, "d_ff": 20, "activation": "gelu", "norm_first": False, "eps": 1e-12},
    {"n_heads": 4, "d_ff": None, "activation": "gelu", "norm_first": True, "eps": 1e-5},
]


@pytest.fixture(
    params=[EncoderLayer, partial(Encoder, 1), partial(Encoder, 3)], ids=["layer", "1", "3"]
)
def kind(request):
    """A layer, or a stack of so many layers."""
    return request.param


@pytest.mark.parity
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(map(str, o.values())))
def test_outputs_and_all_gradients_equal_torchs(kind, options, mask, normal, layer_of, assert_far):
    mask, torchs_masks = MASKS[mask]
    ours = layer_of(0, 12, kind=kind, **options)
    theirs = torchs(ours, **options)
    x, x_of_theirs = (normal(200, 3, 5, 12).requires_grad_() for _ in range(2))
    actual, expected = ours(x, mask), theirs(x_of_theirs, *torchs_masks)
    assert_close(actual, expected, atol=EXACT)

    output_gradient = normal(201, *actual.shape)
    actual.backward(output_gradient)
    expected.backward(output_gradient)
    assert_close(x.grad, x_of_theirs.grad, atol=EXACT_GRADIENT)
    assert_close(as_torchs(gradients(ours)), gradients(theirs), atol=EXACT_GRADIENT)
    in_float32 = x.grad.float().double()
    assert_far(in_float32, x_of_theirs.grad, atol=EXACT_GRADIENT)


class NoResidual(AddAndNorm):
    """Wrong: what went in is not added."""

    def forward(self, x, sublayer):
        return sublayer(self.norm(x)) if self.norm_first else self.norm(sublayer(x))


class NormedResidual(AddAndNorm):
    """Wrong: what is added went through LayerNorm too."""

    def forward(self, x, sublayer):
        if self.norm_first:
            x = self.norm(x)
            return x + sublayer(x)
        return self.norm(x) + sublayer(x)


def every(kind, **attributes):
    """Change attributes of all modules of a kind within a stack."""

    def change(stack):
        for module in stack.modules():
            if isinstance(module, kind):
                vars(module).update(attributes)

    return change


def wrapped_in(kind):
    def change(stack):
        for layer in stack.layers:
            layer.around_attention.__class__ = kind

    return change


def swap_norm_first(stack):
    every(AddAndNorm, norm_first=not stack.layers[0].around_attention.norm_first)(stack)


def change_the_end(stack):
    ends_in_a_norm = isinstance(stack.norm, nn.LayerNorm)
    stack.norm = nn.Identity() if ends_in_a_norm else nn.LayerNorm(12, dtype=torch.float64)


def share_one_layer(stack):
    stack.layers = nn.ModuleList([stack.layers[0]] * len(stack.layers))


def turn_upside_down(stack):
    stack.layers = nn.ModuleList(reversed(stack.layers))


def swap_the_norms(stack):
    for layer in stack.layers:
        first, second = layer.around_attention, layer.around_feed_forward
        first.norm, second.norm = second.norm, first.norm


WRONG = {
    "the other activation": every(FeedForward, activation="gelu"),
    "another eps": every(nn.LayerNorm, eps=1e-6),
    "fewer heads": every(MultiHeadAttention, n_heads=1),
    "no residual": wrapped_in(NoResidual),
    "a normed residual": wrapped_in(NormedResidual),
    "LayerNorm on the other side": swap_norm_first,
    "another end": change_the_end,
    "one layer for all": share_one_layer,
    "the last layer first": turn_upside_down,
    "each other's LayerNorm": swap_the_norms,
}


@pytest.mark.parametrize("change", WRONG)
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_tolerance_tells_wrong_from_right(change, norm_first, normal, layer_of, assert_far):
    options = {"n_heads": 3, "activation": "relu", "norm_first": norm_first, "eps": 1e-5}
    ours = layer_of(0, 12, kind=partial(Encoder, 3), **options)
    x, (mask, torchs_masks) = normal(200, 3, 5, 12), MASKS["padding"]
    expected = torchs(ours, **options)(x, *torchs_masks)
    assert_close(ours(x, mask), expected, atol=EXACT)
    for wrong_mask in (None, ~mask):
        assert_far(ours(x, wrong_mask), expected, atol=EXACT)
    WRONG[change](ours)
    assert_far(ours(x, mask), expected, atol=EXACT)
