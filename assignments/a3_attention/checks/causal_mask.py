"""Checks of `causal_mask(n, device=None)`.

Left out: n = 0. Proved by: `autograder validate a3_attention`.
"""

from typing import Any

import torch

from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed, Rubric

CAUSAL_MASK = Rubric("a3_attention", "causal_mask")


@CAUSAL_MASK.check("position i may attend to positions up to and with i", points=2)
def _(student: Any, draw: Draw) -> None:
    for n in (1, 2, draw.integer(5, 9), draw.integer(33, 40)):
        got = expect.tensor(student(n), what="causal_mask", shape=(n, n)) != 0
        allowed = torch.tensor([[j <= i for j in range(n)] for i in range(n)], device="cpu")
        if bool((got & ~allowed).any()):
            raise CheckFailed("causal_mask lets a position attend to a later one (True = may)")
        if not bool(got.diagonal().all()):
            raise CheckFailed("causal_mask keeps a position from attending to itself")
        expect.equal(got, allowed, what="causal_mask", why="all of the past may be attended to")


@CAUSAL_MASK.check("booleans, of shape (n, n)")
def _(student: Any, draw: Draw) -> None:
    for n in (1, draw.integer(3, 7)):
        got = expect.tensor(student(n), what="causal_mask", shape=(n, n), dtype=torch.bool)
    if bool(got.all()) or not bool(got.any()):
        raise CheckFailed("causal_mask: expected both True (may attend) and False, got one of them")


@CAUSAL_MASK.check("made on the device asked for")
def _(student: Any, draw: Draw) -> None:
    n = draw.integer(3, 7)
    here = expect.tensor(student(n, device="cpu"), what="causal_mask(n, device='cpu')")
    if bool((here == here.reshape(-1)[:1]).all()) if here.numel() else True:
        raise CheckFailed("causal_mask: expected both True (may attend) and False, got one of them")
    what = "causal_mask(n, device='meta')"
    there = expect.tensor(student(n, device="meta"), what=what, device="meta")
    expect.tensor(there, what=what, shape=(n, n), device="meta")
