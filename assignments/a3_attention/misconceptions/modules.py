"""Witnesses of mistakes in `MultiHeadAttention`: they observe modules with drawn weights."""

from typing import Any

import torch
from torch import Tensor

from autograder.draw import Draw
from autograder.misconception import Observation, observe, same

MAPS = ("query", "key", "value", "output")


def _loaded(made: Any, draw: Draw, d_model: int, n_heads: int) -> Any:
    """A module in eval() with drawn weights for whatever it has of the four maps."""
    module = made(d_model, n_heads)
    state = dict(module.state_dict())
    for name in MAPS:
        weights = {
            f"{name}.weight": draw.normal(d_model, d_model, scale=d_model**-0.5),
            f"{name}.bias": draw.normal(d_model, scale=0.5),
        }
        state |= {key: value for key, value in weights.items() if key in state}
    module.load_state_dict(state)
    module.eval()
    return module


def parameters(made: Any, draw: Draw) -> Observation:
    """Names and shapes of the state, and names of the parameters."""

    def found() -> object:
        module = made(6, 2)
        state = [(name, str(tuple(x.shape))) for name, x in module.state_dict().items()]
        return sorted(state), sorted(name for name, _ in module.named_parameters())

    return observe(found)


def wiring(made: Any, draw: Draw) -> Observation:
    """The maps that there are, and what becomes of inputs."""
    return parameters(made, draw), values(made, draw)


def _run(
    made: Any, draw: Draw, *shapes: tuple[int, ...], mask: Tensor | None = None
) -> Observation:
    """The output of a fresh module of two heads for drawn x and memory of the shapes given."""

    @torch.no_grad()
    def found() -> object:
        module = _loaded(made, draw, 8, 2)
        inputs = dict(zip(("x", "memory"), (draw.normal(*s) for s in shapes), strict=False))
        return module(**inputs) if mask is None else module(**inputs, mask=mask)

    return observe(found)


def values(made: Any, draw: Draw) -> Observation:
    """Self-attention and a memory, with a mask (n, m) and without one."""
    return (
        _run(made, draw, (2, 5, 8)),
        _run(made, draw, (3, 4, 8), (3, 4, 8)),
        _run(made, draw, (3, 5, 8), mask=draw.mask(5, 5)),
        _run(made, draw, (3, 4, 8), (3, 5, 8), mask=draw.mask(4, 5)),
    )


def batches(made: Any, draw: Draw) -> Observation:
    """Zero, one and two batch dimensions."""
    return tuple(_run(made, draw, (*batch, 4, 8)) for batch in ((), (3,), (2, 3)))


def masks(made: Any, draw: Draw) -> Observation:
    """A mask for all, one for each batch entry, one with a row of False."""
    shapes = ((4, 4), (2, 4, 4))
    some = tuple(_run(made, draw, (2, 4, 8), mask=draw.mask(*shape)) for shape in shapes)
    return some, _run(made, draw, (2, 4, 8), mask=draw.mask(4, 4, empty_rows=1))


def training(made: Any, draw: Draw) -> Observation:
    """The output in eval(), and whether train() gives the same."""

    @torch.no_grad()
    def found() -> object:
        module, x = _loaded(made, draw, 8, 2), draw.normal(3, 8, 8)
        evaluated = observe(lambda: module(x.clone()))
        module.train()
        return evaluated, str(same(evaluated, observe(lambda: module(x.clone()))))

    return observe(found)
