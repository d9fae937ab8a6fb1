"""lora.py against peft with the same weights, and against the dense matrix."""

import copy
from functools import partial

import peft
import pytest
import torch
from torch import nn

from reference.gpt import GPT, GPTConfig
from reference.lora import LoRALinear, add_lora, merge, unmerge
from reference.trainable import trainable_share

# One float64 computation, in two orders where merged; outputs and gradients are of order 10.
EXACT = 512 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
KINDS = ["encoder", "decoder", "encoder-decoder"]


@pytest.fixture
def ids():
    return torch.randint(23, (3, 8), generator=torch.Generator().manual_seed(0))


def outputs(model, ids):
    found = model(ids, ids[:, :5]) if hasattr(model, "decoder") else model(ids)
    return found[0] if isinstance(found, tuple) else found


def draw_branches(model, normal):
    """Give the branches weights as after training: at first the whole change is 0."""
    with torch.no_grad():
        for i, branch in enumerate(branches(model)):
            branch.down.copy_(normal(2 * i, *branch.down.shape) / 2)
            branch.up.copy_(normal(2 * i + 1, *branch.up.shape) / 2)


def branches(model):
    return [module for module in model.modules() if isinstance(module, LoRALinear)]


def with_peft(model, branches_of, **options):
    """Let peft adapt a copy of the model, and copy the branches' weights."""
    config = peft.LoraConfig(lora_dropout=0.0, **options)
    theirs = peft.inject_adapter_in_model(config, copy.deepcopy(model)).double().eval()
    layers = [m for m in theirs.modules() if isinstance(m, peft.tuners.lora.Linear)]
    assert len(layers) == len(branches_of)
    with torch.no_grad():
        for layer, branch in zip(layers, branches_of, strict=True):
            layer.lora_A["default"].weight.copy_(branch.down)
            layer.lora_B["default"].weight.copy_(branch.up)
    return theirs, layers


@pytest.mark.parity
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("rank", "alpha", "targets"),
    [
        (2, 8.0, ["query", "value"]),
        (4, 1.0, ["query", "key", "value", "output", "first", "second"]),
        (1, 3.5, ["value"]),
    ],
    ids=str,
)
def test_outputs_gradients_and_merged_weights_equal_peft(
    kind, rank, alpha, targets, model_to_adapt, normal, ids, assert_far
):
    ours = model_to_adapt(kind)
    untouched = copy.deepcopy(ours)
    add_lora(ours, rank=rank, alpha=alpha, targets=targets)
    draw_branches(ours, normal)
    theirs, layers = with_peft(
        untouched, branches(ours), r=rank, lora_alpha=alpha, target_modules=targets
    )
    expected = outputs(theirs, ids)
    assert_close(outputs(ours, ids), expected, atol=EXACT)
    assert_far(outputs(untouched, ids), expected, atol=EXACT)

    weights = normal(99, *expected.shape)
    (outputs(ours, ids) * weights).sum().backward()
    (expected * weights).sum().backward()
    for branch, layer in zip(branches(ours), layers, strict=True):
        for mine, their in ((branch.down, layer.lora_A), (branch.up, layer.lora_B)):
            assert_close(mine.grad, their["default"].weight.grad, atol=EXACT)
            assert_far(mine.grad.float().double(), their["default"].weight.grad, atol=EXACT)

    merge(ours)
    for branch, layer in zip(branches(ours), layers, strict=True):
        layer.merge()
        assert_close(branch.base.weight, layer.base_layer.weight, atol=EXACT)


WRONG = {
    "no division": lambda alpha, rank: alpha,
    "no alpha": lambda alpha, rank: 1 / rank,
    "by the root of the rank": lambda alpha, rank: alpha / rank**0.5,
    "no scale": lambda alpha, rank: 1,
}


@pytest.mark.parametrize("scale", WRONG)
def test_the_tolerance_tells_a_wrong_scale_where_alpha_is_not_the_rank(scale, normal, assert_far):
    base, x = nn.Linear(6, 5).double(), normal(0, 4, 6)
    layer = LoRALinear(base, rank=2, alpha=8.0)
    draw_branches(layer, normal)
    expected = x @ (base.weight + 8 / 2 * layer.up @ layer.down).T + base.bias
    assert_close(layer(x), expected, atol=EXACT)
    layer.scale = WRONG[scale](8, 2)
    assert_far(layer(x), expected, atol=EXACT)


def test_a_branch_by_hand():
    base = nn.Linear(2, 2, bias=False)
    layer = LoRALinear(base, rank=1, alpha=3.0)
    with torch.no_grad():
        base.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        layer.down.copy_(torch.tensor([[1.0, 2.0]]))
        layer.up.copy_(torch.tensor([[10.0], [20.0]]))
    # A x = 1 · 5 + 2 · 7 = 19, and so 3 / 1 · B A x = (570, 1140)
    assert layer(torch.tensor([5.0, 7.0])).tolist() == [575, 1147]
    layer.merge()
    assert base.weight.tolist() == [[31, 60], [60, 121]]


@pytest.mark.parametrize("kind", KINDS)
def test_at_first_the_model_is_as_it_was_and_only_b_is_pulled(kind, model_to_adapt, ids):
    model = model_to_adapt(kind)
    before = outputs(model, ids)
    add_lora(model, rank=2, alpha=8.0)
    after = outputs(model, ids)
    assert torch.equal(after, before)
    after.square().sum().backward()
    for branch in branches(model):
        assert branch.up.grad.abs().max() > 0
        assert not branch.down.grad.any()
        assert branch.down.std() > 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_merging_computes_the_same_and_unmerging_restores_every_bit(
    dtype, model_to_adapt, normal, ids, assert_far
):
    model = model_to_adapt("encoder").to(dtype)
    add_lora(model, rank=2, alpha=7.0)
    draw_branches(model, normal)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    apart = outputs(model, ids).double()
    merge(model)
    # Two orders of rounding sums of a dozen terms, then normed to order 1. Seen: 2 eps.
    as_rounded = 8 * torch.finfo(dtype).eps
    assert_close(outputs(model, ids).double(), apart, atol=as_rounded)
    unmerge(model)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    for branch in branches(model):
        branch.up.data.zero_()
    assert_far(outputs(model, ids).double(), apart, atol=as_rounded)


def test_subtracting_the_change_would_not_restore_every_bit(model_to_adapt, normal):
    """What `unmerge` promises is more than arithmetic gives."""
    model = model_to_adapt("encoder").float()
    add_lora(model, rank=2, alpha=7.0)
    draw_branches(model, normal)
    weights = [branch.base.weight.clone() for branch in branches(model)]
    merge(model)
    changed = [
        branch.base.weight - branch.scale * branch.up @ branch.down for branch in branches(model)
    ]
    assert not all(map(torch.equal, weights, changed))


def test_a_merged_branch_is_not_computed_a_second_time(normal):
    layer = LoRALinear(nn.Linear(6, 5).double(), rank=2, alpha=8.0)
    draw_branches(layer, normal)
    layer.merge()
    assert torch.equal(layer(torch.ones(6).double()), layer.base(torch.ones(6).double()))
    assert set(layer.state_dict()) == {"down", "up", "base.weight", "base.bias"}


def test_merging_twice_and_unmerging_what_is_not_merged_are_refused():
    layer = LoRALinear(nn.Linear(6, 5), rank=2, alpha=8.0)
    with pytest.raises(RuntimeError, match="must be merged: got one that is not; merge first"):
        layer.unmerge()
    layer.merge()
    with pytest.raises(RuntimeError, match="must not be merged yet: got a merged one; unmerge"):
        layer.merge()


@pytest.mark.parametrize("rank", [1, 3])
def test_the_change_has_the_rank_and_reaches_every_entry(rank, normal):
    layer = LoRALinear(nn.Linear(7, 5).double(), rank=rank, alpha=2.0)
    draw_branches(layer, normal)
    before = layer.base.weight.clone()
    layer.merge()
    change = layer.base.weight - before
    assert torch.linalg.matrix_rank(change, rtol=1e-10) == rank
    assert change.abs().min() > 0


def test_gpt_3_has_the_papers_4_7_million_at_rank_1():
    """Hu et al. 2021, §5.5: queries and values of 96 layers, 12,288 wide: 96 · 2 · 2 · 12,288."""
    with torch.device("meta"):
        model = GPT(GPTConfig(n_layers=96, d_model=12_288, n_heads=96, max_length=2048))
        add_lora(model, rank=1, alpha=1.0)
    assert trainable_share(model).trainable == 4_718_592
    assert trainable_share(model).share < 3e-5


@pytest.mark.parametrize("rank", [0, 6])
def test_a_rank_that_is_none_or_saves_nothing_is_refused(rank):
    with pytest.raises(ValueError, match=rf"from 1 to min\(d_in, d_out\)=5: got {rank}; a higher"):
        LoRALinear(nn.Linear(7, 5), rank=rank, alpha=1.0)


def test_a_has_entries_that_keep_the_size_of_x_and_the_generator_decides_them():
    layer = LoRALinear(nn.Linear(400, 100), 50, 1.0, torch.Generator().manual_seed(3))
    again = LoRALinear(nn.Linear(400, 100), 50, 1.0, torch.Generator().manual_seed(3))
    assert torch.equal(layer.down, again.down)
    assert layer.down.std().item() == pytest.approx(1 / 20, rel=0.05)  # 20,000 draws: 10 sigma
