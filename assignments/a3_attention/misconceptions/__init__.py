"""Known wrong implementations, and right ones in other styles, for each graded function.

`autograder validate a3_attention` shows that each wrong one loses points and is named, and that
each right one gets every point. Each wrong one is told to a student in a sentence: why it is wrong,
then what to do.
"""

from collections.abc import Mapping, Sequence

from assignments.a3_attention.misconceptions import (
    attend,
    causal_mask,
    heads,
    heads_and_masks,
    maps_and_memory,
    masked_attention,
    scaled_dot_product_attention,
    sinusoidal_positions,
    softmax,
)
from assignments.a3_attention.right import RIGHT
from autograder.misconception import Misconception

MISCONCEPTIONS: Mapping[str, Sequence[Misconception]] = {
    "softmax": softmax.MISCONCEPTIONS,
    "attend": attend.MISCONCEPTIONS,
    "causal_mask": causal_mask.MISCONCEPTIONS,
    "scaled_dot_product_attention": (
        *scaled_dot_product_attention.MISCONCEPTIONS,
        *masked_attention.MISCONCEPTIONS,
    ),
    "MultiHeadAttention": (
        *heads.MISCONCEPTIONS,
        *maps_and_memory.MISCONCEPTIONS,
        *heads_and_masks.MISCONCEPTIONS,
    ),
    "sinusoidal_positions": sinusoidal_positions.MISCONCEPTIONS,
}

__all__ = ["MISCONCEPTIONS", "RIGHT"]
