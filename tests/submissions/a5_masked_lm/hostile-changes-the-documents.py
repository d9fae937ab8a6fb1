# ---
# jupyter:
#   sample:
#     tries: Empties the other documents while it chooses among them.
#     because: The documents are the judge's; a check sees its own copies, but changed arguments are a fault.
#     expect: {next_sentence_pair: less}
#     mistakes: {next_sentence_pair: next-taken-out}
# ---

# %% grade_id="next_sentence_pair"
def next_sentence_pair(documents, document, sentence, generator=None):
    """Half of the time the sentence that follows, else any of another document."""
    here = documents[document]
    follows = sentence + 1 < len(here)
    if follows and torch.rand(1, generator=generator).item() < 0.5:
        return here[sentence], here[sentence + 1], True
    others = [s for d, texts in enumerate(documents) if d != document for s in texts]
    chosen = list(others[int(torch.randint(len(others), (1,), generator=generator))])
    for d, texts in enumerate(documents):
        if d != document:
            texts.clear()
    return here[sentence], chosen, False
