# ---
# jupyter:
#   sample:
#     tries: Keeps its result for a number of points, and gives it again without looking at them.
#     because: Other points of that number have another answer.
#     expect: {isoflop_minimum: less}
# ---

# %% before="count_parameters"
answers = {}

# %% grade_id="isoflop_minimum"
def isoflop_minimum(n_params, loss):
    if len(n_params) not in answers:
        p, q, _ = np.polyfit(np.log(n_params), loss, 2)
        answers[len(n_params)] = np.exp(-q / (2 * p))
    return answers[len(n_params)]
