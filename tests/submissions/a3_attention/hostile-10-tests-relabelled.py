# ---
# jupyter:
#   sample:
#     tries: Exchanges the labels of the answer and the test of the causal mask, and puts 4.0 where the answer belongs.
#     because: What is labelled as its answer defines no mask; the rest is right.
#     file: tests_relabelled
#     expect: {causal_mask: zero}
#     covers: [10 test cells relabelled]
# ---
