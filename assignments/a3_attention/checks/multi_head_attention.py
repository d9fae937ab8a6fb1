"""Checks of `MultiHeadAttention(d_model, n_heads)` and its `forward(x, memory=None, mask=None)`.

Where heads are not the point there is one. Left out: the initial weights, widths that n_heads does
not divide. Proved by: `autograder validate a3_attention`.
"""

from functools import partial
from typing import Any

import torch
from torch import nn

import reference.attention
from assignments.a3_attention.checks import right_parts
from assignments.a3_attention.checks.module_pair import Pair, new, shapes
from assignments.a3_attention.checks.scaled_dot_product_attention import (
    SCALED_DOT_PRODUCT_ATTENTION,
)
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed, Part, Rubric

MULTI_HEAD_ATTENTION = Rubric(
    "a3_attention",
    "MultiHeadAttention",
    {
        "scaled_dot_product_attention": Part(
            SCALED_DOT_PRODUCT_ATTENTION, right_parts.scaled_dot_product_attention
        )
    },
)
CHECK = MULTI_HEAD_ATTENTION.check


@CHECK("linear maps query, key, value and output, each its own, with bias", points=2)
def _(student: Any, draw: Draw) -> None:
    for d_model, n_heads in ((6, 1), (12, 3)):
        module = new(student, d_model, n_heads)
        state = module.state_dict()
        for name, shape in shapes(d_model).items():
            if name not in state:
                raise CheckFailed(f"its state_dict() has no {name}")
            expect.tensor(state[name], what=name, shape=shape)
        named = {name for name, _ in module.named_parameters()}
        for name in shapes(d_model):
            if name not in named:
                raise CheckFailed(
                    f"{name} is no parameter of its own: each of the four maps has its own weights"
                )
        if extra := sorted(named - shapes(d_model).keys()):
            raise CheckFailed(f"it has parameters beyond the four maps, {len(extra)} of them")


@CHECK("one head: project, attend, project", points=2)
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 5, 1)
    for b, n in ((2, 4), (2, 4), (3, 3)):  # twice: nothing may be kept from a call
        pair.compare(
            draw.normal(b, n, 5),
            what="the output of one head",
            why="output(attention(query(x), key(x), value(x)))",
        )


@CHECK("several heads, each on its own slice of the features", points=2)
def _(student: Any, draw: Draw) -> None:
    for d_model, n_heads, b, n in ((8, 2, 2, 5), (12, 3, 3, 3), (6, 6, 1, 4)):
        Pair(student, draw, d_model, n_heads).compare(
            draw.normal(b, n, d_model),
            what=f"the output of {n_heads} heads",
            why="head h takes features h·d … (h+1)·d - 1 of every position, d = d_model / n_heads; "
            "results stand side by side in that order",
        )


@CHECK("memory: x asks, the memory answers", points=2)
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 6, 1)
    for n, m in ((3, 5), (3, 5), (4, 4), (2, 1)):  # twice: nothing may be kept from a call
        pair.compare(
            draw.normal(2, n, 6),
            draw.normal(2, m, 6),
            what="the output with a memory",
            why="queries come from x, keys and values from the memory",
        )


@CHECK("a mask (n, m), the same for every head", points=2)
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 6, 2)
    x, memory = draw.normal(3, 4, 6), draw.normal(3, 5, 6)
    causal = reference.attention.causal_mask(4, device="cpu")
    pair.compare(x, None, causal, what="the output with a causal mask", why="True = may attend")
    what = "the output with a memory and a mask"
    pair.compare(x, memory, draw.mask(4, 5), what=what, why="True = may attend")


@CHECK("a mask (…, n, m), one for each batch entry")
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 8, 2)
    for b in (2, 3):
        x, memory = draw.normal(b, 4, 8), draw.normal(b, 5, 8)
        pair.compare(
            x,
            memory,
            draw.mask(b, 4, 5),
            what="the output with a mask for each batch entry",
            why="a mask without an axis for heads needs one before its last two axes",
        )


@CHECK("zero to three batch dimensions, sequences of length one")
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 6, 2)
    for batch, n, m in (((), 3, 4), ((2,), 1, 3), ((2, 3), 3, 2), ((2, 1, 3), 2, 1)):
        pair.compare(
            draw.normal(*batch, n, 6),
            draw.normal(*batch, m, 6),
            draw.mask(n, m),
            what=f"the output with {len(batch)} batch dimensions",
            why="count axes from the end",
        )
    mask = draw.mask(2, 3, 4, 4)
    pair.compare(draw.normal(2, 3, 4, 6), None, mask, what="the output with 2 batch dimensions")


@CHECK("a query with nothing to attend to: finite, and so its gradients")
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 6, 2)
    x, mask = draw.normal(2, 4, 6), draw.mask(4, 4, empty_rows=1)
    why = "its heads give zeros, so that only the bias of output is left"
    pair.compare(x, None, mask, what="the output where a row of the mask is all False", why=why)
    pair.compare_gradients(draw, x, None, mask)


@CHECK("gradients reach x, the memory and every parameter")
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 6, 2)
    pair.compare_gradients(draw, draw.normal(2, 3, 6), None, None)
    pair.compare_gradients(draw, draw.normal(2, 3, 6), draw.normal(2, 4, 6), None)


@CHECK("the same in train() and eval()", points=0.5)
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 6, 1)
    x = draw.normal(2, 8, 6)
    pair.compare(x, what="the output in eval()")
    pair.theirs.train()
    for _ in range(2):
        pair.compare(x, what="the output in train()", why="there is no dropout here")


@CHECK("float64, which the result keeps", points=0.5)
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 4, 1, torch.float64)  # √4 is exact in any dtype
    x = draw.normal(2, 3, 4, dtype=torch.float64)
    mask = torch.ones(3, 3, dtype=torch.bool, device="cpu")
    pair.compare(x, None, mask, what="the output in float64", why="as precise as its inputs")


@CHECK("inputs are left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 6, 1)
    pair.compare(draw.normal(2, 4, 6))
    before = [draw.normal(2, 4, 6), draw.normal(2, 5, 6), draw.mask(4, 5)]
    now = [x.clone() for x in before]
    expect.tensor(pair.theirs(*now), what="the output", shape=(2, 4, 6))
    for name, after, x in zip(("x", "memory", "mask"), now, before, strict=True):
        expect.unchanged(after, x, what=name)


@CHECK("any device", points=0.5)
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 6, 1)
    pair.compare(draw.normal(2, 4, 6))
    there = [x.to("meta") for x in (draw.normal(2, 4, 6), draw.normal(2, 5, 6), draw.mask(4, 5))]
    theirs: nn.Module = pair.theirs.to("meta")
    for arguments in (there[:1], there):
        expect.on_meta(
            partial(theirs, *arguments),
            what="the module",
            shape=(2, 4, 6),
            dtype=torch.float32,
        )
