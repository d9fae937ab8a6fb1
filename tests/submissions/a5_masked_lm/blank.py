# ---
# jupyter:
#   sample:
#     tries: The release handed in as it came.
#     because: Nothing was done.
#     expect: {mask_tokens: zero, masked_lm_loss: zero, next_sentence_pair: zero, pack_pair: zero, BertEmbeddings: zero, pretraining_loss: zero}
#     start: release
# ---
