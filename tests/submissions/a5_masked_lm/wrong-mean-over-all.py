# ---
# jupyter:
#   sample:
#     tries: An honest student who averages over every position.
#     because: The loss shrinks with the rate of masking; the loss of both tasks is judged on top of it.
#     expect: {masked_lm_loss: less}
#     mistakes: {masked_lm_loss: loss-over-all-positions}
# ---

# %% grade_id="masked_lm_loss"
def masked_lm_loss(logits, labels):
    losses = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return losses.mean()
