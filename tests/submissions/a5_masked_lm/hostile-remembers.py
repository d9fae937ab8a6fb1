# ---
# jupyter:
#   sample:
#     tries: Keeps what it gave for a shape and gives it again, with fresh tokens and old positions.
#     because: The same pattern in every call is no random masking.
#     expect: {mask_tokens: less}
# ---

# %% before="mask_tokens"
import torch
import torch.nn.functional as F
from torch import nn

pattern_of = {}


# %% grade_id="mask_tokens"
def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Choose positions one by one; of the chosen, 80% are hidden and 10% replaced."""
    special = torch.tensor(sorted(special_ids), dtype=torch.int64)
    ordinary = torch.tensor([i for i in range(vocab_size) if i not in set(special_ids) | {mask_id}])
    fresh = torch.rand(input_ids.shape, generator=generator)
    chance = pattern_of.setdefault(tuple(input_ids.shape), fresh)
    chosen = (chance < rate) & ~torch.isin(input_ids, special)
    fate = torch.rand(input_ids.shape, generator=generator)
    others = ordinary[torch.randint(len(ordinary), input_ids.shape, generator=generator)]
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, input_ids)
    corrupted = torch.where(chosen & (fate >= 0.9), others, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)
