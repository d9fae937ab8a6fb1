# ---
# jupyter:
#   sample:
#     tries: Library calls wherever there is one.
#     because: Right in another style.
# ---

# %% grade_id="mask_tokens"
def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    special = torch.zeros(vocab_size, dtype=torch.bool)
    special[list(special_ids)] = True
    probability = torch.full(input_ids.shape, rate).masked_fill(special[input_ids], 0.0)
    chosen = torch.bernoulli(probability, generator=generator).bool()
    fate = torch.multinomial(
        torch.tensor([0.8, 0.1, 0.1]), input_ids.numel(), replacement=True, generator=generator
    ).reshape(input_ids.shape)
    special[mask_id] = True
    pool = torch.multinomial(
        (~special).float(), input_ids.numel(), replacement=True, generator=generator
    ).reshape(input_ids.shape)
    corrupted = input_ids.clone()
    corrupted[chosen & (fate == 0)] = mask_id
    corrupted[chosen & (fate == 1)] = pool[chosen & (fate == 1)]
    return corrupted, input_ids.masked_fill(~chosen, -100)


# %% grade_id="masked_lm_loss"
def masked_lm_loss(logits, labels):
    total = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum", ignore_index=-100)
    return total / (labels != -100).sum().clamp(min=1)
