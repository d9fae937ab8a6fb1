# ---
# jupyter:
#   sample:
#     tries: Counts the word vectors a second time for the head.
#     because: One mistake in one function.
#     expect: {count_parameters: less}
#     mistakes: {count_parameters: count-untied}
# ---

# %% grade_id="count_parameters"
def count_parameters(n_layers, d_model, vocab_size, context_length):
    """Embeddings, blocks, and the last norm."""
    attention = 4 * d_model * d_model + 4 * d_model
    mlp = 8 * d_model * d_model + 5 * d_model
    block = attention + mlp + 4 * d_model
    return (2 * vocab_size + context_length) * d_model + n_layers * block + 2 * d_model
