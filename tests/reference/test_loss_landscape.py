"""loss_landscape.py: quadratic losses, known everywhere, and networks rescaled layer by layer."""

import copy
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from reference.loss_landscape import (
    filter_normalised,
    loss_at,
    slice_around,
    weights_of,
)

# Losses of order 10 from sums of a few dozen terms: so many eps of float64.
EXACT = 256 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def network(normal):
    """A ReLU network with BatchNorm, and its loss: buffers change with each call in training."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2)).double()
    x, y = normal(0, 8, 4), normal(1, 8, 2)
    return model, lambda m: (m(x) - y).square().mean()


@pytest.fixture
def plain(normal):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)).double()
    x, y = normal(0, 8, 4), normal(1, 8, 2)
    return model, lambda m: (m(x) - y).square().mean()


@pytest.mark.parity
def test_the_loss_elsewhere_is_that_of_a_copy_with_torchs_vector_put_in(network, normal):
    model, loss_of = network
    assert torch.equal(weights_of(model), parameters_to_vector(model.parameters()))
    weights = normal(2, len(weights_of(model)))
    other = copy.deepcopy(model)
    vector_to_parameters(weights, other.parameters())
    assert torch.equal(loss_at(model, loss_of, weights), loss_of(other))
    assert not torch.equal(loss_at(model, loss_of, weights.flip(0)), loss_of(other))


def test_it_can_be_differentiated(plain):
    model, loss_of = plain
    weights = weights_of(model).requires_grad_()
    (slopes,) = torch.autograd.grad(loss_at(model, loss_of, weights), weights)
    expected = torch.autograd.grad(loss_of(model), list(model.parameters()))
    assert_close(slopes, parameters_to_vector(expected), atol=EXACT)


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_bit_for_bit_as_it_was(fails, network):
    model, loss_of = network
    before = copy.deepcopy(model.state_dict())
    parameters = list(model.parameters())

    def breaks(m):
        loss_of(m)
        raise RuntimeError("stop")

    directions = filter_normalised(model, seeded(0))[None]
    if fails:
        with pytest.raises(RuntimeError, match="stop"):
            slice_around(model, breaks, directions, 3)
    else:
        slice_around(model, loss_of, directions, 3)
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    loss_of(model)  # and this call does change the running means: the test can fail
    assert not torch.equal(before["1.running_mean"], model[1].running_mean)


def test_slices_of_a_quadratic_are_known_everywhere(normal, assert_far):
    model = nn.Linear(5, 1, bias=False).double()
    w, a, b = model.weight.detach()[0], normal(1, 5), normal(2, 5)
    square, centre = normal(0, 5, 5), normal(3, 5)

    def loss_of(m):
        return (square @ (m.weight[0] - centre)).square().sum()

    found = slice_around(model, loss_of, torch.stack([a, b]), 5, reach=2.0)
    assert found.steps.tolist() == [-2, -1, 0, 1, 2]
    expected = [
        [(square @ (w + s * a + t * b - centre)).square().sum() for t in found.steps]
        for s in found.steps
    ]
    expected = torch.tensor(expected, dtype=torch.float64)
    assert_close(found.losses, expected, atol=10 * EXACT)  # losses of order 100
    assert_far(found.losses.T, expected, atol=10 * EXACT)
    line = slice_around(model, loss_of, a[None], 5, reach=2.0)
    assert_close(line.losses, expected[:, 2], atol=10 * EXACT)
    assert found.losses[2, 2] == loss_of(model)


def test_filters_are_as_long_as_the_models_and_vectors_stay(network):
    model, _ = network
    direction = filter_normalised(model, seeded(0))
    parts = direction.split([p.numel() for p in model.parameters()])
    for p, part in zip(model.parameters(), parts, strict=True):
        if p.ndim < 2:
            assert not part.any()
        else:
            assert_close(part.view_as(p).norm(dim=1), p.detach().norm(dim=1), atol=EXACT)
    convolution = nn.Conv2d(2, 3, 5, bias=False)
    lengths = filter_normalised(convolution, seeded(0)).view(3, -1).norm(dim=1)
    expected = convolution.weight.detach().flatten(1).norm(dim=1)
    assert_close(lengths, expected, atol=1e-6)  # 50 terms in float32


def rescaled(model, scale):
    """Multiply the first layer and divide the second: the same function, by ReLU's homogeneity."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[0].weight.mul_(torch.as_tensor(scale)[..., None])
        other[0].bias.mul_(scale)
        other[2].weight.div_(scale)
    return other


def test_rescaled_layers_have_the_same_slice(plain, assert_far):
    """A power of 2 rounds nothing; steps of equal length in all weights show another picture."""
    model, loss_of = plain
    other = rescaled(model, torch.tensor(8.0, dtype=torch.float64))
    assert_close(loss_of(other), loss_of(model), atol=EXACT)
    slices = [
        slice_around(m, loss_of, filter_normalised(m, seeded(1))[None], 11).losses
        for m in (model, other)
    ]
    assert_close(slices[0], slices[1], atol=EXACT)
    raw = torch.randn(len(weights_of(model)), generator=seeded(1), dtype=torch.float64)
    unscaled = [slice_around(m, loss_of, raw[None], 11).losses for m in (model, other)]
    assert_far(unscaled[0], unscaled[1], atol=0.1)


def test_rescaled_neurons_do_not(plain, normal, assert_far):
    """The next layer's filters keep their function but turn: what the docstring leaves out."""
    model, loss_of = plain
    other = rescaled(model, normal(5, 6).exp())
    assert_close(loss_of(other), loss_of(model), atol=EXACT)
    slices = [
        slice_around(m, loss_of, filter_normalised(m, seeded(1))[None], 11).losses
        for m in (model, other)
    ]
    assert_far(slices[0], slices[1], atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_steps": 4}, "n_steps must be odd, 3 or more: got 4; else none is at the weights"),
        ({"n_steps": 1}, "got 1"),
        ({"directions": torch.zeros(3, 44)}, "1 or 2 directions: got 3; pass direction"),
        ({"loss_of": lambda m: m[0].bias}, r"one number, .* got \(6,\); take the mean"),
    ],
    ids=["even", "one", "three", "vector"],
)
@pytest.mark.usefixtures("no_shape_checker")
def test_arguments_that_make_no_sense(change, message, plain):
    model, loss_of = plain
    arguments = {
        "loss_of": loss_of,
        "directions": torch.zeros(1, 44).double(),
        "n_steps": 3,
    } | change
    with pytest.raises(ValueError, match=message):
        slice_around(model, **arguments)


def test_weights_of_another_model_are_refused(plain):
    with pytest.raises(ValueError, match="the model's 44 parameters: got 1; take those of an"):
        loss_at(*plain, torch.zeros(1))
