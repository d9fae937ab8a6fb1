"""Fit sums of powers on a logarithmic scale, from many starts or for many bootstrap draws at once.

A scaling law is a sum of powers: of sizes, with unknown scales and exponents, perhaps with a
constant. Its logarithm is log Σ_k exp(X_k θ_k), one linear map X_k of logarithms for each term;
θ_k holds the logarithm of the scale, then the exponents. Hoffmann et al. 2022, App. D.3, Eq. 3,
compare it with the logarithms t of what was measured, by Huber's loss (1964): r²/2 up to |r| = δ,
and from there a straight line, so that a point far away pulls no harder than one nearby.

Each step is Newton's, damped as Levenberg (1944) damps Gauss's. With H the second derivatives of
the objective, and J the derivatives of the residuals r, it solves

    (H + λ Jᵀ W J) step = -gradient,   W = min(1, δ / |r|).

W gives the parabolas that lie above Huber's loss and touch it at r: with λ large, steps are short
and go downhill; with λ = 0 they are Newton's own, fast at the end. λ halves after each step that
went downhill, and doubles after each that did not and is taken back. All problems move in one array
operation, with derivatives in closed form, and each leaves the batch when it stands still.

A line in logarithms, y = 3 x², and 50 starts of it:

>>> x = np.log([1.0, 2.0, 4.0])
>>> line = np.stack([np.ones(3), x], axis=1)
>>> theta, objective = fit_log_sum([line], np.log(3) + 2 * x, np.random.normal(size=(50, 2)))
>>> bool(np.allclose(theta, [np.log(3), 2]))
True

Left out: bounds, a search along the step.
Proved by: scipy's curve_fit and L-BFGS-B, numpy's polyfit, its gradients at the minimum; the
published coefficients that `joint_law` reaches with it.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

RELATIVE_TOLERANCE = 1e-13  # of the objective: it stands still to within rounding
RIDGE = 1e-12  # relative: leaves a term that has vanished where it is


def logarithms(fewest: int, **columns: Float[ndarray, " runs"]) -> list[Float[ndarray, " runs"]]:
    """Take logarithms of columns of one table, once it is sure that they exist."""
    shapes = {name: np.shape(column) for name, column in columns.items()}
    names = ", ".join(columns)
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        raise ValueError(
            f"{names} must be columns of one length: got shapes {list(shapes.values())}; pass one "
            "number of each for every run"
        )
    rows = next(iter(shapes.values()))[0]
    if rows < fewest:
        raise ValueError(
            f"{names} must have {fewest} rows or more: got {rows}; there are as many unknowns, so "
            "add runs"
        )
    logs = []
    for name, column in columns.items():
        values = np.asarray(column, dtype=np.float64)
        bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
        if len(bad):
            raise ValueError(
                f"{name} must be positive and finite: got {values[bad[0]]} in row {bad[0]}, and "
                f"{len(bad)} such rows in all; leave out runs that failed"
            )
        logs.append(np.log(values))
    return logs


def bootstrap_weights(
    draws: int, rows: int, generator: np.random.Generator
) -> Float[ndarray, "draws rows"]:
    """Draw `rows` rows with replacement, `draws` times: how often each row came."""
    if draws < 2:
        raise ValueError(f"draws must be 2 or more: got {draws}; Hoffmann et al. 2022 take 100")
    return generator.multinomial(rows, np.full(rows, 1 / rows), size=draws).astype(np.float64)


def huber(r: Float[ndarray, "*shape"], delta: float) -> Float[ndarray, "*shape"]:
    """Give r²/2 where |r| ≤ δ, and δ (|r| - δ/2) beyond; least squares for δ = inf."""
    size = np.abs(r)
    inner = np.minimum(size, delta)
    return inner * (size - inner / 2)


def fit_log_sum(
    terms: Sequence[Float[ndarray, "runs _"]],
    target: Float[ndarray, " runs"],
    starts: Float[ndarray, "starts p"],
    *,
    weights: Float[ndarray, "#starts runs"] | None = None,
    huber_delta: float = np.inf,
    max_steps: int = 500,
) -> tuple[Float[ndarray, "starts p"], Float[ndarray, " starts"]]:
    """Minimise Σ_i w_i Huber_δ(log Σ_k exp(X_k θ_k)_i - t_i) from each start.

    Return all minimisers θ and their objectives. `weights` has one row, or one for each start.
    """
    if not huber_delta > 0:
        raise ValueError(
            f"huber_delta must be positive: got {huber_delta}; Hoffmann et al. 2022 use 1e-3, and "
            "inf is least squares"
        )
    found, objectives = starts.astype(np.float64), np.full(len(starts), np.inf)
    live = np.arange(len(starts))  # the problems still in the batch
    theta, w = found, np.ones((1, len(target))) if weights is None else weights
    w = np.broadcast_to(w, (len(starts), len(target)))
    products = {
        (j, k): np.einsum("na,nb->nab", terms[j], terms[k]).reshape(len(target), -1)
        for k in range(len(terms))
        for j in range(k + 1)
    }
    damping = np.ones(len(starts))  # λ
    with np.errstate(all="ignore"):  # a step that overflows is not downhill, and so is taken back
        shares, r = _evaluate(terms, target, theta)
        f = (w * huber(r, huber_delta)).sum(axis=1)
        for _ in range(max_steps):
            inside = np.abs(r) <= huber_delta
            slope = w * np.clip(r, -huber_delta, huber_delta)
            curvature = np.where(inside, 1, huber_delta / np.abs(r)) * damping[:, None] + inside
            gradient = np.concatenate(
                [(slope * share) @ x for share, x in zip(shares, terms, strict=True)], axis=1
            )
            matrix = _second_derivatives(terms, products, shares, w * curvature, slope)
            step = -np.linalg.solve(matrix, gradient[..., None])[..., 0]

            new_shares, new_r = _evaluate(terms, target, theta + step)
            new_f = (w * huber(new_r, huber_delta)).sum(axis=1)
            down = new_f < f
            promised = -(step * gradient).sum(axis=1)
            gained = np.where(down, f - new_f, np.abs(promised))
            theta = np.where(down[:, None], theta + step, theta)
            r = np.where(down[:, None], new_r, r)
            shares = [
                np.where(down[:, None], b, a) for a, b in zip(shares, new_shares, strict=True)
            ]
            f = np.where(down, new_f, f)
            damping = damping * np.where(down, 0.5, 2)

            found[live], objectives[live] = theta, f
            on = (gained > RELATIVE_TOLERANCE * f) & (damping < 1e12)
            live, theta, r, w, f, damping = (kept[on] for kept in (live, theta, r, w, f, damping))
            shares = [share[on] for share in shares]
            if not len(live):
                break
    return found, objectives


def _evaluate(
    terms: Sequence[ndarray], target: ndarray, theta: ndarray
) -> tuple[list[ndarray], ndarray]:
    """Give each term's share of the sum, and the residuals, both (starts, runs)."""
    ends = np.cumsum([x.shape[1] for x in terms])
    exponents = [
        part @ x.T for part, x in zip(np.split(theta, ends[:-1], axis=1), terms, strict=True)
    ]
    top = np.maximum.reduce(exponents)
    powers = [np.exp(u - top) for u in exponents]
    total = np.add.reduce(powers)
    return [power / total for power in powers], top + np.log(total) - target


def _second_derivatives(
    terms: Sequence[ndarray],
    products: dict[tuple[int, int], ndarray],
    shares: Sequence[ndarray],
    curvature: ndarray,
    slope: ndarray,
) -> ndarray:
    """Give Jᵀ diag(curvature) J + Σ_i slope_i ∇²r_i; ∇²r is Σ_k share_k X_kᵀ X_k - JᵀJ for a run.

    J's columns are each term's share times the columns of its map.
    """
    ends = [0, *np.cumsum([x.shape[1] for x in terms])]
    matrix = np.empty((len(slope), ends[-1], ends[-1]))
    curvature = curvature - slope
    for (j, k), product in products.items():
        weights = curvature * shares[j] * shares[k]
        if j == k:
            weights += slope * shares[k]
        block = (weights @ product).reshape(len(slope), terms[j].shape[1], terms[k].shape[1])
        rows, columns = slice(ends[j], ends[j + 1]), slice(ends[k], ends[k + 1])
        matrix[:, rows, columns] = block
        matrix[:, columns, rows] = block.swapaxes(1, 2)
    diagonal = np.einsum("sii->si", matrix)
    diagonal += RIDGE * np.abs(diagonal).max(axis=1, keepdims=True) + np.finfo(float).tiny
    return matrix
