# ---
# jupyter:
#   sample:
#     tries: An honest student who takes the mean of the two losses.
#     because: BERT adds them.
#     expect: {pretraining_loss: zero}
#     mistakes: {pretraining_loss: both-averaged}
# ---

# %% grade_id="pretraining_loss"
def pretraining_loss(mlm_logits, labels, nsp_logits, is_next):
    """The two mean losses added."""
    return (masked_lm_loss(mlm_logits, labels) + F.cross_entropy(nsp_logits, is_next.long())) / 2
