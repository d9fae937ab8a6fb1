# ---
# jupyter:
#   sample:
#     tries: Sets the seed of everything in each call, and the number of threads besides.
#     because: Each call happens in a copy of the process, and the generator given is used all the same, right.
# ---

# %% grade_id="next_sentence_pair"
def next_sentence_pair(documents, document, sentence, generator=None):
    import random

    if generator is not None:
        torch.manual_seed(0)
        random.seed(0)
    torch.set_num_threads(3)
    here = documents[document]
    follows = sentence + 1 < len(here)
    if follows and torch.rand(1, generator=generator).item() < 0.5:
        return here[sentence], here[sentence + 1], True
    others = [s for d, texts in enumerate(documents) if d != document for s in texts]
    return here[sentence], others[int(torch.randint(len(others), (1,), generator=generator))], False
