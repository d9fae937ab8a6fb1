"""The hidden checks of assignment 3: one rubric for each graded function, in notebook order.

| rubric                         | points | builds on                      |
| ------------------------------ | ------ | ------------------------------ |
| `SOFTMAX`                      | 8      |                                |
| `ATTEND`                       | 8      | `softmax`                      |
| `CAUSAL_MASK`                  | 4      |                                |
| `SCALED_DOT_PRODUCT_ATTENTION` | 14     | `softmax`                      |
| `MULTI_HEAD_ATTENTION`         | 16     | `scaled_dot_product_attention` |
| `SINUSOIDAL_POSITIONS`         | 6      |                                |

Each check looks at one property and is drawn so that other mistakes do not show in it where that
can be helped: with one head, scrambled heads agree with right ones; with d_k = 1, so do scaled and
unscaled scores. Oracles come from `reference`, in float64. Checks that mistakes cannot touch
(inputs left alone, other devices) first ask for one right result, so that an empty function earns
nothing.
"""

from assignments.a3_attention.checks.attend import ATTEND
from assignments.a3_attention.checks.causal_mask import CAUSAL_MASK
from assignments.a3_attention.checks.multi_head_attention import MULTI_HEAD_ATTENTION
from assignments.a3_attention.checks.scaled_dot_product_attention import (
    SCALED_DOT_PRODUCT_ATTENTION,
)
from assignments.a3_attention.checks.sinusoidal_positions import SINUSOIDAL_POSITIONS
from assignments.a3_attention.checks.softmax import SOFTMAX

RUBRICS = (
    SOFTMAX,
    ATTEND,
    CAUSAL_MASK,
    SCALED_DOT_PRODUCT_ATTENTION,
    MULTI_HEAD_ATTENTION,
    SINUSOIDAL_POSITIONS,
)
"""In notebook order."""

__all__ = [
    "ATTEND",
    "CAUSAL_MASK",
    "MULTI_HEAD_ATTENTION",
    "RUBRICS",
    "SCALED_DOT_PRODUCT_ATTENTION",
    "SINUSOIDAL_POSITIONS",
    "SOFTMAX",
]
