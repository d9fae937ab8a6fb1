# ---
# jupyter:
#   sample:
#     tries: An honest student whose other sentence comes from any document, and who cuts from the front.
#     because: Each mistake costs its own function, and only that.
#     expect: {next_sentence_pair: less, pack_pair: less}
#     mistakes: {next_sentence_pair: next-from-the-corpus, pack_pair: pack-cut-at-the-front}
# ---

# %% grade_id="next_sentence_pair"
def next_sentence_pair(documents, document, sentence, generator=None):
    """Half of the time the sentence that follows, else any of another document."""
    here = documents[document]
    follows = sentence + 1 < len(here)
    if follows and torch.rand(1, generator=generator).item() < 0.5:
        return here[sentence], here[sentence + 1], True
    others = [s for d, texts in enumerate(documents) for s in texts]
    return here[sentence], others[int(torch.randint(len(others), (1,), generator=generator))], False


# %% grade_id="pack_pair"
def pack_pair(a, b, max_length, cls_id, sep_id, pad_id):
    """[CLS] a [SEP] b [SEP] and padding; the longer loses its last token until all fits."""
    a, b = list(a), list(b)
    while len(a) + len(b) + 3 > max_length:
        (a if len(a) > len(b) else b).pop(0)
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    segments = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    return (
        torch.tensor(ids + [pad_id] * pad),
        torch.tensor(segments),
        torch.tensor([1] * len(ids) + [0] * pad),
    )
