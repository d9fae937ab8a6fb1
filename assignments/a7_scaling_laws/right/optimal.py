"""Right ways to write `optimal_exponents(alpha, beta)` and `optimal_allocation(flops, E, …)`."""

import math

import numpy as np

from assignments.a7_scaling_laws.checks.optimal import exponents
from autograder.misconception import RightImplementation
from reference.joint_law import JointLaw


def exponents_remainder(alpha, beta):
    """b is what a leaves."""
    a = beta / (alpha + beta)
    return a, 1 - a


def exponents_reciprocals(alpha, beta):
    """Shares of 1 / α and 1 / β."""
    total = 1 / alpha + 1 / beta
    return (1 / alpha) / total, (1 / beta) / total


def exponents_ratio(alpha, beta):
    """From α / β alone."""
    ratio = alpha / beta
    return 1 / (1 + ratio), ratio / (1 + ratio)


def exponents_solved(alpha, beta):
    """α a = β b and a + b = 1, solved."""
    return tuple(np.linalg.solve([[alpha, -beta], [1, 1]], [0, 1]))


RIGHT_EXPONENTS = (
    RightImplementation("reference", "the reference", exponents),
    RightImplementation("remainder", "b = 1 - a", exponents_remainder),
    RightImplementation("reciprocals", "reciprocals", exponents_reciprocals),
    RightImplementation("ratio", "the ratio of both", exponents_ratio),
    RightImplementation("solved", "a linear system", exponents_solved),
)


def allocation_reference(flops, E, A, B, alpha, beta):
    """The reference."""
    return JointLaw(E, A, B, alpha, beta).optimal_allocation(flops)


def allocation_spends_the_rest(flops, E, A, B, alpha, beta):
    """The best size, and what it leaves of the budget."""
    a = beta / (alpha + beta)
    n = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (flops / 6) ** a
    return n, flops / (6 * n)


def allocation_in_logarithms(flops, E, A, B, alpha, beta):
    """Sums of logarithms."""
    log_g = (math.log(alpha * A) - math.log(beta * B)) / (alpha + beta)
    log_product = math.log(flops) - math.log(6)
    log_n = log_g + beta / (alpha + beta) * log_product
    return math.exp(log_n), math.exp(log_product - log_n)


def allocation_data_first(flops, E, A, B, alpha, beta):
    """From where α A / N^α = β B / D^β, with N = C / 6D put in, D in whole tokens."""
    power = beta * B * (flops / 6) ** alpha / (alpha * A)
    d = float(round(power ** (1 / (alpha + beta))))
    return flops / 6 / d, d


def allocation_bounded_search(flops, E, A, B, alpha, beta):
    """minimize_scalar of the loss along the budget, in log N."""
    from scipy.optimize import minimize_scalar

    def loss(log_n):
        n = np.exp(log_n)
        return E + A / n**alpha + B / (flops / (6 * n)) ** beta

    found = minimize_scalar(
        loss, bounds=(0, np.log(flops / 6)), method="bounded", options={"xatol": 1e-9}
    )
    n = np.exp(found.x)
    return n, flops / 6 / n


def allocation_grid_twice(flops, E, A, B, alpha, beta):
    """A grid of sizes, and a finer one round the best of it."""
    low, high = 1.0, flops / 6
    for _ in range(6):
        n = np.geomspace(low, high, 400)
        best = int(np.argmin(A / n**alpha + B / (flops / 6 / n) ** beta))
        low, high = n[max(best - 2, 0)], n[min(best + 2, 399)]
    return n[best], flops / 6 / n[best]


def allocation_root(flops, E, A, B, alpha, beta):
    """A root of the derivative."""
    from scipy.optimize import brentq

    def slope(log_n):
        n = math.exp(log_n)
        return beta * B * (6 * n / flops) ** beta - alpha * A * n**-alpha

    n = math.exp(brentq(slope, 0, math.log(flops)))
    return n, flops / (6 * n)


RIGHT_ALLOCATION = (
    RightImplementation("reference", "the reference", allocation_reference),
    RightImplementation("rest", "D from what N leaves", allocation_spends_the_rest),
    RightImplementation("logarithms", "sums of logarithms", allocation_in_logarithms),
    RightImplementation("data-first", "D first, in whole tokens", allocation_data_first),
    RightImplementation("search", "minimize_scalar along the budget", allocation_bounded_search),
    RightImplementation("grid", "a grid, ever finer", allocation_grid_twice),
    RightImplementation("root", "a root of the derivative", allocation_root),
)
