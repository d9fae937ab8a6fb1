"""Masked language modelling: hide some of the tokens, and predict them from both sides.

Slides "Masked Language Modeling", "MLM: 80-10-10 corruption"; Devlin et al. 2019, §3.1 (task 1),
A.1, C.2. 15% of the positions are chosen. Of these, 80% become [MASK], 10% a random token, 10% stay
as they are. Only the chosen ones are predicted. [MASK] never occurs in fine-tuning: because of the
10% and 10%, the model cannot tell which tokens it may trust, and must represent them all.

Loss of a model that finds all four tokens equally likely, where two positions count: ln 4.

>>> labels = torch.tensor([[-100, 3, -100, 1]])
>>> round(masked_lm_loss(torch.zeros(1, 4, 4), labels).item(), 4)
1.3863

Left out: a fixed number of predictions for each row (BERT's 20 of 128), masks drawn once and kept
("static"; here each call draws anew), whole spans (see `span_corruption`).
Proved by: tests of stated size for each of the rates, transformers' collator, rows worked by hand;
torch's cross-entropy in values and gradients.
"""

from collections.abc import Collection

import torch
from jaxtyping import Float, Int
from torch import Tensor

IGNORED = -100  # torch's cross_entropy passes over this label
MASKED, RANDOM = 0.8, 0.1  # of the chosen positions; the rest stays: Devlin et al. 2019, A.1


def mask_tokens(
    input_ids: Int[Tensor, "b n"],
    mask_id: int,
    vocab_size: int,
    special_ids: Collection[int],
    generator: torch.Generator | None = None,
    rate: float = 0.15,
    *,
    word_ids: Int[Tensor, "b n"] | None = None,
) -> tuple[Int[Tensor, "b n"], Int[Tensor, "b n"]]:
    """Corrupt a copy of `input_ids`; return it and the labels, -100 where nothing is predicted.

    Each position that holds no special token is chosen with probability `rate`, whatever becomes
    of the others; `mask_id` counts as special. A random token may be any but the special ones,
    the original too.

    With `word_ids`, whole words are chosen: positions of a row that share a number are chosen
    together, and each of their pieces is then corrupted by itself. Below 0 is no word: not chosen.
    """
    _check(input_ids, mask_id, vocab_size, special_ids, rate)
    if word_ids is not None and word_ids.shape != input_ids.shape:
        raise ValueError(
            f"word_ids must number each position of input_ids, {tuple(input_ids.shape)}: got shape "
            f"{tuple(word_ids.shape)}; pass -1 where there is no word"
        )
    device = input_ids.device
    special = torch.tensor(sorted({mask_id, *special_ids}))
    ordinary = torch.ones(vocab_size, dtype=torch.bool)
    ordinary[special] = False
    candidates = ordinary.nonzero().flatten().to(device)  # (vocab_size - specials,)

    drawn_on = device if generator is None else generator.device
    choice, fate = torch.rand(2, *input_ids.shape, generator=generator, device=drawn_on).to(device)
    rank = torch.randint(len(candidates), input_ids.shape, generator=generator, device=drawn_on).to(
        device
    )

    chosen = ~torch.isin(input_ids, special.to(device))
    if word_ids is not None:
        chosen &= word_ids >= 0
        same_word = word_ids[:, :, None] == word_ids[:, None, :]  # (b, n, n)
        first = same_word.int().argmax(-1)  # (b, n)
        choice = choice.gather(1, first)  # a word's first position speaks for all of it
    chosen &= choice < rate
    replacement = candidates[rank].where(fate >= MASKED, mask_id)
    corrupted = replacement.where(chosen & (fate < MASKED + RANDOM), input_ids)
    return corrupted, input_ids.masked_fill(~chosen, IGNORED)


def masked_lm_loss(logits: Float[Tensor, "b n V"], labels: Int[Tensor, "b n"]) -> Float[Tensor, ""]:
    """Mean of -log p(label) over the labelled positions, in float32 or wider.

    Where none is labelled it is 0, and its gradients are 0: such a batch teaches nothing.
    """
    if logits.ndim != 3 or labels.shape != logits.shape[:2]:
        raise ValueError(
            f"logits must be (b, n, V) and labels (b, n): got shapes {tuple(logits.shape)} and "
            f"{tuple(labels.shape)}; pass one label, or {IGNORED}, for each position"
        )
    labelled = labels != IGNORED
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    target = labels.masked_fill(~labelled, 0)[..., None]  # (b, n, 1)
    surprise = wide.logsumexp(-1) - wide.gather(-1, target).squeeze(-1)  # (b, n)
    return surprise.where(labelled, 0).sum() / labelled.sum().clamp(min=1)


def _check(
    input_ids: Tensor, mask_id: int, vocab_size: int, special_ids: Collection[int], rate: float
) -> None:
    if input_ids.ndim != 2 or input_ids.dtype != torch.int64:
        raise ValueError(
            f"input_ids must be int64 of shape (b, n): got {input_ids.dtype}, "
            f"{tuple(input_ids.shape)}; for a single row pass input_ids[None]"
        )
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be a probability, 0 to 1: got {rate}; BERT's is 0.15")
    special = {mask_id, *special_ids}
    outside = sorted(i for i in special if not 0 <= i < vocab_size)
    if outside:
        raise ValueError(
            f"mask_id and special_ids must be ids below vocab_size={vocab_size}: got {outside}; "
            "pass those of the tokenizer that made input_ids"
        )
    if len(special) == vocab_size:
        raise ValueError(
            f"random tokens are drawn from the ids that are not special: got vocab_size="
            f"{vocab_size} and as many special ids; leave at least one"
        )
