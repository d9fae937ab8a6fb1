"""Checks of `masked_lm_loss(logits, labels)`.

Left out: float16 and bfloat16, whose result may be wider; infinite logits. Proved by: `autograder
validate a5_masked_lm`.
"""

from typing import Any

import torch
from torch import Tensor

import reference.masked_lm as reference
from assignments.a5_masked_lm.checks.elsewhere import value_on_meta
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import Rubric

MASKED_LM_LOSS = Rubric("a5_masked_lm", "masked_lm_loss")

IGNORED = -100
WHAT = "masked_lm_loss"


def batch(
    draw: Draw, b: int, n: int, size: int, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Logits (b, n, size) and labels; of two rows or more the first has one label, others more."""
    labels = draw.integers(0, size, b, n)
    labelled = draw.booleans(b, n)
    labelled[:, -1] = True
    if b > 1:
        labelled[0, :-1] = False
    return draw.normal(b, n, size, dtype=dtype, scale=2.0), labels.masked_fill(~labelled, IGNORED)


def labelled(
    draw: Draw, b: int, n: int, size: int, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Logits and labels at all positions: what is averaged over does not show."""
    return draw.normal(b, n, size, dtype=dtype, scale=2.0), draw.integers(0, size, b, n)


def _compare(student: Any, logits: Tensor, labels: Tensor, why: str) -> None:
    want = reference.masked_lm_loss(logits.double(), labels)
    got = student(logits.clone(), labels.clone())
    expect.close(got, want, what=WHAT, dtype=logits.dtype, why=why)


@MASKED_LM_LOSS.check("the mean of -log p(label) where all positions have a label", points=1.5)
def _(student: Any, draw: Draw) -> None:
    for b, n, size in ((1, 1, 3), (3, 4, 7), (5, 2, 2)):
        logits, labels = labelled(draw, b, n, size)
        _compare(student, logits, labels, "each term is the logarithm of the softmax at the label")


@MASKED_LM_LOSS.check("positions with the label -100 do not count", points=2)
def _(student: Any, draw: Draw) -> None:
    for b, n, size in ((1, 9, 5), (4, 6, 3), (3, 8, 11)):
        _compare(
            student,
            *batch(draw, b, n, size),
            "the mean goes over all labelled positions of the batch, and over no others",
        )


@MASKED_LM_LOSS.check("large logits, both ways")
def _(student: Any, draw: Draw) -> None:
    for centre in (1e3, -1e3, 0.0):
        logits, labels = labelled(draw, 3, 6, 5)
        large = (logits * 8).round() / 8 + centre  # exact in float32
        _compare(student, large, labels, "log(softmax(x)) at once: exp overflows beyond 88")
    logits, labels = draw.normal(1, 1, 3), torch.zeros(1, 1, dtype=torch.int64, device="cpu")
    logits[..., 1] += 200
    _compare(
        student, logits, labels, "a label that the model holds for impossible costs 200, not inf"
    )


@MASKED_LM_LOSS.check("no label at all: a zero through which gradients flow")
def _(student: Any, draw: Draw) -> None:
    _compare(student, *labelled(draw, 2, 4, 5), "a batch with labels")
    logits = draw.normal(2, 4, 5).requires_grad_()
    labels = torch.full((2, 4), IGNORED, device="cpu")
    got = student(logits, labels)
    zero, none = torch.zeros((), device="cpu"), torch.zeros(2, 4, 5, device="cpu")
    why = "a mean of nothing is 0 / 0; where nothing is labelled the loss is 0"
    expect.close(got, zero, what=WHAT, dtype=torch.float32, why=why)
    found = expect.gradients(got, {"logits": logits}, zero + 1, what=WHAT)
    expect.same_gradients(found, {"logits": none}, what=WHAT, dtype=torch.float32)


@MASKED_LM_LOSS.check("gradients")
def _(student: Any, draw: Draw) -> None:
    logits, labels = batch(draw, 3, 5, 4)
    theirs, ours = logits.clone().requires_grad_(), logits.double().requires_grad_()
    one = torch.tensor(1.5, device="cpu")
    expect.same_gradients(
        expect.gradients(student(theirs, labels.clone()), {"logits": theirs}, one, what=WHAT),
        expect.gradients(
            reference.masked_lm_loss(ours, labels), {"logits": ours}, one.double(), what=WHAT
        ),
        what=WHAT,
        dtype=torch.float32,
    )


@MASKED_LM_LOSS.check("float64, and inputs left alone", points=0.25)
def _(student: Any, draw: Draw) -> None:
    logits, labels = labelled(draw, 3, 5, 4, torch.float64)
    _compare(student, logits, labels, "the result must be as precise as the logits")
    logits, labels = batch(draw, 3, 5, 4)
    now = logits.clone(), labels.clone()
    expect.tensor(student(*now), what=WHAT, shape=())
    expect.unchanged(now[0], logits, what="logits")
    expect.unchanged(now[1], labels, what="labels")


@MASKED_LM_LOSS.check("any device", points=0.25)
def _(student: Any, draw: Draw) -> None:
    logits, labels = labelled(draw, 3, 5, 4)
    _compare(student, logits, labels, "the easiest case")
    there = logits.to("meta"), labels.to("meta")
    value = value_on_meta(lambda: student(*there), what=WHAT)
    if value is not None:
        expect.tensor(value, what=WHAT, shape=(), dtype=torch.float32, device="meta")
