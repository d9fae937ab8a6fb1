"""Probing: what can be read off a frozen model's states?

Slide "Adaptation: Probing"; Alain & Bengio 2016, §3 (a linear probe on any layer); Hewitt & Liang
2019, §2. The model is an encoder of representations and stays as it is; a small head is fitted to
its states, linear or a shallow network. If a linear head finds the answer, the states say it
plainly; what a wide network finds, it may have worked out by itself.

Any module's output can be probed, by its path. A linear probe's loss is convex, so its optimum is
computed, not approached: neither a seed nor a learning rate has a say in it.

>>> model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 1))
>>> states = activations(model, "0", torch.tensor([[1, 5]]))
>>> tuple(states.shape), states.requires_grad
((1, 2, 4), False)
>>> vectors = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
>>> probe = fit_linear_probe(vectors, torch.tensor([0, 0, 1, 1]))
>>> probe(vectors).argmax(-1).tolist()
[0, 0, 1, 1]

Left out: control tasks, probes on attention weights, the choice of `l2` by held-out data.
Proved by: scikit-learn's LogisticRegression at its optimum (weights, biases, probabilities), a
gradient of zero there; a hook sees what the layers' loop returns, and is gone afterwards.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

CONVERGED = 1e-8  # of the gradient's largest entry, per sample: some times what float64 reaches


def output_of(model: nn.Module, path: str, *inputs: Any, **named: Any) -> Tensor:
    """Run the model, and return what the module at this path returned on the way."""
    caught: list[Tensor] = []
    module = model.get_submodule(path)
    handle = module.register_forward_hook(lambda _module, _inputs, output: caught.append(output))
    try:
        model(*inputs, **named)
    finally:
        handle.remove()
    if len(caught) != 1:
        raise ValueError(
            f"the module {path!r} must run once: got {len(caught)} runs; choose one that the model "
            "calls once"
        )
    return caught[0]


@torch.no_grad()
def activations(model: nn.Module, path: str, *inputs: Any, **named: Any) -> Tensor:
    """Return a module's output as data, with no way back to the model: what a probe reads."""
    return output_of(model, path, *inputs, **named)


def fit_linear_probe(
    vectors: Float[Tensor, "n_samples d_model"],
    labels: Int[Tensor, " n_samples"],
    *,
    l2: float = 1.0,
    max_steps: int = 2000,
) -> nn.Linear:
    """Find the linear head of least cross-entropy, summed, plus l2 / 2 times its squared weights.

    The classes are 0 … labels.max(). The penalty makes the optimum unique, but for a constant added
    to all biases: theirs sum to 0.
    """
    if l2 <= 0:
        raise ValueError(
            f"l2 must be above 0: got {l2}; without it, classes that a plane parts have no optimum"
        )
    x, n_classes = vectors.detach().double(), int(labels.max()) + 1
    weight = x.new_zeros(n_classes, x.shape[1], requires_grad=True)
    bias = x.new_zeros(n_classes, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=max_steps,
        tolerance_grad=CONVERGED / 100,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        cross_entropy = F.cross_entropy(F.linear(x, weight, bias), labels, reduction="sum")
        # the mean, so that the gradient's scale does not depend on the number of samples
        value = (cross_entropy + l2 / 2 * weight.square().sum()) / len(x)
        value.backward()
        return value

    optimizer.step(loss)
    loss()
    steepest = max(float(p.grad.abs().max()) for p in (weight, bias) if p.grad is not None)
    if not steepest < CONVERGED:
        raise RuntimeError(
            f"the probe must reach its optimum: got a gradient of {steepest:.1e} after {max_steps} "
            "steps; allow more, raise l2, or scale the vectors"
        )
    probe = nn.Linear(x.shape[1], n_classes).to(vectors)
    with torch.no_grad():
        probe.weight.copy_(weight)
        probe.bias.copy_(bias - bias.mean())
    return probe


def feed_forward_probe(d_model: int, d_hidden: int, n_classes: int) -> nn.Sequential:
    """Make the slide's other head, one hidden layer; train it as any network."""
    return nn.Sequential(nn.Linear(d_model, d_hidden), nn.ReLU(), nn.Linear(d_hidden, n_classes))
