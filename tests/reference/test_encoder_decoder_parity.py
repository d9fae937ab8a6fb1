"""encoder_decoder.py against torch.nn.Transformer with the same weights."""

from functools import partial

import pytest
import torch
from torch import nn

from reference.attention import causal_mask
from reference.encoder import AddAndNorm
from reference.encoder_decoder import EncoderDecoder
from reference.multihead_attention import MultiHeadAttention

# One float64 computation in two orders: as counted for the decoder, since LayerNorm brings the
# memory back to order 1, so that the encoder's errors hardly grow on the way. Seen: 3.5 eps.
EXACT = 48 * torch.finfo(torch.float64).eps
# A gradient also sums over positions and sequences, and its entries go to 16. Seen: 25 eps.
EXACT_GRADIENT = 4 * EXACT

assert_close = partial(torch.testing.assert_close, rtol=0)

NAMES = {
    "cross_attention.output": "multihead_attn.out_proj",
    "around_cross_attention.norm": "norm2",
    "attention.output": "self_attn.out_proj",
    "feed_forward.first": "linear1",
    "feed_forward.second": "linear2",
    "around_attention.norm": "norm1",
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
        third = "norm3" if name.startswith("decoder") else "norm2"
        theirs[name.replace("around_feed_forward.norm", third)] = tensor
    return theirs


def gradients(module):
    return {name: p.grad for name, p in module.named_parameters()}


def torchs(ours, *, n_heads, activation, norm_first, eps, d_ff=None):
    """torch's Transformer with the weights of ours; its stacks by hand, to end as ours do."""
    options = {
        "dropout": 0,
        "activation": activation,
        "layer_norm_eps": eps,
        "batch_first": True,
        "norm_first": norm_first,
        "dtype": torch.float64,
    }
    kinds = {
        "custom_encoder": (nn.TransformerEncoder, nn.TransformerEncoderLayer),
        "custom_decoder": (nn.TransformerDecoder, nn.TransformerDecoderLayer),
    }
    stacks = {}
    for name, (stack, layer) in kinds.items():
        norm = nn.LayerNorm(12, eps, dtype=torch.float64) if norm_first else None
        more = {"enable_nested_tensor": False} if name == "custom_encoder" else {}
        stacks[name] = stack(layer(12, n_heads, d_ff or 48, **options), 2, norm, **more)
    theirs = nn.Transformer(12, n_heads, batch_first=True, **stacks)
    theirs.load_state_dict(as_torchs(ours.state_dict()))
    return theirs


IN_SOURCE = torch.arange(7) < torch.tensor([[2], [7], [4]])  # three sources, of 2, 7, 4 tokens
IN_TARGET = torch.arange(5) < torch.tensor([[5], [3], [1]])
# Ours, and torch's, where True means padding, and the memory's is given apart from the source's.
PADDED_SOURCE = {"src_key_padding_mask": ~IN_SOURCE, "memory_key_padding_mask": ~IN_SOURCE}
MASKS = {
    "no padding": ((), {}),
    "padded sources": ((IN_SOURCE,), PADDED_SOURCE),
    "padded targets": ((None, IN_TARGET.long()), {"tgt_key_padding_mask": ~IN_TARGET}),
    "both padded": (
        (IN_SOURCE, IN_TARGET),
        {**PADDED_SOURCE, "tgt_key_padding_mask": ~IN_TARGET},
    ),
}
OPTIONS = [
    {"n_heads": 3, "d_ff": None, "activation": "relu", "norm_first": False, "eps": 1e-5},
    {"n_heads": 2, "d_ff": 7, "activation": "gelu", "norm_first": True, "eps": 1e-3},
]


@pytest.fixture
def ours_of(layer_of):
    return partial(layer_of, 0, 12, kind=partial(EncoderDecoder, 2))


@pytest.mark.parity
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(map(str, o.values())))
def test_outputs_and_all_gradients_equal_torchs(options, mask, normal, ours_of, assert_far):
    masks, torchs_masks = MASKS[mask]
    ours = ours_of(**options)
    theirs = torchs(ours, **options)
    inputs, of_theirs = (
        [normal(200, 3, 7, 12).requires_grad_(), normal(202, 3, 5, 12).requires_grad_()]
        for _ in range(2)
    )
    actual = ours(*inputs, *masks)
    expected = theirs(*of_theirs, tgt_mask=~causal_mask(5), **torchs_masks)
    assert_close(actual, expected, atol=EXACT)

    output_gradient = normal(201, *actual.shape)
    actual.backward(output_gradient)
    expected.backward(output_gradient)
    found = [x.grad for x in inputs]
    assert_close(found, [x.grad for x in of_theirs], atol=EXACT_GRADIENT)
    assert_close(as_torchs(gradients(ours)), gradients(theirs), atol=EXACT_GRADIENT)
    in_float32 = [gradient.float().double() for gradient in found]
    assert_far(in_float32, [x.grad for x in of_theirs], atol=EXACT_GRADIENT)


def the_last_layers_norm_of_memory(model):
    """Wrong: what torch does by default, one more LayerNorm on what the encoder returns."""
    model.encoder.norm = nn.LayerNorm(12, dtype=torch.float64)


def every(kind, **attributes):
    """Change attributes of all modules of a kind within a model."""

    def change(model):
        for part in model.modules():
            if isinstance(part, kind):
                vars(part).update(attributes)

    return change


WRONG = {
    "pre-norm": every(AddAndNorm, norm_first=True),
    "fewer heads": every(MultiHeadAttention, n_heads=1),
    "a memory from one layer": lambda model: model.encoder.layers.__delitem__(1),
    "a normed memory": the_last_layers_norm_of_memory,
}


@pytest.mark.parametrize("change", WRONG)
def test_the_tolerance_tells_wrong_from_right(change, normal, ours_of, assert_far):
    ours = ours_of(**OPTIONS[0])
    source, target = normal(200, 3, 7, 12), normal(202, 3, 5, 12)
    masks, torchs_masks = MASKS["both padded"]
    theirs = torchs(ours, **OPTIONS[0])
    expected = theirs(source, target, tgt_mask=~causal_mask(5), **torchs_masks)
    assert_close(ours(source, target, *masks), expected, atol=EXACT)
    for wrong_masks in ((), masks[:1], (None, masks[1])):
        assert_far(ours(source, target, *wrong_masks), expected, atol=EXACT)
    WRONG[change](ours)
    assert_far(ours(source, target, *masks), expected, atol=EXACT)
