"""encoder_decoder.py by hand and by its properties."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.autograd.functional import jacobian
from torch.nn import functional as F

from reference import encoder_decoder as module
from reference.encoder_decoder import (
    TRANSFORMER_BASE,
    TRANSFORMER_BIG,
    Transformer,
    TransformerConfig,
    shift_right,
)
from reference.positions import sinusoidal_positions

# As counted where the stacks are compared with torch's.
EXACT = 48 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
SMALL = TransformerConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=23)
orders = pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])


def ids(seed, *shape, high=23):
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def model_of(layer_of):
    """Make our model of these sizes, in float64, with all parameters drawn from a seed."""

    def make(seed, config=SMALL):
        kind = lambda d_model, n_heads: Transformer(config)  # noqa: E731
        return layer_of(seed, config.d_model, config.n_heads, kind=kind).eval()

    return make


@pytest.mark.parametrize("indexing", ["slide", "vaswani"])
def test_embedding_and_head_by_hand(indexing, model_of):
    model = model_of(0, replace(SMALL, indexing=indexing))
    embedding, source, target = model.token.weight, ids(0, 2, 5), ids(1, 2, 4)
    vectors = []
    for tokens in (source, target):
        p = sinusoidal_positions(tokens.shape[1], 12, indexing=indexing).double()
        vectors.append(embedding[tokens] * 12**0.5 + p)
    states = model.stacks(*vectors)
    expected = torch.einsum("bnd,vd->bnv", states, embedding)
    assert_close(model(source, target), expected, atol=EXACT)
    assert model.embed(source).dtype == torch.float64


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([5, 8, 3], [0, 5, 8]),
        ([[5], [2]], [[0], [0]]),
        ([[5, 8, -100, -100]], [[0, 5, 8, 0]]),
    ],
)
def test_targets_are_shifted_by_hand(targets, expected):
    targets = torch.tensor(targets)
    before = targets.clone()
    assert shift_right(targets, 0).tolist() == expected
    assert torch.equal(targets, before)


@orders
@settings(max_examples=15)
@given(n=st.integers(1, 6), m=st.integers(1, 6), seed=st.integers(0, 2**31))
def test_no_logits_depend_on_a_later_token_and_each_on_all_earlier_and_the_whole_source(
    norm_first, model_of, n, m, seed
):
    model = model_of(seed, replace(SMALL, norm_first=norm_first))
    source, target = model.embed(ids(seed, m)), model.embed(ids(seed + 1, n))

    def logits(source, target):
        return F.linear(model.stacks(source, target), model.token.weight)

    to_source, to_target = jacobian(logits, (source.detach(), target.detach()))
    assert torch.equal(to_target.abs().amax((1, 3)) > 0, torch.ones(n, n).tril().bool())
    assert (to_source.abs().amax((1, 3)) > 0).all()


@orders
def test_padding_has_no_influence(norm_first, model_of, assert_far):
    model = model_of(0, replace(SMALL, norm_first=norm_first))
    source, target = ids(0, 2, 7), ids(1, 2, 5)
    in_source = (torch.arange(7) < 4).expand(2, 7)
    in_target = (torch.arange(5) < 3).expand(2, 5).long()
    expected = model(source[:, :4], target[:, :3])
    assert_close(model(source, target, in_source, in_target)[:, :3], expected, atol=EXACT)
    assert_far(model(source, target)[:, :3], expected, atol=1e-3)
    changed = torch.where(in_source, source, (source + 1) % 23)
    other = model(changed, target, in_source, in_target)
    assert torch.equal(other, model(source, target, in_source, in_target))


def test_positions_alone_tell_the_order_of_the_source(model_of, assert_far, monkeypatch):
    model, source, target = model_of(0), torch.arange(5)[None], torch.arange(4)[None]
    assert_far(model(source.flip(1), target), model(source, target), atol=EXACT)
    monkeypatch.setattr(module, "sinusoidal_positions", lambda n, d, **_: torch.zeros(n, d))
    assert_close(model(source.flip(1), target), model(source, target), atol=EXACT)


def test_embeddings_start_as_large_as_positions():
    """Both have entries of mean square 1 and 1/2: neither drowns the other."""
    torch.manual_seed(0)
    model = Transformer(replace(SMALL, d_model=64, n_heads=4, vocab_size=500, dropout=0.0))
    scaled = 8 * model.token.weight
    assert scaled.std().item() == pytest.approx(1, rel=0.02)  # 32,000 draws: 5 sigma
    assert model.embed(ids(0, 2, 9)).std().item() == pytest.approx(math.sqrt(1.5), rel=0.2)


@pytest.mark.parametrize(
    ("config", "parameters"),
    [(TRANSFORMER_BASE, 63_082_496), (TRANSFORMER_BIG, 214_245_376)],
    ids=["base", "big"],
)
def test_the_published_sizes(config, parameters):
    with torch.device("meta"):
        model = Transformer(config)
    assert sum(p.numel() for p in model.parameters()) == parameters
    d = config.d_model
    attention, network, norm = 4 * (d + 1) * d, (d + 1) * 4 * d + (4 * d + 1) * d, 2 * d
    layers = 6 * (attention + network + 2 * norm) + 6 * (2 * attention + network + 3 * norm)
    assert parameters == 37_000 * d + layers
    assert parameters / {512: 65e6, 1024: 213e6}[d] == pytest.approx(1, abs=0.05)  # Table 3


def test_dropout_acts_in_training_alone():
    torch.manual_seed(0)
    model, source, target = Transformer(SMALL), ids(0, 2, 7), ids(1, 2, 5)
    assert not torch.equal(model.embed(source), model.embed(source))
    assert not torch.equal(model(source, target), model(source, target))
    model.eval()
    assert torch.equal(model(source, target), model(source, target))


@orders
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_dtype_stays_on_every_device(norm_first, dtype):
    """On meta, a tensor made elsewhere on the way raises."""
    model = Transformer(replace(SMALL, norm_first=norm_first)).to(dtype)
    for device in ("cpu", "meta"):
        source, target = ids(0, 2, 7).to(device), ids(1, 2, 5).to(device)
        logits = model.to(device)(source, target, torch.ones_like(source), target == target)
        assert (logits.dtype, logits.device.type, logits.shape) == (dtype, device, (2, 5, 23))
    assert shift_right(target, 0).device.type == "meta"


def test_a_stack_of_nothing_is_refused():
    with pytest.raises(ValueError, match="n_layers must be 1 or more: got 0; the first"):
        Transformer(replace(SMALL, n_layers=0))
