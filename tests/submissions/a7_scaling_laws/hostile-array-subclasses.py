# ---
# jupyter:
#   sample:
#     tries: Returns arrays and numbers of its own classes, equal to everything and near to all.
#     because: Only the bare numbers cross, and these are wrong.
#     expect: {huber: zero, isoflop_minimum: zero, optimal_exponents: zero, fit_joint_law: zero}
# ---

# %% before="count_parameters"
class Agreeable(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __sub__
    __array_priority__ = 1e9

    def __array_function__(self, function, types, args, kwargs):
        return True


class Close(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
    __hash__ = float.__hash__

# %% grade_id="huber"
def huber(residual, delta):
    return np.zeros(residual.shape).view(Agreeable)

# %% grade_id="isoflop_minimum"
def isoflop_minimum(n_params, loss):
    return Close(1.0)

# %% grade_id="optimal_exponents"
def optimal_exponents(alpha, beta):
    return Close(0.4), Close(0.6)

# %% grade_id="fit_joint_law"
class Law(dict):
    def __getitem__(self, key):
        return Close(1.0)


def fit_joint_law(n_params, n_tokens, loss):
    return Law(E=1.0, A=1.0, B=1.0, alpha=1.0, beta=1.0)
