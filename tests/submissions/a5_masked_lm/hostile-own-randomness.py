# ---
# jupyter:
#   sample:
#     tries: Draws from the clock and the system, and moves the given generator on so that it looks used.
#     because: The same state must give the same pair, and does not.
#     expect: {next_sentence_pair: less}
#     mistakes: {next_sentence_pair: next-generator-ignored}
# ---

# %% grade_id="next_sentence_pair"
def next_sentence_pair(documents, document, sentence, generator=None):
    import random

    torch.rand(7, generator=generator)
    system = random.SystemRandom()
    here = documents[document]
    if sentence + 1 < len(here) and system.random() < 0.5:
        return here[sentence], here[sentence + 1], True
    others = [s for d, texts in enumerate(documents) if d != document for s in texts]
    return here[sentence], system.choice(others), False
