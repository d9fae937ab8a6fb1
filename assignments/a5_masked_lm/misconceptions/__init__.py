"""Known wrong implementations, and right ones in other styles, for each graded function.

`autograder validate a5_masked_lm` shows that each wrong one loses points and is named, and that
each right one gets every point. Each wrong one is told to a student in a sentence: why it is wrong,
then what to do. Witnesses of random functions observe facts that large samples settle.
"""

from collections.abc import Mapping, Sequence

from assignments.a5_masked_lm.misconceptions import (
    embedding_sums,
    embedding_tables,
    mask_labels,
    mask_randomness,
    mask_shares,
    mask_special,
    masked_lm_loss,
    next_sentence_pair,
    pack_cuts,
    pack_pair,
    pretraining_loss,
)
from assignments.a5_masked_lm.right import RIGHT
from autograder.misconception import Misconception

MISCONCEPTIONS: Mapping[str, Sequence[Misconception]] = {
    "mask_tokens": (
        *mask_labels.MISCONCEPTIONS,
        *mask_special.MISCONCEPTIONS,
        *mask_shares.MISCONCEPTIONS,
        *mask_randomness.MISCONCEPTIONS,
    ),
    "masked_lm_loss": masked_lm_loss.MISCONCEPTIONS,
    "next_sentence_pair": next_sentence_pair.MISCONCEPTIONS,
    "pack_pair": (*pack_pair.MISCONCEPTIONS, *pack_cuts.MISCONCEPTIONS),
    "BertEmbeddings": (*embedding_sums.MISCONCEPTIONS, *embedding_tables.MISCONCEPTIONS),
    "pretraining_loss": pretraining_loss.MISCONCEPTIONS,
}

__all__ = ["MISCONCEPTIONS", "RIGHT"]
