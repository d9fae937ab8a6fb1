"""Checks of `pretraining_loss(mlm_logits, labels, nsp_logits, is_next)`.

It builds on the student's `masked_lm_loss`. Left out: batches of nothing. Proved by: `autograder
validate a5_masked_lm`.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

import reference.masked_lm
from assignments.a5_masked_lm.checks import right_parts
from assignments.a5_masked_lm.checks.elsewhere import value_on_meta
from assignments.a5_masked_lm.checks.masked_lm_loss import IGNORED, MASKED_LM_LOSS, batch
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import Part, Rubric

PRETRAINING_LOSS = Rubric(
    "a5_masked_lm",
    "pretraining_loss",
    {"masked_lm_loss": Part(MASKED_LM_LOSS, right_parts.masked_lm_loss)},
)
CHECK = PRETRAINING_LOSS.check
WHAT = "pretraining_loss"
WHY = "the mean over labelled tokens plus the mean over pairs; column 1 is the logit of IsNext"


def inputs(
    draw: Draw, b: int, n: int, size: int, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Arguments; of two pairs or more, some are next and some are not."""
    is_next = draw.booleans(b)
    is_next[0], is_next[-1] = True, b < 2
    return *batch(draw, b, n, size, dtype), draw.normal(b, 2, dtype=dtype, scale=2.0), is_next


def _want(mlm_logits: Tensor, labels: Tensor, nsp_logits: Tensor, is_next: Tensor) -> Tensor:
    tokens = reference.masked_lm.masked_lm_loss(mlm_logits.double(), labels)
    return tokens + F.cross_entropy(nsp_logits.double(), is_next.long())


def _compare(student: Any, given: tuple[Tensor, Tensor, Tensor, Tensor], why: str = WHY) -> None:
    got = student(*(x.clone() for x in given))
    expect.close(got, _want(*given), what=WHAT, dtype=given[0].dtype, why=why)


@CHECK("both losses, added", points=2)
def _(student: Any, draw: Draw) -> None:
    for b, n, size in ((1, 5, 3), (4, 3, 7), (6, 2, 4)):
        _compare(student, inputs(draw, b, n, size))


@CHECK("is_next as booleans or as 0 and 1", points=0.5)
def _(student: Any, draw: Draw) -> None:
    for dtype in (torch.int64, torch.bool):
        *given, is_next = inputs(draw, 5, 4, 3)
        mlm_logits, labels, nsp_logits = given
        _compare(student, (mlm_logits, labels, nsp_logits, is_next.to(dtype)))


@CHECK("gradients of both kinds of logits", points=0.5)
def _(student: Any, draw: Draw) -> None:
    mlm_logits, labels, nsp_logits, is_next = inputs(draw, 4, 3, 5)
    drawn = {"mlm_logits": mlm_logits, "nsp_logits": nsp_logits}
    theirs = {name: x.clone().requires_grad_() for name, x in drawn.items()}
    ours = {name: x.double().requires_grad_() for name, x in drawn.items()}
    got = student(theirs["mlm_logits"], labels.clone(), theirs["nsp_logits"], is_next.clone())
    want = _want(ours["mlm_logits"], labels, ours["nsp_logits"], is_next)
    one = torch.tensor(1.5, device="cpu")
    expect.same_gradients(
        expect.gradients(got, theirs, one, what=WHAT),
        expect.gradients(want, ours, one.double(), what=WHAT),
        what=WHAT,
        dtype=torch.float32,
    )


@CHECK("a batch without labels: the pairs alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    mlm_logits, labels, nsp_logits, is_next = inputs(draw, 4, 3, 5)
    few = torch.full_like(labels, IGNORED)
    why = "where nothing is labelled the masked tokens' loss is 0"
    _compare(student, (mlm_logits, few, nsp_logits, is_next), why)
    few[2, 1] = 3
    why = "where one token is labelled the masked tokens' loss is its own"
    _compare(student, (mlm_logits, few, nsp_logits, is_next), why)


@CHECK("float64, and any device", points=0.5)
def _(student: Any, draw: Draw) -> None:
    given = inputs(draw, 3, 4, 5, torch.float64)
    _compare(student, given, "the result must be as precise as the logits")
    easy = inputs(draw, 3, 4, 5)
    _compare(student, easy)
    there = [x.to("meta") for x in easy]
    value = value_on_meta(lambda: student(*there), what=WHAT)
    if value is not None:
        expect.tensor(value, what=WHAT, shape=(), dtype=torch.float32, device="meta")
