"""minima.py: one model trained by itself, losses whose minima are known, and a small network.

The network learns 24 random targets: with 19 parameters it cannot, with 301 it can.
"""

import copy
import math
from functools import partial

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch import nn
from torch.nn.utils import vector_to_parameters

from reference.loss_landscape import loss_at, weights_of
from reference.minima import (
    Minima,
    barrier,
    bezier,
    connect,
    path_losses,
    train_from_seeds,
)

# Weights and losses of order 10, a few roundings each: so many eps of float64.
EXACT = 64 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)


@pytest.fixture(scope="module")
def task(normal):
    """Make a network of a width; its loss on 24 samples whose targets are noise alone."""
    x, y = normal(0, 24, 4), normal(1, 24, 1)

    def make(width, activation=nn.Tanh):
        return nn.Sequential(nn.Linear(4, width), activation(), nn.Linear(width, 1)).double()

    return make, lambda m: (m(x) - y).square().mean()


@pytest.fixture(scope="module")
def ends(task):
    """Where 15 seeds end, with too few parameters and with more than enough."""
    make, loss_of = task
    return {width: train_from_seeds(partial(make, width), loss_of, range(15)) for width in (3, 50)}


def test_over_parameterised_all_seeds_reach_0_and_under_parameterised_they_differ(ends):
    assert [ends[width].weights.shape[1] for width in (3, 50)] == [19, 301]
    assert ends[50].losses.max() < 1e-12
    assert ends[3].losses.min() > 1e-2
    assert ends[3].losses.max() > 2 * ends[3].losses.min()


def test_loss_0_is_reached_at_different_weights(ends):
    distances = torch.pdist(ends[50].weights)
    assert distances.min() > 0.5 * ends[50].weights.norm(dim=1).mean()


def test_seeds_trained_side_by_side_end_as_each_by_itself(task, assert_far):
    """Batched products round in another order; 30 steps of Adam at 0.05 magnify it a little."""
    make, loss_of = task
    found = train_from_seeds(partial(make, 3), loss_of, [4, 5], n_steps=30)
    for i, seed in enumerate((4, 5)):
        torch.manual_seed(seed)
        model = make(3)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05, betas=(0.9, 0.99))
        for step in range(30):
            optimizer.param_groups[0]["lr"] = 0.05 * (1 + math.cos(math.pi * step / 30)) / 2
            optimizer.zero_grad()
            loss_of(model).backward()
            optimizer.step()
        assert_close(found.weights[i], weights_of(model), atol=1e-9)
        assert_close(found.losses[i], loss_of(model).detach(), atol=1e-9)
        assert_far(found.weights[1 - i], weights_of(model), atol=1e-9)


def test_the_callers_random_numbers_go_on_as_they_were(task):
    make, loss_of = task
    before = torch.get_rng_state()
    train_from_seeds(partial(make, 3), loss_of, [1], n_steps=1)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("width", [3, 500])
def test_with_relu_a_plateau_of_high_loss_is_no_global_minimum_at_any_width(width, task, normal):
    """Units that are 0 on every sample: all weights near these give the same loss, or a higher one.

    The output's bias is the mean target, so no step of it helps either.
    """
    make, loss_of = task
    model = make(width, nn.ReLU)
    with torch.no_grad():
        model[0].bias.fill_(-100)
        model[2].bias.zero_()
        model[2].bias.fill_(-_slope(model, loss_of)[-1].item() / 2)
    stuck = weights_of(model)
    assert_close(_slope(model, loss_of), torch.zeros_like(stuck), atol=EXACT)
    loss = loss_at(model, loss_of, stuck)
    for seed in range(20):
        near = stuck + 0.01 * normal(seed, len(stuck))
        assert loss_at(model, loss_of, near) >= loss - EXACT
    assert loss > 0.1
    if width == 500:  # where a fresh start does reach 0
        found = train_from_seeds(partial(make, width, nn.ReLU), loss_of, [0], n_steps=600)
        assert found.losses[0] < 1e-6


@torch.enable_grad()
def _slope(model, loss_of):
    parameters = list(model.parameters())
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss_of(model), parameters)])


def test_a_bezier_curve_is_its_polynomial_and_two_controls_are_a_line(normal, assert_far):
    a, b, c = normal(0, 3, 7)
    for t in (0.0, 0.2, 0.5, 1.0):
        at = torch.tensor(t, dtype=torch.float64)
        expected = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
        assert_close(bezier(torch.stack([a, b, c]), at), expected, atol=EXACT)
        assert_close(bezier(torch.stack([a, c]), at), (1 - t) * a + t * c, atol=EXACT)
    assert_far(
        bezier(torch.stack([a, b, c]), torch.tensor(0.2, dtype=torch.float64)),
        0.64 * a + 0.16 * b + 0.04 * c,  # without the 2
        atol=EXACT,
    )


def test_path_losses_are_those_of_copies(task, ends):
    make, loss_of = task
    model, (start, end) = make(50), ends[50].weights[:2]
    expected = []
    for t in (0.0, 0.25, 0.5, 0.75, 1.0):
        other = copy.deepcopy(model)
        vector_to_parameters((1 - t) * start + t * end, other.parameters())
        expected.append(loss_of(other).detach())
    found = path_losses(model, loss_of, torch.stack([start, end]), 5)
    assert_close(found, torch.stack(expected), atol=EXACT)


def test_barriers_by_hand():
    assert barrier(torch.tensor([1.0, 4.0, 3.0])) == 2  # the line is at 2
    assert barrier(torch.tensor([1.0, 2.0, 3.0])) == 0
    assert barrier(torch.tensor([1.0, 0.0, 3.0])) == 0
    assert barrier(torch.tensor([1.0, 3.0])) == 0


def test_a_convex_loss_has_no_barrier_between_any_two_points(normal):
    model = nn.Linear(4, 1).double()
    x, y = normal(0, 9, 4), normal(1, 9, 1)
    for seed in range(20):
        line = path_losses(model, lambda m: (m(x) - y).square().mean(), normal(seed, 2, 5))
        assert barrier(line) == 0
        assert barrier(-line) > 0.01


def test_between_opposite_points_of_a_ring_the_path_goes_round():
    """A loss of (|w|² - 1)²: over the middle a barrier of 1; the best bend by SciPy.

    Draws of t leave the bend within 0.05 of it; the other side of the ring is as good.
    """
    model = nn.Linear(2, 1, bias=False).double()

    def loss_of(m):
        return (m.weight.square().sum() - 1).square()

    start, end = torch.eye(2, dtype=torch.float64)[0] * torch.tensor([[1.0], [-1.0]])
    assert barrier(path_losses(model, loss_of, torch.stack([start, end]))) == 1
    controls = connect(model, loss_of, start, end)
    assert torch.equal(controls[[0, 2]], torch.stack([start, end]))
    t = np.linspace(0, 1, 10_001)

    def mean_loss(bend):  # the curve is ((1 - t)² - t², 2t (1 - t) bend)
        return np.mean(((1 - 2 * t) ** 2 + (2 * t * (1 - t) * bend) ** 2 - 1) ** 2)

    best = minimize_scalar(mean_loss, bounds=(0, 5), method="bounded").x
    assert controls[1].abs().tolist() == pytest.approx([0, best], abs=0.05)
    assert mean_loss(best - 0.2) > 1.05 * mean_loss(best) < mean_loss(best + 0.2) / 1.05
    assert barrier(path_losses(model, loss_of, controls)) < 0.1


def test_two_minima_of_a_wide_network_are_joined_by_a_bent_path(task, ends):
    make, loss_of = task
    model, (start, end) = make(50), ends[50].weights[:2]
    straight = barrier(path_losses(model, loss_of, torch.stack([start, end])))
    controls = connect(model, loss_of, start, end, n_steps=300)
    assert straight > 0.1
    assert barrier(path_losses(model, loss_of, controls)) < 0.05 * straight


def test_arguments_that_make_no_sense(task):
    make, loss_of = task
    with pytest.raises(ValueError, match="one seed at least: got none; pass range"):
        train_from_seeds(partial(make, 3), loss_of, [])
    with pytest.raises(ValueError, match="n_points must be 2 or more: got 1; the ends are two"):
        path_losses(make(3), loss_of, torch.zeros(2, 19).double(), 1)
    assert isinstance(train_from_seeds(partial(make, 2), loss_of, [0], n_steps=1), Minima)
