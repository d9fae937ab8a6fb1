"""Witnesses of mistakes in `BertEmbeddings`: they observe modules with drawn weights."""

from typing import Any

import torch

from assignments.a5_masked_lm.checks.embeddings import shapes, texts
from autograder import expect
from autograder.draw import Draw
from autograder.misconception import Observation, observe, same

SIZES = 11, 7, 8


def _loaded(made: Any, draw: Draw) -> Any:
    """A module in eval() with drawn weights for whatever it has of the parameters."""
    module = made(*SIZES)
    state = dict(module.state_dict())
    drawn = {name: draw.normal(*shape, scale=10.0) for name, shape in shapes(*SIZES).items()}
    module.load_state_dict(
        state
        | {name: x for name, x in drawn.items() if name in state and state[name].shape == x.shape}
    )
    module.eval()
    return module


@torch.no_grad()
def _run(made: Any, draw: Draw, b: int, n: int) -> Observation:
    return observe(lambda: _loaded(made, draw)(*texts(draw, 11, b, n)))


def parameters(made: Any, draw: Draw) -> Observation:
    """Names and shapes of the parameters."""

    def found() -> object:
        named = made(*SIZES).named_parameters()
        return sorted((name, str(tuple(x.shape))) for name, x in named)

    return observe(found)


def values(made: Any, draw: Draw) -> Observation:
    """Texts of several lengths, the full one among them."""
    shown = tuple(_run(made, draw, b, n) for b, n in ((4, 7), (3, 5), (1, 1), (2, 2)))
    return parameters(made, draw), shown


def training(made: Any, draw: Draw) -> Observation:
    """The output in eval(), and whether train() gives the same."""

    @torch.no_grad()
    def found() -> object:
        module, given = _loaded(made, draw), texts(draw, 11, 8, 7)
        evaluated = observe(lambda: module(*given))
        module.train()
        return evaluated, str(same(evaluated, observe(lambda: module(*given))))

    return observe(found)


def gradients(made: Any, draw: Draw) -> Observation:
    """The output, and which parameters get a gradient."""

    def found() -> object:
        module, given = _loaded(made, draw), texts(draw, 11, 4, 7)
        output = module(*given)
        named = {name: x for name, x in module.named_parameters() if x.requires_grad}
        reached = expect.gradients(output, named, draw.normal(4, 7, 8), what="")
        return output, sorted(name for name, x in reached.items() if x is not None)

    return observe(found)
