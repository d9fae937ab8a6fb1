# ---
# jupyter:
#   sample:
#     tries: A student who stopped halfway, with the rest as it was released.
#     because: The two functions that are there are right.
#     start: release
#     expect: {next_sentence_pair: zero, pack_pair: zero, BertEmbeddings: zero, pretraining_loss: zero}
# ---

# %% before="mask_tokens"
import torch
import torch.nn.functional as F
from torch import nn

# %% grade_id="mask_tokens"
def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Choose positions one by one; of the chosen, 80% are hidden and 10% replaced."""
    special = torch.tensor(sorted(special_ids), dtype=torch.int64)
    ordinary = torch.tensor([i for i in range(vocab_size) if i not in set(special_ids) | {mask_id}])
    chance = torch.rand(input_ids.shape, generator=generator)
    chosen = (chance < rate) & ~torch.isin(input_ids, special)
    fate = torch.rand(input_ids.shape, generator=generator)
    others = ordinary[torch.randint(len(ordinary), input_ids.shape, generator=generator)]
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, input_ids)
    corrupted = torch.where(chosen & (fate >= 0.9), others, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)


# %% grade_id="masked_lm_loss"
def masked_lm_loss(logits, labels):
    """The mean over the labelled positions; 0 where there is none."""
    chosen = labels != -100
    if not chosen.any():
        return logits.sum() * 0
    scores = torch.log_softmax(logits[chosen], dim=-1)
    return -scores.gather(1, labels[chosen][:, None]).mean()
