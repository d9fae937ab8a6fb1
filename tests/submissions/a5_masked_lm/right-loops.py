# ---
# jupyter:
#   sample:
#     tries: Positions and sentences one at a time, and no tensor operation where a loop will do.
#     because: Right in another style.
# ---

# %% grade_id="mask_tokens"
def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    def uniform():
        return torch.rand((), generator=generator).item()

    ordinary = [i for i in range(vocab_size) if i not in special_ids and i != mask_id]
    draws = torch.rand(3, *input_ids.shape, generator=generator).tolist()
    corrupted, labels = input_ids.tolist(), torch.full_like(input_ids, -100).tolist()
    for row, ids in enumerate(input_ids.tolist()):
        for column, token in enumerate(ids):
            choice, fate, which = (draws[k][row][column] for k in range(3))
            if token in special_ids or choice >= rate:
                continue
            labels[row][column] = token
            if fate < 0.8:
                corrupted[row][column] = mask_id
            elif fate < 0.9:
                corrupted[row][column] = ordinary[int(which * len(ordinary))]
    return torch.tensor(corrupted).reshape(input_ids.shape), torch.tensor(labels).reshape(input_ids.shape)


# %% grade_id="masked_lm_loss"
def masked_lm_loss(logits, labels):
    losses = [
        -torch.log_softmax(logits[i, j], -1)[labels[i, j]]
        for i, j in (labels != -100).nonzero().tolist()
    ]
    return torch.stack(losses).mean() if losses else logits.sum() * 0.0


# %% grade_id="next_sentence_pair"
def next_sentence_pair(documents, document, sentence, generator=None):
    a = documents[document][sentence]
    last = sentence == len(documents[document]) - 1
    if not last and torch.randint(2, (), generator=generator) == 1:
        return a, documents[document][sentence + 1], True
    places = [(d, s) for d in range(len(documents)) if d != document for s in range(len(documents[d]))]
    d, s = places[torch.randperm(len(places), generator=generator)[0]]
    return a, documents[d][s], False
