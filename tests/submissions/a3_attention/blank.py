# ---
# jupyter:
#   sample:
#     tries: The release handed in as it came.
#     because: Nothing was done.
#     expect: {softmax: zero, attend: zero, causal_mask: zero, scaled_dot_product_attention: zero, MultiHeadAttention: zero, sinusoidal_positions: zero}
#     start: release
# ---
