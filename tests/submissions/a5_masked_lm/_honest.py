# ---
# jupyter:
#   sample:
#     tries: What every sample is made of where it brings no cell of its own.
#     because: Right, in plain style.
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


# %% grade_id="next_sentence_pair"
def next_sentence_pair(documents, document, sentence, generator=None):
    """Half of the time the sentence that follows, else any of another document."""
    here = documents[document]
    follows = sentence + 1 < len(here)
    if follows and torch.rand(1, generator=generator).item() < 0.5:
        return here[sentence], here[sentence + 1], True
    others = [s for d, texts in enumerate(documents) if d != document for s in texts]
    return here[sentence], others[int(torch.randint(len(others), (1,), generator=generator))], False


# %% grade_id="pack_pair"
def pack_pair(a, b, max_length, cls_id, sep_id, pad_id):
    """[CLS] a [SEP] b [SEP] and padding; the longer loses its last token until all fits."""
    a, b = list(a), list(b)
    while len(a) + len(b) + 3 > max_length:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    segments = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    return (
        torch.tensor(ids + [pad_id] * pad),
        torch.tensor(segments),
        torch.tensor([1] * len(ids) + [0] * pad),
    )


# %% grade_id="BertEmbeddings"
class BertEmbeddings(nn.Module):
    """Token, segment and position, added and normalised."""

    def __init__(self, vocab_size, max_length, d_model):
        super().__init__()
        self.token = nn.Embedding(vocab_size, d_model)
        self.segment = nn.Embedding(2, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, input_ids, token_type_ids):
        place = torch.arange(input_ids.shape[-1], device=input_ids.device)
        summed = self.token(input_ids) + self.segment(token_type_ids) + self.position(place)
        return self.norm(summed)


# %% grade_id="pretraining_loss"
def pretraining_loss(mlm_logits, labels, nsp_logits, is_next):
    """The two mean losses added."""
    return masked_lm_loss(mlm_logits, labels) + F.cross_entropy(nsp_logits, is_next.long())
