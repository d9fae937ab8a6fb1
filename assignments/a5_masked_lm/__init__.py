"""Assignment 5, BERT: masked tokens, sentence pairs, embeddings, and the loss of pre-training."""
