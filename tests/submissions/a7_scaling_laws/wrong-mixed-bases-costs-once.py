# ---
# jupyter:
#   sample:
#     tries: Logarithms to base 10 there, e back; the exponent, which the curves need, is right.
#     because: The mistake costs in the fit alone.
#     expect: {fit_power_law: zero}
#     mistakes: {fit_power_law: line-mixed-bases}
# ---

# %% grade_id="fit_power_law"
def fit_power_law(x, y):
    exponent, constant = np.polyfit(np.log10(x), np.log10(y), 1)
    return np.exp(constant), exponent
