"""Right implementations in other styles; the reference comes first. Each must get every point."""

from collections.abc import Mapping, Sequence

from assignments.a5_masked_lm.right import losses, mask_tokens, modules, pairs
from autograder.misconception import RightImplementation

RIGHT: Mapping[str, Sequence[RightImplementation]] = {
    "mask_tokens": mask_tokens.RIGHT,
    "masked_lm_loss": losses.RIGHT_MASKED,
    "next_sentence_pair": pairs.RIGHT_NEXT,
    "pack_pair": pairs.RIGHT_PACK,
    "BertEmbeddings": modules.RIGHT,
    "pretraining_loss": losses.RIGHT_BOTH,
}
