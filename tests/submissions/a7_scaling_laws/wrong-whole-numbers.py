# ---
# jupyter:
#   sample:
#     tries: Multiplies whole numbers, which wrap round.
#     because: Right for single numbers and floats only.
#     expect: {training_flops: 1}
#     mistakes: {training_flops: flops-overflowing}
# ---

# %% grade_id="training_flops"
def training_flops(n_params, n_tokens):
    return 6 * n_params * n_tokens
