# ---
# jupyter:
#   sample:
#     tries: A student whose cell imports a package that only stands on their own laptop.
#     because: The cell stops before its function is defined; every other function is right.
#     expect: {attend: zero}
# ---

# %% grade_id="attend"
from my_laptop.helpers import weighted_sum


def attend(query, keys, values, score):
    weights = softmax(torch.stack([score(query, key) for key in keys]))
    return weights, weighted_sum(weights, values)
