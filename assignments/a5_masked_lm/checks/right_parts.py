"""Right earlier functions, for students' later ones where their own are broken (autograder.parts).

Each is complete in itself, imports and all. Proved by: tests/assignments/test_right_parts.py.
"""

from torch import Tensor


def masked_lm_loss(logits: "Tensor", labels: "Tensor") -> "Tensor":
    """The task's loss."""
    from torch.nn import functional

    total = functional.cross_entropy(logits.transpose(1, 2), labels, reduction="sum")
    return total / (labels != -100).sum().clamp(min=1)
