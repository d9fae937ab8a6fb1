"""Wrong ways to write `pretraining_loss`, and what shows each.

Each function stands alone, so that it can be pasted into a notebook: they have their own
masked-token loss.
"""

from typing import Any

import torch
import torch.nn.functional as F

from assignments.a5_masked_lm.checks.pretraining_loss import inputs
from autograder import expect
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def both_averaged(mlm_logits, labels, nsp_logits, is_next):
    """Half of the sum."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    return (tokens + F.cross_entropy(nsp_logits, is_next.long())) / 2


def both_tokens_only(mlm_logits, labels, nsp_logits, is_next):
    """The pairs forgotten."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    return tokens / (labels != -100).sum().clamp(min=1)


def both_pairs_only(mlm_logits, labels, nsp_logits, is_next):
    """The tokens forgotten."""
    return F.cross_entropy(nsp_logits, is_next.long())


def both_columns_swapped(mlm_logits, labels, nsp_logits, is_next):
    """Column 0 taken for IsNext."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    return tokens + F.cross_entropy(nsp_logits, 1 - is_next.long())


def both_pairs_summed(mlm_logits, labels, nsp_logits, is_next):
    """The pairs' losses summed."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    return tokens + F.cross_entropy(nsp_logits, is_next.long(), reduction="sum")


def both_one_column(mlm_logits, labels, nsp_logits, is_next):
    """Binary cross-entropy of column 1 alone."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    wanted = is_next.to(nsp_logits.dtype)
    return tokens + F.binary_cross_entropy_with_logits(nsp_logits[:, 1], wanted)


def both_one_mean(mlm_logits, labels, nsp_logits, is_next):
    """One mean over tokens and pairs together."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    pairs = F.cross_entropy(nsp_logits, is_next.long(), reduction="sum")
    return (tokens + pairs) / ((labels != -100).sum() + len(is_next))


def both_real_pairs_only(mlm_logits, labels, nsp_logits, is_next):
    """Random pairs left out."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    logs = nsp_logits.log_softmax(-1)[:, 1] * is_next
    return tokens - logs.sum() / len(logs)


def both_pairs_detached(mlm_logits, labels, nsp_logits, is_next):
    """The pairs as a number."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    return tokens + F.cross_entropy(nsp_logits.detach(), is_next.long())


def both_booleans_only(mlm_logits, labels, nsp_logits, is_next):
    """0 and 1 taken for numbers of rows."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    logs = nsp_logits.log_softmax(-1)
    return tokens - torch.where(is_next, logs[:, 1], logs[:, 0]).mean()


def both_as_a_pair(mlm_logits, labels, nsp_logits, is_next):
    """Two losses returned."""
    tokens = F.cross_entropy(mlm_logits.flatten(0, 1), labels.flatten(), reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    return tokens, F.cross_entropy(nsp_logits, is_next.long())


def _values(loss: Any, draw: Draw) -> Observation:
    """Booleans, numbers, and gradients that arrive."""
    *logits, is_next = inputs(draw, 5, 4, 3)
    kinds = tuple(
        observe(lambda flags=flags: loss(*(x.clone() for x in logits), flags))
        for flags in (is_next, is_next.long())
    )
    leaf = logits[2].clone().requires_grad_()
    one = torch.ones((), device="cpu")

    def found() -> object:
        total = loss(logits[0], logits[1], leaf, is_next)
        return list(expect.gradients(total, {"nsp": leaf}, one, what="").values())

    return kinds, observe(found)


def _m(name: str, sentence: str, implementation: Any) -> Misconception:
    return Misconception(name, sentence, implementation, _values)


MISCONCEPTIONS = (
    _m("both-averaged", "You return the mean of the two losses: BERT adds them.", both_averaged),
    _m(
        "both-tokens-only",
        "The loss of next-sentence prediction is missing from your sum.",
        both_tokens_only,
    ),
    _m(
        "both-pairs-only",
        "The loss of the masked tokens is missing from your sum.",
        both_pairs_only,
    ),
    _m(
        "both-columns-swapped",
        "You take column 0 of nsp_logits for IsNext: here it is column 1, so that is_next as a "
        "number is the class.",
        both_columns_swapped,
    ),
    _m(
        "both-pairs-summed",
        "You sum the losses of the pairs: take their mean, as over the masked tokens.",
        both_pairs_summed,
    ),
    _m(
        "both-one-column",
        "You look at column 1 of nsp_logits alone, as if it were one logit: the softmax goes over "
        "both columns.",
        both_one_column,
    ),
    _m(
        "both-one-mean",
        "You take one mean over tokens and pairs together: each of the two has its own mean, and "
        "these are added.",
        both_one_mean,
    ),
    _m(
        "both-real-pairs-only",
        "Random pairs add nothing to your loss: where is_next is False, column 0 is the "
        "right answer.",
        both_real_pairs_only,
    ),
    _m(
        "both-pairs-detached",
        "No gradient reaches nsp_logits: detach, .item() and no_grad cut it off.",
        both_pairs_detached,
    ),
    _m(
        "both-booleans-only",
        "You take is_next to be boolean, but it may be 0 and 1 too: .bool() or .long() makes "
        "either kind the one you need.",
        both_booleans_only,
    ),
    _m(
        "both-as-a-pair",
        "You return the two losses side by side: return their sum.",
        both_as_a_pair,
    ),
)
