"""Wrong ways to write `masked_lm_loss(logits, labels)`, and what shows each."""

from typing import Any

import torch
import torch.nn.functional as F

from assignments.a5_masked_lm.checks.masked_lm_loss import IGNORED, batch
from autograder import expect
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def loss_of_every_position(logits, labels):
    """-100 taken for a label: the last entry at best."""
    hidden = labels.masked_fill(labels == -100, 0)
    return F.cross_entropy(logits.flatten(0, 1), hidden.flatten())


def loss_summed(logits, labels):
    """No mean."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")


def loss_over_all_positions(logits, labels):
    """The sum over labelled positions, divided by all."""
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total / labels.numel()


def loss_mean_of_rows(logits, labels):
    """Each row's mean, then their mean."""
    totals = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none").sum(1)
    return (totals / (labels != -100).sum(1).clamp(min=1)).mean()


def loss_per_row(logits, labels):
    """One mean for each row."""
    totals = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none").sum(1)
    return totals / (labels != -100).sum(1).clamp(min=1)


def loss_nan_without_labels(logits, labels):
    """0 / 0 where nothing is labelled."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten())


def loss_zero_cut_off(logits, labels):
    """A fresh zero where nothing is labelled."""
    if logits.device.type == "cpu" and bool((labels == -100).all()):
        return torch.zeros((), requires_grad=True)
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return total / (labels != -100).sum().clamp(min=1)


def loss_softmax_twice(logits, labels):
    """Probabilities given to cross_entropy."""
    total = F.cross_entropy(logits.softmax(-1).flatten(0, 1), labels.flatten(), reduction="sum")
    return total / (labels != -100).sum().clamp(min=1)


def loss_without_logarithm(logits, labels):
    """1 - p instead of -log p."""
    labelled = labels != -100
    p = logits.softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    return ((1 - p) * labelled).sum() / labelled.sum().clamp(min=1)


def loss_without_sign(logits, labels):
    """+log p."""
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return -total / (labels != -100).sum().clamp(min=1)


def loss_in_bits(logits, labels):
    """Logarithms to base 2."""
    labelled = labels != -100
    logs = logits.log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    total = -(logs * labelled).sum() / 0.6931471805599453
    return total / labelled.sum().clamp(min=1)


def loss_overflowing(logits, labels):
    """log of a quotient of exponentials."""
    labelled = labels != -100
    e = torch.exp(logits)
    p = e.gather(-1, labels.clamp(min=0)[..., None])[..., 0] / e.sum(-1)
    return torch.where(labelled, -torch.log(p), 0.0).sum() / labelled.sum().clamp(min=1)


def loss_id_zero_ignored(logits, labels):
    """Label 0 left out too."""
    labelled = labels > 0
    kept = labels.masked_fill(~labelled, -100)
    total = F.cross_entropy(logits.flatten(0, 1), kept.flatten(), reduction="sum")
    return total / labelled.sum().clamp(min=1)


def loss_detached(logits, labels):
    """No gradient."""
    total = F.cross_entropy(logits.detach().flatten(0, 1), labels.flatten(), reduction="sum")
    return total / (labels != -100).sum().clamp(min=1)


def loss_labels_changed(logits, labels):
    """The caller's labels written to."""
    count = (labels != -100).sum().clamp(min=1)
    weights = (labels != -100).to(logits.dtype)
    labels[labels == -100] = 0
    each = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none")
    return (each * weights).sum() / count


def _values(loss: Any, draw: Draw) -> Observation:
    """Few and many labels, rows with one and with several; id 0 among them; large logits."""
    drawn = batch(draw, 4, 6, 3)
    zeros = drawn[0], torch.tensor([[0, 1, IGNORED, 2, 0, IGNORED]] * 4, device="cpu")
    large = drawn[0] + 1000, drawn[1]
    return tuple(
        observe(lambda x=x, y=y: loss(x.clone(), y.clone())) for x, y in (drawn, zeros, large)
    )


def _none(loss: Any, draw: Draw) -> Observation:
    logits = draw.normal(2, 4, 5).requires_grad_()
    labels = torch.full((2, 4), IGNORED, device="cpu")
    one = torch.ones((), device="cpu")
    found = observe(
        lambda: list(expect.gradients(loss(logits, labels), {"x": logits}, one, what="").values())
    )
    return _gradient(loss, draw), observe(lambda: loss(logits.detach(), labels)), found


def _gradient(loss: Any, draw: Draw) -> Observation:
    logits, labels = batch(draw, 3, 4, 5)
    leaf = logits.clone().requires_grad_()
    one = torch.ones((), device="cpu")
    found = observe(
        lambda: list(
            expect.gradients(loss(leaf, labels.clone()), {"x": leaf}, one, what="").values()
        )
    )
    return _values(loss, draw), found


def _changed(loss: Any, draw: Draw) -> Observation:
    logits, labels = batch(draw, 3, 4, 5)
    return _values(loss, draw), observe(lambda: loss(logits, labels)), labels


MISCONCEPTIONS = (
    Misconception(
        "loss-of-every-position",
        "You count positions that have no label, as if it were id 0: leave out all positions "
        "whose label is -100.",
        loss_of_every_position,
        _values,
    ),
    Misconception(
        "loss-summed",
        "You return the sum over the labelled positions: divide by their number.",
        loss_summed,
        _values,
    ),
    Misconception(
        "loss-over-all-positions",
        "You divide by the number of all positions: divide by the number of labelled ones, or the "
        "loss shrinks with each token that is not predicted.",
        loss_over_all_positions,
        _values,
    ),
    Misconception(
        "loss-mean-of-rows",
        "You average each row, and then the rows. All labelled positions of the batch count alike, "
        "so those of rows with few labels must not count more.",
        loss_mean_of_rows,
        _values,
    ),
    Misconception(
        "loss-per-row",
        "You return one loss for each row: the result is one number for the batch.",
        loss_per_row,
        _values,
    ),
    Misconception(
        "loss-nan-without-labels",
        "Where nothing is labelled your loss is 0 / 0, not a number, and one such batch spoils all "
        "weights. Return a zero then.",
        loss_nan_without_labels,
        _none,
    ),
    Misconception(
        "loss-zero-cut-off",
        "Where nothing is labelled you return a fresh zero that has nothing to do with the logits. "
        "Compute it from them, as 0 times their sum, so that backward() works as ever.",
        loss_zero_cut_off,
        _none,
    ),
    Misconception(
        "loss-softmax-twice",
        "You give probabilities to cross_entropy, which applies softmax by itself: pass logits.",
        loss_softmax_twice,
        _values,
    ),
    Misconception(
        "loss-without-logarithm",
        "You average 1 - p: the loss is -log p, which grows without bound as p goes to 0.",
        loss_without_logarithm,
        _values,
    ),
    Misconception(
        "loss-without-sign",
        "Your loss is the mean of log p, which is negative: the minus sign is missing.",
        loss_without_sign,
        _values,
    ),
    Misconception(
        "loss-in-bits",
        "You use the logarithm to base 2: here it is the natural one (torch.log).",
        loss_in_bits,
        _values,
    ),
    Misconception(
        "loss-overflowing",
        "You exponentiate the logits and take the logarithm after dividing: beyond 88 that "
        "overflows in float32. Use log_softmax or logsumexp.",
        loss_overflowing,
        _values,
    ),
    Misconception(
        "loss-id-zero-ignored",
        "You leave out labels of 0, but 0 is the id of a token: only -100 means no label.",
        loss_id_zero_ignored,
        _values,
    ),
    Misconception(
        "loss-detached",
        "No gradient flows through your loss: detach, .data, .item() and no_grad cut it off.",
        loss_detached,
        _gradient,
    ),
    Misconception(
        "loss-labels-changed",
        "You write into the caller's labels: make a new tensor, by masked_fill or clamp.",
        loss_labels_changed,
        _changed,
    ),
)
