"""A student's multi-head module and the reference's with the same weights, compared.

Drawn weights are loaded into both, and whole outputs are compared. The student's module is put in
eval() first, so that dropout, which should not be there, costs its own check alone. Left out: other
kinds of modules. Proved by: `autograder validate a3_attention`.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

import reference.multihead_attention
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed

MAPS = ("query", "key", "value", "output")


def new(student: Any, d_model: int, n_heads: int) -> Any:
    """Make a module of the student's class."""
    made = student(d_model, n_heads)
    return expect.module(made, what=f"MultiHeadAttention({d_model}, {n_heads})")


class Pair:
    """A module of the student's and one of the reference's, with the same drawn weights."""

    def __init__(
        self,
        student: Any,
        draw: Draw,
        d_model: int,
        n_heads: int,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Make both modules, and load what the student's has of the four maps."""
        self.dtype = dtype
        self.theirs = new(student, d_model, n_heads)
        if dtype is torch.float64:
            self.theirs.double()
        self.ours = reference.multihead_attention.MultiHeadAttention(d_model, n_heads).double()
        state = dict(self.theirs.state_dict())
        drawn = _weights(draw, d_model, dtype)
        present = {name: weight for name, weight in drawn.items() if name in state}
        missing = [name for name in drawn if name not in present]
        if any(name.endswith("weight") for name in missing):
            raise CheckFailed(f"its state_dict() has no {missing[0]}")
        absent = {name: torch.zeros_like(drawn[name]) for name in missing}
        self.theirs.load_state_dict({**state, **present})
        self.ours.load_state_dict({**present, **absent})
        self.theirs.eval()

    def want(self, x: Tensor, memory: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """What the reference makes of the inputs."""
        memory = None if memory is None else memory.double()
        want: Tensor = self.ours(x.double(), memory, mask)
        return want

    def compare(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        what: str = "the output",
        why: str = "",
    ) -> None:
        """Fail unless the student's module makes the same of the inputs."""
        given = {"memory": memory, "mask": mask}
        named = {name: value.clone() for name, value in given.items() if value is not None}
        with torch.no_grad():  # parameters then need not be sent for
            got = self.theirs(x.clone(), **named)
            want = self.want(x, memory, mask)
        expect.close(got, want, what=what, why=why, dtype=self.dtype)

    def compare_gradients(
        self, draw: Draw, x: Tensor, memory: Tensor | None, mask: Tensor | None
    ) -> None:
        """Fail unless x, the memory and all parameters get the reference's gradients."""
        given = {"x": x} if memory is None else {"x": x, "memory": memory}
        theirs = {name: value.clone().requires_grad_() for name, value in given.items()}
        ours = {name: value.double().requires_grad_() for name, value in given.items()}
        cotangent = draw.normal(*x.shape, dtype=self.dtype)
        want = self.want(ours["x"], ours.get("memory"), mask)
        got = self.theirs(**theirs) if mask is None else self.theirs(**theirs, mask=mask.clone())
        ours |= dict(self.ours.named_parameters())
        theirs |= dict(self.theirs.named_parameters())
        shared = [name for name in ours if name in theirs]
        if missing := [name for name in ours if name.endswith("weight") and name not in theirs]:
            raise CheckFailed(f"it has no parameter {missing[0]}")
        expect.same_gradients(
            expect.gradients(got, _chosen(theirs, shared), cotangent, what="the module"),
            expect.gradients(want, _chosen(ours, shared), cotangent.double(), what="the module"),
            what="the module",
            dtype=self.dtype,
        )


def _chosen(values: dict[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    return {name: values[name] for name in names}


def shapes(d_model: int) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters of the four maps, by name."""
    return {
        f"{name}.{part}": shape
        for name in MAPS
        for part, shape in (("weight", (d_model, d_model)), ("bias", (d_model,)))
    }


def _weights(draw: Draw, d_model: int, dtype: torch.dtype) -> dict[str, Tensor]:
    """Weights that keep outputs and scores near 1 in size."""
    return {
        name: draw.normal(*shape, dtype=dtype, scale=d_model**-0.5 if len(shape) > 1 else 0.5)
        for name, shape in shapes(d_model).items()
    }
