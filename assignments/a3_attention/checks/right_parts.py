"""Right earlier functions, for students' later ones where their own are broken (autograder.parts).

Each is complete in itself, imports and all. Proved by: tests/assignments/test_right_parts.py.
"""

from torch import Tensor


def softmax(x: "Tensor", dim: int = -1) -> "Tensor":
    """The task's softmax."""
    import torch

    empty = (x == -torch.inf).all(dim, keepdim=True)
    return torch.softmax(x.masked_fill(empty, 0.0), dim).masked_fill(empty, 0.0)


def scaled_dot_product_attention(
    q: "Tensor", k: "Tensor", v: "Tensor", mask: "Tensor | None" = None
) -> "Tensor":
    """The task's attention."""
    import torch

    scores = q @ k.transpose(-2, -1) / k.shape[-1] ** 0.5
    if mask is None:
        return torch.softmax(scores, -1) @ v
    mask = mask.expand(scores.shape)
    empty = ~mask.any(-1, keepdim=True)
    scores = scores.masked_fill(~mask & ~empty, -torch.inf)
    return torch.softmax(scores, -1).masked_fill(empty, 0.0) @ v
