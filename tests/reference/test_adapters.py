"""adapters.py against transformers' models with their layers' results bent by hand."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from reference.adapters import AdaptedLinear, Adapter, add_adapters
from reference.bert import BERT_BASE, Bert
from reference.trainable import trainable_share

# One float64 computation in two orders; outputs are of order 10. Seen: 30 eps.
EXACT = 256 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
KINDS = ["encoder", "decoder"]


@pytest.fixture
def ids():
    return torch.randint(23, (3, 8), generator=torch.Generator().manual_seed(0))


def outputs(model, ids):
    found = model(ids, ids[:, :5]) if hasattr(model, "decoder") else model(ids)
    return found[0] if isinstance(found, tuple) else found


def draw_adapters(model, normal):
    """Give the adapters weights as after training: at first their change is 0."""
    adapters = [module for module in model.modules() if isinstance(module, Adapter)]
    with torch.no_grad():
        for i, parameter in enumerate(p for adapter in adapters for p in adapter.parameters()):
            parameter.copy_(normal(i, *parameter.shape) / 2)
    return adapters


def bent(h, adapter):
    """The formula, with torch's own maps and GELU."""
    narrow = F.gelu(F.linear(h, adapter.down.weight, adapter.down.bias))
    return h + F.linear(narrow, adapter.up.weight, adapter.up.bias)


def theirs_with(model, adapters, bend=bent):
    """Transformers' model, of which each sub-layer's last map returns what `bend` makes of it."""
    ends = ("attention.output.dense", "output.dense", "attn.c_proj", "mlp.c_proj")
    maps = [module for name, module in model.named_modules() if name.endswith(ends)]
    for module, adapter in zip(maps, adapters, strict=True):
        module.register_forward_hook(lambda _m, _i, h, adapter=adapter: bend(h, adapter))
    return model


@pytest.mark.parity
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d_bottleneck", [1, 5])
def test_outputs_and_gradients_equal_transformers_with_bent_layers(
    kind, d_bottleneck, model_to_adapt, as_transformers, normal, ids, assert_far
):
    ours = model_to_adapt(kind)
    theirs = as_transformers(ours)
    add_adapters(ours, d_bottleneck=d_bottleneck)
    adapters = draw_adapters(ours, normal)
    assert len(adapters) == 4
    found = outputs(ours, ids)
    plain = theirs(ids)[0]
    expected = theirs_with(theirs, adapters)(ids)[0]
    assert_close(found, expected, atol=EXACT)
    assert_far(plain, expected, atol=EXACT)

    parameters = [p for adapter in adapters for p in adapter.parameters()]
    weights = normal(99, *expected.shape)
    gradients = torch.autograd.grad((found * weights).sum(), parameters)
    expected_gradients = torch.autograd.grad((expected * weights).sum(), parameters)
    assert_close(gradients, expected_gradients, atol=EXACT)
    assert_far([g.float().double() for g in gradients], list(expected_gradients), atol=EXACT)


WRONG = {
    "no residual": lambda h, adapter: bent(h, adapter) - h,
    "ReLU": lambda h, a: h + a.up(F.relu(a.down(h))),
    "no bend": lambda h, a: h + a.up(a.down(h)),
    "GELU by tanh": lambda h, a: h + a.up(F.gelu(a.down(h), approximate="tanh")),
    "no biases": lambda h, a: h + F.gelu(h @ a.down.weight.T) @ a.up.weight.T,
}


@pytest.mark.parametrize("bend", WRONG)
def test_the_tolerance_tells_wrong_from_right(
    bend, model_to_adapt, as_transformers, normal, ids, assert_far
):
    ours = model_to_adapt("encoder")
    theirs = as_transformers(ours)
    add_adapters(ours, d_bottleneck=3)
    theirs = theirs_with(theirs, draw_adapters(ours, normal), WRONG[bend])
    assert_far(outputs(ours, ids), theirs(ids)[0], atol=EXACT)


def test_an_adapter_by_hand():
    adapter = Adapter(d_model=2, d_bottleneck=1)
    with torch.no_grad():
        adapter.down.weight.copy_(torch.tensor([[1.0, -1.0]]))
        adapter.down.bias.fill_(-1)
        adapter.up.weight.copy_(torch.tensor([[1.0], [10.0]]))
        adapter.up.bias.copy_(torch.tensor([0.0, 100.0]))
    # 1 · 5 - 1 · 3 - 1 = 1, gelu(1) = Φ(1)
    phi = (1 + math.erf(1 / math.sqrt(2))) / 2
    expected = torch.tensor([5 + phi, 3 + 10 * phi + 100])
    assert_close(adapter(torch.tensor([5.0, 3.0])), expected, atol=2e-5)  # float32, of 111


def test_outputs_of_a_t5_equal_those_of_one_whose_maps_are_bent(
    model_to_adapt, normal, ids, assert_far
):
    """Three sub-layers in a decoder's layer: behind its cross-attention stands an adapter too."""
    ours, bent_one = model_to_adapt("encoder-decoder"), model_to_adapt("encoder-decoder")
    plain = outputs(ours, ids)
    add_adapters(ours, d_bottleneck=3)
    adapters = draw_adapters(ours, normal)
    assert len(adapters) == 2 * 2 + 2 * 3
    ends = ("output", "second")
    maps = [module for name, module in bent_one.named_modules() if name.endswith(ends)]
    for module, adapter in zip(maps, adapters, strict=True):
        module.register_forward_hook(lambda _m, _i, h, adapter=adapter: bent(h, adapter))
    assert_close(outputs(ours, ids), outputs(bent_one, ids), atol=EXACT)
    assert_far(outputs(ours, ids), plain, atol=EXACT)


@pytest.mark.parametrize("kind", [*KINDS, "encoder-decoder"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_at_first_the_model_is_as_it_was(kind, dtype, model_to_adapt, ids):
    model = model_to_adapt(kind).to(dtype)
    before = outputs(model, ids)
    add_adapters(model, d_bottleneck=3)
    assert torch.equal(outputs(model, ids), before)
    assert outputs(model, ids).dtype == dtype


def test_only_adapters_and_norms_are_trained(model_to_adapt):
    def released(**options):
        model = model_to_adapt("encoder")
        add_adapters(model, d_bottleneck=3, **options)
        return {name for name, p in model.named_parameters() if p.requires_grad}

    adapters = {name for name in released() if ".adapter." in name}
    norms = released() - adapters
    assert len(adapters) == 4 * 4
    assert {name.split(".")[-2] for name in norms} == {"norm"}
    assert len(norms) == 2 * 5  # of the embeddings, and two a layer
    assert released(train_norms=False) == adapters
    behind = released(behind=["second"], train_norms=False)
    assert behind == {name for name in adapters if "second" in name}


@pytest.mark.parametrize(("m", "share"), [(8, "0.32%"), (64, "2.16%")])
def test_bert_bases_share_is_above_one_percent_at_the_usual_width(m, share):
    with torch.device("meta"):
        model = Bert(BERT_BASE)
        add_adapters(model, d_bottleneck=m)
    found, d = trainable_share(model), 768
    assert found.trainable == 24 * (2 * m * d + d + m) + 25 * 2 * d
    assert f"{found.share:.2%}" == share


def test_fresh_weights_come_from_the_generator_and_take_the_maps_place():
    base = nn.Linear(300, 200, dtype=torch.bfloat16)
    generators = [torch.Generator().manual_seed(4) for _ in range(2)]
    first, second = (AdaptedLinear(base, 100, generator) for generator in generators)
    weight = first.adapter.down.weight
    assert torch.equal(weight, second.adapter.down.weight)
    assert weight.dtype == torch.bfloat16
    assert weight.float().std().item() == pytest.approx(0.01, rel=0.05)  # 20,000 draws: 10 sigma


def test_a_waist_of_nothing_is_refused():
    with pytest.raises(ValueError, match="d_bottleneck must be 1 or more: got 0; the paper tries"):
        Adapter(d_model=4, d_bottleneck=0)
