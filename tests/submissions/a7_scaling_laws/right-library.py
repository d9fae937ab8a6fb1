# ---
# jupyter:
#   sample:
#     tries: Library calls wherever there is one.
#     because: Right in another style.
# ---

# %% grade_id="fit_power_law"
from scipy.stats import linregress


def fit_power_law(x, y):
    line = linregress(np.log10(x), np.log10(y))
    return 10**line.intercept, line.slope

# %% grade_id="isoflop_minimum"
from numpy.polynomial import Polynomial


def isoflop_minimum(n_params, loss):
    parabola = Polynomial.fit(np.log(n_params), loss, 2)
    if parabola.deriv(2)(0) <= 0:
        raise ValueError("the parabola opens downwards")
    return np.exp(parabola.deriv().roots()[0])

# %% grade_id="huber"
import scipy.special


def huber(residual, delta):
    return scipy.special.huber(delta, residual)
