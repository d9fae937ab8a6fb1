"""The hidden checks of assignment 5: one rubric for each graded function, in notebook order.

| rubric               | points | builds on        |
| -------------------- | ------ | ---------------- |
| `MASK_TOKENS`        | 14     |                  |
| `MASKED_LM_LOSS`     | 7      |                  |
| `NEXT_SENTENCE_PAIR` | 8      |                  |
| `PACK_PAIR`          | 7      |                  |
| `BERT_EMBEDDINGS`    | 6      |                  |
| `PRETRAINING_LOSS`   | 4      | `masked_lm_loss` |

`mask_tokens` and `next_sentence_pair` are random: their checks are exact tests (`chance`), each of
which says in its docstring how improbable it is that a right function fails it, 1e-6 at most.
Oracles come from `reference`, in float64. Checks that mistakes cannot touch (inputs left alone,
other devices) first ask for one right result, so that an empty function earns nothing.
"""

from assignments.a5_masked_lm.checks.embeddings import BERT_EMBEDDINGS
from assignments.a5_masked_lm.checks.mask_tokens import MASK_TOKENS
from assignments.a5_masked_lm.checks.masked_lm_loss import MASKED_LM_LOSS
from assignments.a5_masked_lm.checks.next_sentence_pair import NEXT_SENTENCE_PAIR
from assignments.a5_masked_lm.checks.pack_pair import PACK_PAIR
from assignments.a5_masked_lm.checks.pretraining_loss import PRETRAINING_LOSS

RUBRICS = (
    MASK_TOKENS,
    MASKED_LM_LOSS,
    NEXT_SENTENCE_PAIR,
    PACK_PAIR,
    BERT_EMBEDDINGS,
    PRETRAINING_LOSS,
)
"""In notebook order."""

__all__ = [
    "BERT_EMBEDDINGS",
    "MASKED_LM_LOSS",
    "MASK_TOKENS",
    "NEXT_SENTENCE_PAIR",
    "PACK_PAIR",
    "PRETRAINING_LOSS",
    "RUBRICS",
]
