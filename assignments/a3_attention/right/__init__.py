"""Right implementations in other styles; the reference comes first. Each must get every point."""

from collections.abc import Mapping, Sequence

from assignments.a3_attention.right import (
    attention,
    masks_and_positions,
    multi_head_attention,
    one_query,
    softmax,
)
from autograder.misconception import RightImplementation

RIGHT: Mapping[str, Sequence[RightImplementation]] = {
    "softmax": softmax.RIGHT,
    "attend": one_query.RIGHT,
    "causal_mask": masks_and_positions.RIGHT_MASKS,
    "scaled_dot_product_attention": attention.RIGHT,
    "MultiHeadAttention": multi_head_attention.RIGHT,
    "sinusoidal_positions": masks_and_positions.RIGHT_POSITIONS,
}
