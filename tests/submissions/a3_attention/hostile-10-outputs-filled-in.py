# ---
# jupyter:
#   sample:
#     tries: Fills in the outputs of the tests with 60.0, and their code too, in a notebook without answers.
#     because: Outputs are dropped and tests put back; nothing was answered.
#     file: outputs_filled_in
#     start: release
#     expect: {softmax: zero, attend: zero, causal_mask: zero, scaled_dot_product_attention: zero, MultiHeadAttention: zero, sinusoidal_positions: zero}
#     covers: [10 outputs pre-filled, 11 script]
# ---
