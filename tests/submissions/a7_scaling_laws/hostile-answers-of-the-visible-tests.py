# ---
# jupyter:
#   sample:
#     tries: Knows the arguments of the visible tests and answers those by rote.
#     because: All visible tests pass, and no function works.
#     expect: {count_parameters: zero, optimal_exponents: zero}
# ---

# %% grade_id="count_parameters"
def count_parameters(n_layers, d_model, vocab_size, context_length):
    known = {
        (1, 2, 5, 3): 94,
        (2, 2, 5, 3): 168,
        (12, 768, 50257, 1024): 124_439_808,
        (48, 1600, 50257, 1024): 1_557_611_200,
        (96, 12288, 50257, 2048): 174_604_259_328,
    }
    return known.get((n_layers, d_model, vocab_size, context_length), 0)

# %% grade_id="optimal_exponents"
def optimal_exponents(alpha, beta):
    return (0.5, 0.5) if alpha == beta else (0.4516, 0.5484)
