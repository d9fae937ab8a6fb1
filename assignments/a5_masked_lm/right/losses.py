"""Right ways to write `masked_lm_loss` and `pretraining_loss`."""

import torch
import torch.nn.functional as F

import reference.bert
import reference.masked_lm
from autograder.misconception import RightImplementation


def loss_ignoring(logits, labels):
    """F.cross_entropy, which ignores -100 by default."""
    if (labels == -100).all():
        return 0.0 * logits.sum()
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))


def loss_summed(logits, labels):
    """A sum by cross_entropy over the number of labels."""
    total = F.cross_entropy(logits.transpose(1, 2), labels, ignore_index=-100, reduction="sum")
    return total / (labels != -100).sum().clamp(min=1)


def loss_selected(logits, labels):
    """Rows picked by a boolean index, log_softmax."""
    chosen = labels != -100
    if not chosen.any():
        return (logits * 0).sum()
    logs = torch.log_softmax(logits[chosen], dim=-1)
    return -logs[torch.arange(len(logs)), labels[chosen]].mean()


def loss_gathered(logits, labels):
    """logsumexp and gather, weighted by zeros and ones."""
    counts = (labels >= 0).to(logits.dtype)
    at_label = torch.gather(logits, 2, labels.clamp(min=0).unsqueeze(2)).squeeze(2)
    surprise = torch.logsumexp(logits, dim=2) - at_label
    return (surprise * counts).sum() / torch.clamp(counts.sum(), min=1.0)


def loss_in_loops(logits, labels):
    """Position by position."""
    terms = []
    for row_logits, row_labels in zip(logits, labels, strict=True):
        for x, label in zip(row_logits, row_labels.tolist(), strict=True):
            if label != -100:
                top = x.max()
                terms.append(top + (x - top).exp().sum().log() - x[label])
    return torch.stack(terms).mean() if terms else logits.sum() * 0


def loss_one_hot(logits, labels):
    """Products with one-hot labels."""
    chosen = (labels != -100).unsqueeze(-1)
    hot = F.one_hot(labels.clamp(min=0), logits.shape[-1]) * chosen
    total = -(hot * logits.log_softmax(-1)).sum()
    return total / max(int(chosen.sum()), 1)


RIGHT_MASKED = (
    RightImplementation("reference", "the reference", reference.masked_lm.masked_lm_loss),
    RightImplementation("ignoring", "cross_entropy with ignore_index", loss_ignoring),
    RightImplementation("summed", "cross_entropy, reduction='sum'", loss_summed),
    RightImplementation("selected", "boolean index, log_softmax", loss_selected),
    RightImplementation("gathered", "logsumexp, gather", loss_gathered),
    RightImplementation("loops", "Python loops", loss_in_loops),
    RightImplementation("one-hot", "one-hot products", loss_one_hot),
)


def both_library(mlm_logits, labels, nsp_logits, is_next):
    """F.cross_entropy twice."""
    tokens = F.cross_entropy(mlm_logits.transpose(1, 2), labels, reduction="sum")
    tokens = tokens / (labels != -100).sum().clamp(min=1)
    return tokens + F.cross_entropy(nsp_logits, is_next.to(torch.int64))


def both_log_softmax(mlm_logits, labels, nsp_logits, is_next):
    """Log-probabilities, chosen by torch.where."""
    labelled = labels.ne(-100)
    logs = mlm_logits.log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    tokens = -(logs * labelled).sum() / labelled.sum().clamp(min=1)
    not_next, following = nsp_logits.log_softmax(-1).unbind(-1)
    return tokens - torch.where(is_next.bool(), following, not_next).mean()


def both_one_difference(mlm_logits, labels, nsp_logits, is_next):
    """The pairs by binary cross-entropy of the difference of their logits."""
    total = F.nll_loss(
        F.log_softmax(mlm_logits, -1).flatten(0, 1), labels.flatten(), reduction="sum"
    )
    tokens = total / torch.clamp((labels != -100).sum(), min=1)
    difference = nsp_logits[:, 1] - nsp_logits[:, 0]
    pairs = F.binary_cross_entropy_with_logits(difference, is_next.to(difference.dtype))
    return tokens + pairs


RIGHT_BOTH = (
    RightImplementation("reference", "the reference", reference.bert.pretraining_loss),
    RightImplementation("library", "cross_entropy twice", both_library),
    RightImplementation("log-softmax", "log_softmax, where", both_log_softmax),
    RightImplementation("binary", "binary cross-entropy of a difference", both_one_difference),
)
