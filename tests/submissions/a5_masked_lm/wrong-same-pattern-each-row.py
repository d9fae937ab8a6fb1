# ---
# jupyter:
#   sample:
#     tries: An honest student who draws one row and uses it for the whole batch.
#     because: Choices must be independent between texts.
#     expect: {mask_tokens: less}
#     mistakes: {mask_tokens: mask-rows-alike}
# ---

# %% grade_id="mask_tokens"
def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Choose positions one by one; of the chosen, 80% are hidden and 10% replaced."""
    special = torch.tensor(sorted(special_ids), dtype=torch.int64)
    ordinary = torch.tensor([i for i in range(vocab_size) if i not in set(special_ids) | {mask_id}])
    chance = torch.rand(input_ids.shape[-1], generator=generator).expand(input_ids.shape)
    chosen = (chance < rate) & ~torch.isin(input_ids, special)
    fate = torch.rand(input_ids.shape, generator=generator)
    others = ordinary[torch.randint(len(ordinary), input_ids.shape, generator=generator)]
    corrupted = torch.where(chosen & (fate < 0.8), mask_id, input_ids)
    corrupted = torch.where(chosen & (fate >= 0.9), others, corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)
