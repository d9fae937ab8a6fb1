"""gpt.py against transformers' GPT-2 and GPT with the same weights, and by its properties."""

import math
from functools import partial

import pytest
import torch
import transformers
from hypothesis import given, settings, strategies as st
from torch import nn
from torch.autograd.functional import jacobian
from torch.nn import functional as F

from reference import gpt as module
from reference.encoder import AddAndNorm
from reference.feed_forward import gelu
from reference.gpt import (
    GPT,
    GPT1,
    GPT2_LARGE,
    GPT2_MEDIUM,
    GPT2_SMALL,
    GPT2_XL,
    GPT3,
    GPTConfig,
    TanhFeedForward,
    next_token_loss,
    tanh_gelu,
)
from reference.multihead_attention import MultiHeadAttention

# One float64 computation in two orders, as counted where the encoder is compared with torch's; the
# loss and all logits are of order 1. Seen: 2.3 eps.
EXACT = 32 * torch.finfo(torch.float64).eps
# The loss is a mean, and no entry of a gradient exceeds 0.4. Seen: 0.4 eps.
EXACT_GRADIENT = 4 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
some = settings(max_examples=25)
seeds = st.integers(0, 2**31)

SMALL = GPTConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=23, max_length=9)
NAMES = {
    "token": "transformer.wte",
    "position": "transformer.wpe",
    "blocks": "transformer.h",
    "around_attention.norm": "ln_1",
    "attention.output": "attn.c_proj",
    "around_feed_forward.norm": "ln_2",
    "feed_forward.first": "mlp.c_fc",
    "feed_forward.second": "mlp.c_proj",
}


OF_GPT1 = {"wte": "tokens_embed", "wpe": "positions_embed"}  # what they call otherwise there


def as_transformers(ours):
    """Weights or gradients of ours under their names: there maps are transposed, q, k, v joined."""
    theirs = {}
    for name, tensor in ours.items():
        if "attention.key" in name or "attention.value" in name:
            continue
        if "attention.query" in name:
            parts = [ours[name.replace("query", part)] for part in ("query", "key", "value")]
            tensor, name = torch.cat(parts), name.replace("attention.query", "attn.c_attn")
        for our_name, their_name in NAMES.items():
            name = name.replace(our_name, their_name)
        name = name.replace("norm.", "transformer.ln_f.")
        if "norm.weight" not in ours:
            for in_gpt2, in_gpt1 in OF_GPT1.items():
                name = name.replace(in_gpt2, in_gpt1)
        theirs[name] = tensor.mT if ".c_" in name and tensor.ndim == 2 else tensor
    return theirs


def gradients(model):
    return {name: p.grad for name, p in model.named_parameters()}


def config_of_theirs(config):
    kind = transformers.GPT2Config if config.norm_first else transformers.OpenAIGPTConfig
    return kind(
        vocab_size=config.vocab_size,
        n_embd=config.d_model,
        n_layer=config.n_layers,
        n_head=config.n_heads,
        n_positions=config.max_length,
        bos_token_id=None,
        eos_token_id=None,
        attn_implementation="eager",
    )


def unweighted_model(config):
    if config.norm_first:
        return transformers.GPT2LMHeadModel(config_of_theirs(config))
    return transformers.OpenAIGPTLMHeadModel(config_of_theirs(config))


def transformers_model(ours, config):
    """Their model with the weights of ours; its head is its token embeddings, and tied."""
    theirs = unweighted_model(config).double().eval()
    weights = as_transformers(ours.state_dict())
    weights["lm_head.weight"] = ours.token.weight
    theirs.load_state_dict(weights)
    return theirs


@pytest.fixture(scope="module")
def model_of(layer_of):
    """Make our model of these sizes, in float64, with all parameters drawn from a seed."""

    def make(seed, config):
        kind = lambda d_model, n_heads: GPT(config)  # noqa: E731
        return layer_of(seed, config.d_model, config.n_heads, kind=kind).eval()

    return make


def ids(seed, *shape, high=23):
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parity
@pytest.mark.parametrize(
    ("change", "shape"),
    [
        ({}, (4, 9)),
        ({"n_heads": 1, "n_layers": 1}, (2, 5)),
        ({"n_heads": 4, "vocab_size": 40, "max_length": 16}, (1, 7)),
        ({"n_heads": 6, "d_model": 24, "n_layers": 3}, (3, 8)),
        ({"norm_first": False}, (4, 9)),
        ({"norm_first": False, "n_heads": 6, "d_model": 24, "n_layers": 3}, (3, 8)),
    ],
    ids=str,
)
def test_outputs_loss_and_all_gradients_equal_transformers(change, shape, model_of, assert_far):
    config = GPTConfig(**{**vars(SMALL), **change})
    ours = model_of(0, config)
    theirs = transformers_model(ours, config)
    input_ids = ids(0, *shape, high=config.vocab_size)
    targets = input_ids.clone()
    targets[0, 3:] = -100  # a row that is shorter than the others

    logits = ours(input_ids)
    expected = theirs(input_ids, labels=targets)
    loss = next_token_loss(logits, targets)
    # theirs goes through float32, whatever the model's dtype; torch's own does not
    expected_loss = F.cross_entropy(expected.logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())
    assert_close(logits, expected.logits, atol=EXACT)
    assert_close(loss, expected_loss, atol=EXACT)
    assert_close(loss.float(), expected.loss, atol=8 * torch.finfo(torch.float32).eps)

    loss.backward()
    expected_loss.backward()
    found = as_transformers(gradients(ours))
    assert_close(found, gradients(theirs), atol=EXACT_GRADIENT)
    in_float32 = {name: gradient.float().double() for name, gradient in found.items()}
    assert_far(in_float32, gradients(theirs), atol=EXACT_GRADIENT)


def every(kind, **attributes):
    """Change attributes of all modules of a kind within a model."""

    def change(model):
        for part in model.modules():
            if isinstance(part, kind):
                vars(part).update(attributes)

    return change


def exact_gelu(model):
    for block in model.blocks:
        network = block.feed_forward
        network.forward = lambda x, network=network: network.second(gelu(network.first(x)))


WRONG = {
    "the exact GELU": exact_gelu,
    "post-norm": every(AddAndNorm, norm_first=False),
    "another eps": every(nn.LayerNorm, eps=1e-6),
    "fewer heads": every(MultiHeadAttention, n_heads=1),
    "no LayerNorm at the end": lambda model: model.set_submodule("norm", nn.Identity()),
    "positions from 1": lambda model: model.position.weight.data.copy_(
        model.position.weight.roll(-1, 0)
    ),
    "the head of another vocabulary": lambda model: model.register_forward_hook(
        lambda _, __, logits: logits.roll(1, -1)
    ),
    "one block for all": lambda model: model.set_submodule("blocks.1", model.blocks[0]),
}


@pytest.mark.parametrize("change", WRONG)
def test_the_tolerance_tells_wrong_from_right(change, model_of, assert_far):
    ours = model_of(0, SMALL)
    input_ids = ids(0, 4, 9)
    expected = transformers_model(ours, SMALL)(input_ids).logits
    assert_close(ours(input_ids), expected, atol=EXACT)
    WRONG[change](ours)
    assert_far(ours(input_ids), expected, atol=EXACT)


def test_a_model_that_sees_the_future_is_told_from_one_that_does_not(
    model_of, assert_far, monkeypatch
):
    ours, input_ids = model_of(0, SMALL), ids(0, 4, 9)
    expected = transformers_model(ours, SMALL)(input_ids).logits
    monkeypatch.setattr(module, "causal_mask", lambda n, device: torch.ones(n, n).bool())
    assert_far(ours(input_ids), expected, atol=EXACT)


@pytest.mark.parity
def test_the_approximate_gelu_equals_torchs_and_is_not_the_exact_one(normal, assert_far):
    x = torch.cat([normal(0, 200) * 3, torch.tensor([0.0, -40.0, 40.0], dtype=torch.float64)])
    few_roundings = 16 * torch.finfo(torch.float64).eps  # of values up to 10. Seen: 2 eps
    assert_close(tanh_gelu(x), F.gelu(x, approximate="tanh"), atol=few_roundings)
    assert_far(tanh_gelu(x), gelu(x), atol=1e-4)
    assert_close(tanh_gelu(x), gelu(x), atol=5e-4)  # as the docstring says


def by_embedding(model, input_ids):
    """Logits as a function of the tokens' vectors, which unlike the tokens have gradients."""
    vectors = model.token(input_ids).detach()

    def logits(vectors):
        x = vectors + model.position.weight[: len(vectors)]
        for block in model.blocks:
            x = block(x)
        return F.linear(model.norm(x), model.token.weight).sum(-1)

    return jacobian(logits, vectors)  # (n, n, d_model)


@some
@given(n=st.integers(2, 9), norm_first=st.booleans(), seed=seeds)
def test_no_output_has_a_gradient_to_a_later_token_and_each_has_one_to_every_earlier(
    model_of, n, norm_first, seed
):
    model = model_of(seed, GPTConfig(**{**vars(SMALL), "norm_first": norm_first}))
    size = by_embedding(model, ids(seed, n)).norm(dim=-1)  # (n, n)
    assert torch.equal(size > 0, torch.ones(n, n).tril().bool())


@some
@given(n=st.integers(1, 9), cut=st.integers(1, 9), seed=seeds)
def test_a_prefix_has_the_logits_that_it_has_in_the_whole(model_of, n, cut, seed):
    model, input_ids = model_of(seed, SMALL), ids(seed, 2, n)
    assert_close(model(input_ids[:, :cut]), model(input_ids)[:, :cut], atol=EXACT)


@some
@given(n=st.integers(3, 9), seed=seeds)
def test_without_positions_one_block_sees_the_past_as_a_set(model_of, assert_far, n, seed):
    """Only what is learned for positions tells their order, until a second block sees prefixes."""
    model = model_of(seed, GPTConfig(**{**vars(SMALL), "n_layers": 1}))
    input_ids = torch.arange(n)[None]
    turned = torch.cat([input_ids[:, :-1].roll(1, 1), input_ids[:, -1:]], dim=1)
    assert_far(model(input_ids)[:, -1], model(turned)[:, -1], atol=EXACT)
    nn.init.zeros_(model.position.weight)
    assert_close(model(input_ids)[:, -1], model(turned)[:, -1], atol=EXACT)


@some
@given(n=st.integers(1, 9), token=st.integers(0, 22), seed=seeds)
def test_without_positions_a_token_repeated_has_the_same_logits_everywhere(
    model_of, assert_far, n, token, seed
):
    model, input_ids = model_of(seed, SMALL), torch.full((n,), token)
    if n > 1:
        assert_far(model(input_ids), model(input_ids)[:1].expand(n, -1), atol=EXACT)
    nn.init.zeros_(model.position.weight)
    assert_close(model(input_ids), model(input_ids)[:1].expand(n, -1), atol=EXACT)


def test_padding_on_the_right_changes_nothing_before_it(model_of):
    model, input_ids = model_of(0, SMALL), ids(0, 2, 9)
    padded = input_ids.clone()
    padded[:, 6:] = 0
    targets = padded.clone()
    targets[:, 6:] = -100
    loss = next_token_loss(model(padded), targets)
    assert_close(loss, next_token_loss(model(input_ids[:, :6]), input_ids[:, :6]), atol=EXACT)


def test_loss_by_hand():
    """Three of four tokens are predicted, with probabilities 1/2, 1/4 and 1/8: a mean of 2 ln 2."""
    logits = torch.full((1, 4, 3), -100.0, dtype=torch.float64)
    tokens = torch.tensor([[0, 2, 1, 2]])
    for i, (token, p) in enumerate([(2, 1 / 2), (1, 1 / 4), (2, 1 / 8)]):
        logits[0, i, token], logits[0, i, 0] = math.log(p), math.log(1 - p)
    expected = torch.tensor(2 * math.log(2), dtype=torch.float64)
    assert_close(next_token_loss(logits, tokens), expected, atol=EXACT)


def test_fresh_weights_make_all_tokens_about_equally_likely():
    torch.manual_seed(0)
    config = GPTConfig(n_layers=8, d_model=64, n_heads=4, vocab_size=500, max_length=64)
    model, input_ids = GPT(config).eval(), ids(0, 8, 64, high=500)
    # logits are sums of 64 products of entries of deviation 0.02: deviation 0.16, hence + 0.013
    assert 0 < next_token_loss(model(input_ids), input_ids).item() - math.log(500) < 0.05
    for name, parameter in model.named_parameters():
        deviation = parameter.std().item() if parameter.ndim > 1 else 0
        added = name.endswith(("attention.output.weight", "second.weight"))
        expected = 0 if parameter.ndim == 1 else 0.02 / 4 if added else 0.02
        assert deviation == pytest.approx(expected, rel=0.05), name  # 4,096 draws: 5 sigma


@pytest.mark.parity
@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (GPT1, 116_534_784),
        (GPT2_SMALL, 124_439_808),
        (GPT2_MEDIUM, 354_823_168),
        (GPT2_LARGE, 774_030_080),
        (GPT2_XL, 1_557_611_200),
        (GPT3["175B"], 174_604_259_328),
    ],
    ids=["GPT-1", "small", "medium", "large", "xl", "GPT-3"],
)
def test_the_published_sizes_have_as_many_parameters_as_transformers(config, parameters):
    with torch.device("meta"):
        ours = GPT(config)
        theirs = unweighted_model(config)
        theirs.tie_weights()
    assert sum(p.numel() for p in ours.parameters()) == parameters
    assert sum(p.numel() for p in theirs.parameters()) == parameters


@pytest.mark.parametrize("name", GPT3)
def test_gpt3s_family_has_about_as_many_parameters_as_its_names_say(name):
    config, d = GPT3[name], GPT3[name].d_model
    with torch.device("meta"):
        counted = sum(p.numel() for p in GPT(config).parameters())
    claimed = float(name[:-1]) * {"M": 1e6, "B": 1e9}[name[-1]]
    assert counted == pytest.approx(claimed, rel=0.025)
    # by hand: a map of i inputs and o outputs has (i + 1) o, LayerNorm 2 d
    block = 4 * (d + 1) * d + (d + 1) * 4 * d + (4 * d + 1) * d + 2 * 2 * d
    assert counted == (50_257 + 2048) * d + config.n_layers * block + 2 * d


def test_dropout_acts_in_training_alone():
    torch.manual_seed(0)
    model, input_ids = GPT(SMALL), ids(0, 2, 9)
    assert not torch.equal(model(input_ids), model(input_ids))
    model.eval()
    assert torch.equal(model(input_ids), model(input_ids))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_dtype_stays(dtype):
    assert GPT(SMALL).to(dtype)(ids(0, 2, 9)).dtype == dtype
    network = TanhFeedForward(4).to(dtype)
    assert network(torch.zeros(3, 4, dtype=dtype)).dtype == dtype


def test_what_is_wrong_is_said(no_shape_checker):
    with pytest.raises(ValueError, match=r"at most max_length=9 positions: got 10; keep the last"):
        GPT(SMALL)(ids(0, 10))
    with pytest.raises(ValueError, match=r"n_layers must be 1 or more: got 0; the smallest"):
        GPT(GPTConfig(**{**vars(SMALL), "n_layers": 0}))
    for logits, targets in [((2, 3, 5), (2, 2)), ((3, 5), (3,)), ((2, 1, 5), (2, 1))]:
        with pytest.raises(ValueError, match=r"n of 2 or more: got shapes .*; pass the whole"):
            next_token_loss(torch.zeros(logits), ids(0, *targets, high=5))
