"""t5.py by its properties; against transformers' T5 in test_t5_parity.py."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.autograd.functional import jacobian
from torch.nn import functional as F

from reference.encoder_decoder import shift_right
from reference.generation import generate
from reference.masked_lm import masked_lm_loss
from reference.t5 import T5, T5Config

# As counted where the model is compared with transformers'.
EXACT = 48 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
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
V1_1 = replace(SMALL, gated=True, tied=False)
versions = pytest.mark.parametrize("config", [SMALL, V1_1], ids=["1.0", "1.1"])


def ids(seed, *shape, high=23):
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def model_of(layer_of):
    """Make our model of these sizes, in float64, with all parameters drawn from a seed."""

    def make(seed, config=SMALL):
        kind = lambda d_model, n_heads: T5(config)  # noqa: E731
        return layer_of(seed, config.d_model, config.n_heads, kind=kind).eval()

    return make


@versions
@settings(max_examples=10)
@given(n=st.integers(1, 6), m=st.integers(1, 6), seed=st.integers(0, 2**31))
def test_no_logits_depend_on_a_later_token_and_each_on_all_earlier_and_the_whole_source(
    config, model_of, n, m, seed
):
    model = model_of(seed, config)
    source, target = model.token(ids(seed, m)).detach(), model.token(ids(seed + 1, n)).detach()

    def states(source, target):
        return model.decoder(target, None, model.encoder(source))

    to_source, to_target = jacobian(states, (source, target))
    assert torch.equal(to_target.abs().amax((1, 3)) > 0, torch.ones(n, n).tril().bool())
    assert (to_source.abs().amax((1, 3)) > 0).all()


@versions
def test_padding_has_no_influence(config, model_of, assert_far):
    model, source, target = model_of(0, config), ids(0, 2, 7), ids(1, 2, 5)
    is_token = (torch.arange(7) < 4).expand(2, 7)
    expected = model(source[:, :4], target[:, :3])
    assert_close(model(source, target, is_token)[:, :3], expected, atol=EXACT)
    assert_far(model(source, target)[:, :3], expected, atol=1e-3)
    changed = torch.where(is_token, source, (source + 1) % 23)
    assert torch.equal(model(changed, target, is_token), model(source, target, is_token))


def test_positions_are_relative(model_of, assert_far):
    """Behind padding a text has the states that it has at the start; turned around, others."""
    model, source = model_of(0), ids(0, 5)
    moved = torch.cat([torch.zeros(3).long(), source])
    is_token = torch.arange(8) >= 3
    states = model.encoder(model.token(source))
    assert_close(model.encoder(model.token(moved), is_token[None])[3:], states, atol=EXACT)
    assert_far(model.encoder(model.token(source.flip(0))).flip(0), states, atol=EXACT)


def test_all_layers_of_a_stack_share_its_bias_and_the_stacks_do_not(model_of):
    names = {name for name, _ in model_of(0).named_parameters() if "bias" in name}
    assert names == {"encoder.bias.table.weight", "decoder.bias.table.weight"}


@versions
def test_a_fresh_models_loss_is_that_of_logits_of_variance_1(config):
    """-log p averages ln V + 1/2 where logits are standard normal and tell nothing."""
    torch.manual_seed(0)
    config = replace(config, d_model=64, n_heads=4, d_head=16, d_ff=256, vocab_size=500)
    model = T5(config).eval()
    logits, targets = model(ids(0, 16, 32, high=500), ids(1, 16, 32, high=500)), ids(2, 16, 32)
    assert logits.std().item() == pytest.approx(1, rel=0.1)
    loss = masked_lm_loss(logits, targets).item()
    assert loss == pytest.approx(math.log(500) + 0.5, abs=0.15)


def test_fresh_weights_have_the_deviations_of_the_released_code():
    torch.manual_seed(0)
    model = T5(replace(V1_1, d_model=64, n_heads=4, d_head=32, d_ff=256, vocab_size=500))
    expected = {
        "token": 1,
        "query": (64 * 32) ** -0.5,
        "key": 1 / 8,
        "value": 1 / 8,
        "output": (4 * 32) ** -0.5,
        "first": 1 / 8,
        "gated": 1 / 8,
        "second": 1 / 16,
        "head": 1 / 8,
    }
    seen = set()
    for name, parameter in model.named_parameters():
        part = name.split(".")[-2]
        if part == "norm":
            assert torch.equal(parameter, torch.ones(64)), name
        elif part != "table":  # too few entries to tell
            seen.add(part)
            deviation = parameter.std().item()
            assert deviation == pytest.approx(expected[part], rel=0.05), (
                name
            )  # 8,192 draws: 6 sigma
    assert seen == set(expected)


def test_it_learns_to_copy():
    """Ten texts, by heart: the decoder finds them through the encoder alone."""
    torch.manual_seed(0)
    model = T5(replace(SMALL, d_model=32, d_head=8, dropout=0.0, d_ff=64))
    source = ids(0, 10, 5) % 20 + 2
    targets = torch.cat([source, torch.ones(10, 1).long()], dim=1)  # 1 ends a text
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(100):
        loss = masked_lm_loss(model(source, shift_right(targets, 0)), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    start = torch.zeros(10, 1).long()
    written = generate(lambda ids: model(source, ids)[:, -1], start, 8, end_id=1)
    assert torch.equal(written[:, 1:], targets)


def test_dropout_acts_in_training_alone():
    torch.manual_seed(0)
    model, source, target = T5(SMALL), ids(0, 2, 7), ids(1, 2, 5)
    assert not torch.equal(model(source, target), model(source, target))
    for stack in (model.encoder, model.decoder):  # at both ends of a stack, and within
        for p in (0.0, 1.0):
            stack.dropout.p = p
            x = torch.ones(3, 12)
            silent = not stack(x, None, torch.ones(2, 12)).any()
            assert silent == (p == 1.0)
    assert torch.equal(model.eval()(source, target), model(source, target))


@versions
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_other_dtypes_give_the_same_in_fewer_digits(config, dtype, model_of, assert_far):
    """Logits are sums of 12 rounded products, of order 1. Seen: 4 eps. Wrong: an earlier token."""
    model, source, target = model_of(0, config).to(dtype), ids(0, 2, 7), ids(1, 2, 5)
    actual = model(source, target)
    assert actual.dtype == dtype
    model, atol = model.double(), 16 * torch.finfo(dtype).eps
    assert_close(actual.double(), model(source, target), atol=atol)
    assert_far(model(source, shift_right(target, 0)), model(source, target), atol=atol)


@versions
def test_it_stays_on_the_device_it_is_given(config):
    """On meta, a tensor made elsewhere on the way raises."""
    model = T5(config).to("meta", torch.bfloat16)
    source, target = ids(0, 2, 7).to("meta"), ids(1, 2, 5).to("meta")
    logits = model(source, target, torch.ones_like(source))
    assert (logits.device.type, logits.dtype, logits.shape) == ("meta", torch.bfloat16, (2, 5, 23))


def test_the_head_of_1_0_is_its_embeddings(model_of):
    model, source, target = model_of(0), ids(0, 2, 7), ids(1, 2, 5)
    states = model.decoder(model.token(target), None, model.encoder(model.token(source)))
    expected = F.linear(states, model.token.weight) / math.sqrt(12)
    assert_close(model(source, target), expected, atol=EXACT)


def test_a_stack_of_nothing_is_refused():
    with pytest.raises(ValueError, match="n_layers must be 1 or more: got 0; the smallest T5"):
        T5(replace(SMALL, n_layers=0))
