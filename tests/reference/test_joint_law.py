"""joint_law.py on published runs, against scipy, and by its properties."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, special

from reference.joint_law import START_EXPONENTS, JointLaw, bootstrap_joint_law, fit_joint_law
from reference.published_runs import hoffmann_runs

some = settings(max_examples=15)
COEFFICIENTS = ("E", "A", "B", "alpha", "beta")
# What independent code found was printed with 4 to 6 digits; the nearest wrong fit known, by
# L-BFGS-B that stops early, has another A by 10%.
PRINTED = 1e-3


@pytest.fixture(scope="module")
def usual(published_folder):
    """Runs of Hoffmann et al. 2022, as Besiroglu et al. 2024 fit them."""
    return hoffmann_runs(published_folder)


def coefficients(law):
    return [getattr(law, name) for name in COEFFICIENTS]


def objective(law, n, d, loss, delta=1e-3):
    return special.huber(delta, np.log(law.loss(n, d)) - np.log(loss)).sum()


def test_the_published_runs_have_the_coefficients_that_independent_code_finds(usual):
    law = fit_joint_law(*usual)
    assert coefficients(law) == pytest.approx([1.8172, 477.83, 2143.42, 0.3473, 0.3672], PRINTED)
    assert law.optimal_exponents() == pytest.approx((0.5139, 0.4861), PRINTED)
    assert objective(law, *usual) == pytest.approx(0.00101827, abs=5e-9)  # as printed


def test_the_bootstrap_of_the_published_runs_has_the_spread_that_independent_code_finds(usual):
    a = np.array([law.optimal_exponents()[0] for law in bootstrap_joint_law(*usual, draws=400)])
    # a deviation from 400 draws is itself uncertain by 1 / sqrt(800), 3.5%: three of these
    assert a.std() == pytest.approx(0.020, rel=0.1)


def starts(n, d, loss):
    """The grid of exponents that fit_joint_law starts from, not centred: log A, α, log B, β, E."""
    third, x, y = np.log(loss).mean() - np.log(3), np.log(n).mean(), np.log(d).mean()
    return [
        [third + alpha * x, alpha, third + beta * y, beta, third]
        for alpha in START_EXPONENTS
        for beta in START_EXPONENTS
    ]


def scipys(n, d, loss, starts, *, scale, weights=1.0, **options):
    """A plain loop of scipy's L-BFGS-B over starts, of scale times the mean, with gradients."""
    x, y, t = np.log(n), np.log(d), np.log(loss)
    one, zero = np.ones_like(x), np.zeros_like(x)
    maps = np.stack(
        [
            np.stack([one, -x, zero, zero, zero], axis=1),
            np.stack([zero, zero, one, -y, zero], axis=1),
            np.stack([zero, zero, zero, zero, one], axis=1),
        ]
    )

    def value_and_gradient(theta):
        terms = maps @ theta
        top = terms.max(axis=0)
        powers = np.exp(terms - top)
        total = powers.sum(axis=0)
        r = top + np.log(total) - t
        size = np.minimum(np.abs(r), 1e-3)
        value = weights * size * (np.abs(r) - size / 2)
        slope = weights * np.clip(r, -1e-3, 1e-3)
        gradient = sum((slope * p / total) @ m for p, m in zip(powers, maps, strict=True))
        return scale * value.mean(), scale * gradient / len(t)

    best = min(
        (
            optimize.minimize(value_and_gradient, s, jac=True, method="L-BFGS-B", options=options)
            for s in starts
        ),
        key=lambda result: result.fun,
    )
    a, alpha, b, beta, e = best.x
    return JointLaw(np.exp(e), np.exp(a), np.exp(b), alpha, beta), best.fun * len(t) / scale


EXACT_OPTIONS = {"maxiter": 5000, "maxfun": 20000, "maxcor": 30, "ftol": 1e-14, "gtol": 1e-9}


@pytest.mark.parity
def test_draws_reach_scipys_minimum_of_the_same_draws(usual):
    draws = bootstrap_joint_law(*usual, draws=4, seed=3)
    counts = np.random.default_rng(3).multinomial(240, np.full(240, 1 / 240), size=4)
    for law, weights in zip(draws, counts, strict=True):
        rows = np.repeat(np.arange(240), weights)
        ours = objective(law, *(column[rows] for column in usual))
        some_starts = [starts(*usual)[i] for i in (22, 55)]
        _, theirs = scipys(*usual, some_starts, scale=1e3, weights=weights, **EXACT_OPTIONS)
        assert ours <= theirs * (1 + 1e-6)


def grid(law, sizes=8, tokens=8):
    n, d = (g.ravel() for g in np.meshgrid(np.logspace(7, 10, sizes), np.logspace(9, 12, tokens)))
    return n, d, law.loss(n, d)


laws = st.builds(
    JointLaw,
    E=st.floats(1, 3),
    A=st.floats(100, 1000),
    B=st.floats(500, 3000),
    alpha=st.floats(0.25, 0.4),
    beta=st.floats(0.25, 0.4),
)


@some
@given(law=laws)
def test_without_noise_the_law_is_found_and_every_draw_finds_it(law):
    found = fit_joint_law(*grid(law))
    assert coefficients(found) == pytest.approx(coefficients(law), rel=1e-5)
    for drawn in bootstrap_joint_law(*grid(law), draws=3):
        assert coefficients(drawn) == pytest.approx(coefficients(law), rel=1e-4)


@some
@given(law=laws, scale=st.floats(0.1, 10))
def test_units_of_size_data_and_loss_do_not_matter(law, scale):
    n, d, loss = grid(law)
    loss = loss * np.exp(np.random.default_rng(0).normal(0, 0.001, loss.shape))
    found, scaled = fit_joint_law(n, d, loss), fit_joint_law(n * scale, d / scale, loss * scale)
    assert scaled.optimal_exponents() == pytest.approx(found.optimal_exponents(), rel=1e-3)
    assert scaled.E == pytest.approx(found.E * scale, rel=1e-2)


def test_one_loss_by_hand():
    """1 + 8 / 4^(1/2) + 9 / 27^(1/3) = 1 + 4 + 3; of A, B, α and β alike, N = D = sqrt(C / 6)."""
    law = JointLaw(E=1.0, A=8.0, B=9.0, alpha=1 / 2, beta=1 / 3)
    assert law.loss(4.0, 27.0) == pytest.approx(8)
    assert law.optimal_exponents() == pytest.approx((0.4, 0.6))
    assert JointLaw(2.0, 5.0, 5.0, 0.3, 0.3).optimal_allocation(600.0) == pytest.approx((10, 10))


@pytest.mark.parity
@some
@given(law=laws, log_flops=st.floats(40, 60))
def test_the_best_allocation_is_scipys_minimum_over_all_of_its_cost(law, log_flops):
    flops = np.exp(log_flops)
    n, d = law.optimal_allocation(flops)
    assert 6 * n * d == pytest.approx(flops, rel=1e-12)
    found = optimize.minimize_scalar(
        lambda log_n: law.loss(np.exp(log_n), flops / 6 / np.exp(log_n)),
        bounds=(0, log_flops),
        method="bounded",
        options={"xatol": 1e-9},
    )
    # at a minimum, a loss known to 1e-16 tells N to 1e-8 of its curvature, of order 0.01 here
    assert np.log(n) == pytest.approx(found.x, abs=1e-4)
    growth = np.log(law.optimal_allocation(flops * 10)) - np.log((n, d))
    assert growth / np.log(10) == pytest.approx(law.optimal_exponents(), rel=1e-9)


def test_what_is_wrong_is_said():
    n, d, loss = grid(JointLaw(1.8, 480.0, 2100.0, 0.35, 0.37))
    with pytest.raises(ValueError, match=r"must have 5 rows or more: got 4"):
        fit_joint_law(n[:4], d[:4], loss[:4])
    for name, columns in {
        "n_params": (np.full_like(n, 1e9), d, loss),
        "n_tokens": (n, np.where(d > 1e10, 1e11, 1e10), loss),
    }.items():
        with pytest.raises(ValueError, match=rf"{name} must take 3 distinct values or more: got"):
            fit_joint_law(*columns)
    for bad in (np.nan, -1.0, 0.0):
        with pytest.raises(
            ValueError, match=rf"loss must be positive and finite: got {bad} in row"
        ):
            fit_joint_law(n, d, np.where(n > 1e9, bad, loss))
    with pytest.raises(ValueError, match=r"beta must be positive: got .*; a law in which size"):
        JointLaw(1.8, 480.0, 2100.0, 0.35, -0.1).optimal_allocation(1e20)
    step = 2.0 + 100 / n**0.3 + np.where(d < 1.1e9, 0.5, 0.0)  # as an exponent, infinite
    with pytest.raises(ValueError, match=r"the runs must show .* one term is gone; add runs of"):
        fit_joint_law(n, d, step)
    with pytest.raises(ValueError, match=r"huber_delta must be positive: got -1"):
        fit_joint_law(n, d, loss, huber_delta=-1.0)
