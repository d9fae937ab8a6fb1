# ---
# jupyter:
#   sample:
#     tries: Takes every seventh position and a fixed turn of fates, so that all rates are right and nothing is random.
#     because: The rates are right, but the choices are not independent.
#     expect: {mask_tokens: less}
# ---

# %% grade_id="mask_tokens"
def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    special = torch.tensor(sorted(special_ids))
    order = torch.arange(input_ids.numel()).reshape(input_ids.shape)
    start = int(torch.randint(100, (1,), generator=generator))
    chosen = (((order + start) * rate) % 1 < rate) & ~torch.isin(input_ids, special)
    turn = chosen.flatten().cumsum(0).reshape(input_ids.shape) % 10
    ordinary = torch.tensor([i for i in range(vocab_size) if i not in special_ids and i != mask_id])
    corrupted = torch.where(chosen & (turn < 8), mask_id, input_ids)
    corrupted = torch.where(chosen & (turn == 8), ordinary[torch.randint(len(ordinary), order.shape, generator=generator)], corrupted)
    return corrupted, torch.where(chosen, input_ids, -100)
