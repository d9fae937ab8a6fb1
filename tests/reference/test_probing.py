"""probing.py against scikit-learn's optimum, and against the loop over layers."""

from functools import partial

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from reference.probing import activations, feed_forward_probe, fit_linear_probe, output_of

# A gradient of 1e-8 a sample leaves weights of order 1 as far away as the penalty, which alone may
# curve the loss, allows: 1e-8 n / l2, at most 6e-6 here.
AT_OPTIMUM = 1e-5

assert_close = partial(torch.testing.assert_close, rtol=0)


def noisy_classes(normal, seed, n, d, n_classes):
    """Vectors, and classes that they decide but for noise."""
    x = normal(seed, n, d)
    return x, (x @ normal(seed + 1, d, n_classes) + 2 * normal(seed + 2, n, n_classes)).argmax(1)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("n", "d", "n_classes", "l2"),
    [(200, 5, 3, 1.0), (60, 8, 4, 0.1), (30, 40, 3, 10.0), (200, 5, 2, 1.0)],
    ids=str,
)
def test_weights_biases_and_probabilities_equal_scikit_learns(
    n, d, n_classes, l2, normal, assert_far
):
    x, labels = noisy_classes(normal, 0, n, d, n_classes)
    ours = fit_linear_probe(x, labels, l2=l2)
    # Of two classes theirs has one vector w where ours has ± w / 2, of half the squared length.
    strength = 1 / l2 if n_classes > 2 else 2 / l2
    theirs = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    theirs.fit(x.numpy(), labels.numpy())
    expected = torch.from_numpy(theirs.predict_proba(x.numpy()))
    assert_close(ours(x).softmax(-1), expected, atol=AT_OPTIMUM)
    weight, bias = torch.from_numpy(theirs.coef_), torch.from_numpy(theirs.intercept_)
    if n_classes == 2:
        weight, bias = torch.cat([-weight, weight]) / 2, torch.cat([-bias, bias]) / 2
    assert_close(ours.weight.detach(), weight, atol=AT_OPTIMUM)
    assert_close(ours.bias.detach(), bias - bias.mean(), atol=AT_OPTIMUM)
    for wrong in (l2 * 1.01, 2 * l2):
        assert_far(fit_linear_probe(x, labels, l2=wrong)(x).softmax(-1), expected, atol=AT_OPTIMUM)


def test_at_the_optimum_the_loss_is_flat_and_no_neighbour_is_better(normal):
    x, labels = noisy_classes(normal, 3, 80, 6, 3)
    probe = fit_linear_probe(x, labels, l2=0.5)

    def loss(weight, bias):
        return F.cross_entropy(x @ weight.T + bias, labels, reduction="sum") + (weight**2).sum() / 4

    weight, bias = (p.detach().requires_grad_() for p in (probe.weight, probe.bias))
    least = loss(weight, bias)
    gradients = torch.autograd.grad(least, [weight, bias])
    assert max(g.abs().max().item() for g in gradients) < 80 * 1e-8
    for seed in range(10):
        for size in (1e-3, 1.0):
            assert loss(weight + size * normal(seed, *weight.shape), bias) > least


def test_the_result_has_the_vectors_dtype_and_leaves_them_alone(normal):
    x, labels = noisy_classes(normal, 0, 50, 4, 3)
    single = x.float().requires_grad_()
    probe = fit_linear_probe(single, labels)
    assert probe.weight.dtype == torch.float32
    assert single.grad is None
    # float32 weights of order 1, rounded once
    assert_close(
        probe.weight.detach().double(), fit_linear_probe(x, labels).weight.detach(), atol=1e-5
    )


def test_a_network_reads_what_no_line_can(normal):
    """Exclusive or: half of it is the most that a linear probe can do by more than luck."""
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    labels = torch.tensor([0, 1, 1, 0])
    linear = fit_linear_probe(x, labels)
    assert_close(linear(x).softmax(-1), torch.full((4, 2), 0.5), atol=1e-6)
    torch.manual_seed(0)
    network = feed_forward_probe(d_model=2, d_hidden=8, n_classes=2)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        F.cross_entropy(network(x), labels).backward()
        optimizer.step()
    assert network(x).argmax(-1).tolist() == labels.tolist()


@pytest.mark.parametrize("layer", [0, 1])
def test_activations_are_what_the_loop_over_layers_computes(layer, model_to_adapt):
    model, ids = model_to_adapt("decoder"), torch.tensor([[3, 1, 4, 1, 5]])
    x = model.token(ids) + model.position.weight[:5]
    for block in model.blocks[: layer + 1]:
        x = block(x)
    found = activations(model, f"blocks.{layer}", ids)
    assert torch.equal(found, x.detach())
    assert not found.requires_grad


def test_an_output_leads_back_to_the_model_and_the_hook_is_gone(model_to_adapt):
    model, ids = model_to_adapt("encoder"), torch.tensor([[3, 1, 4]])
    mask = torch.tensor([[1, 1, 0]])
    found = output_of(model, "encoder", ids, attention_mask=mask)
    assert torch.equal(found, model(ids, None, mask)[0])
    assert found.requires_grad
    assert not model.encoder._forward_hooks
    with pytest.raises(TypeError, match="nonsense"):
        output_of(model, "encoder", ids, nonsense=1)
    assert not model.encoder._forward_hooks


def test_what_is_wrong_is_said(normal, model_to_adapt):
    x, labels = noisy_classes(normal, 0, 50, 4, 3)
    with pytest.raises(ValueError, match=r"l2 must be above 0: got 0.0; without it, classes that"):
        fit_linear_probe(x, labels, l2=0.0)
    with pytest.raises(RuntimeError, match=r"must reach its optimum: got a gradient of .* after 2"):
        fit_linear_probe(x, labels, max_steps=2)
    model = model_to_adapt("decoder")
    model.unused = torch.nn.Linear(2, 2)
    with pytest.raises(ValueError, match="'unused' must run once: got 0 runs; choose one that"):
        activations(model, "unused", torch.tensor([[1]]))
