# ---
# jupyter:
#   sample:
#     tries: A patient student whose masks wait a little, and whose cell thinks for two seconds.
#     because: Slow but within every deadline, and right.
# ---

# %% before="mask_tokens"
import time

import torch
import torch.nn.functional as F
from torch import nn

time.sleep(2)

# %% grade_id="mask_tokens"
def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    time.sleep(0.1)
    ordinary = torch.tensor([i for i in range(vocab_size) if i not in special_ids and i != mask_id])
    draw = lambda: torch.rand(input_ids.shape, generator=generator)
    chosen = draw() < rate
    for token in special_ids:
        chosen &= input_ids != token
    fate, other = draw(), ordinary[(draw() * len(ordinary)).long().clamp(max=len(ordinary) - 1)]
    corrupted = input_ids.clone()
    corrupted[chosen & (fate < 0.8)] = mask_id
    swap = chosen & (fate >= 0.8) & (fate < 0.9)
    corrupted[swap] = other[swap]
    labels = torch.full_like(input_ids, -100)
    labels[chosen] = input_ids[chosen]
    return corrupted, labels
