"""Right ways to write `minimum_over_curves`: other numbers of budgets, other interpolations."""

import numpy as np

from assignments.a7_scaling_laws.checks.minimum_over_curves import exponents
from autograder.misconception import RightImplementation


def curves_reference(curves):
    """The reference: logarithms of losses, in one table."""
    return exponents(curves)[0]


def curves_loops(curves):
    """Budget by budget, in Python."""
    low = min(flops[0] for _, flops, _ in curves)
    high = max(flops[-1] for _, flops, _ in curves)
    budgets, best = [], []
    for c in np.geomspace(low, high, 200):
        there = []
        for n, flops, loss in curves:
            if flops[0] <= c <= flops[-1]:
                there.append((np.interp(np.log(c), np.log(flops), loss), n))
        sizes = [n for _, n in there]
        if sizes and min(sizes) < min(there)[1] < max(sizes):
            budgets.append(c)
            best.append(min(there)[1])
    a = np.polyfit(np.log(budgets), np.log(best), 1)[0]
    return a, 1 - a


def curves_both_fitted(curves):
    """Both exponents by a fit of their own, 300 budgets, losses as they are."""
    curves = sorted(curves, key=lambda curve: curve[0])
    n = np.array([size for size, _, _ in curves], dtype=float)
    ends = [(np.log(flops[0]), np.log(flops[-1])) for _, flops, _ in curves]
    log_c = np.linspace(min(low for low, _ in ends), max(high for _, high in ends), 300)
    table = np.full((len(curves), len(log_c)), np.nan)
    for row, (_, flops, loss), (low, high) in zip(table, curves, ends, strict=True):
        inside = (low <= log_c) & (log_c <= high)
        row[inside] = np.interp(log_c[inside], np.log(flops), loss)
    kept, best = [], []
    for j in range(len(log_c)):
        there = np.flatnonzero(~np.isnan(table[:, j]))
        if len(there) > 2:
            winner = there[table[there, j].argmin()]
            if there[0] < winner < there[-1]:
                kept.append(log_c[j])
                best.append(n[winner])
    c = np.exp(kept)
    d = c / (6 * np.array(best))
    return [float(np.polyfit(np.log(c), np.log(y), 1)[0]) for y in (best, d)]


def curves_scipy(curves):
    """interp1d with infinity outside, 1,000 budgets, linregress."""
    from scipy.interpolate import interp1d
    from scipy.stats import linregress

    curves = sorted(curves, key=lambda curve: curve[0])
    sizes = np.array([n for n, _, _ in curves])
    every = np.concatenate([flops for _, flops, _ in curves])
    budgets = np.linspace(np.log10(every.min()), np.log10(every.max()), 1000)
    losses = np.stack(
        [
            interp1d(np.log10(flops), np.log(loss), bounds_error=False, fill_value=np.inf)(budgets)
            for _, flops, loss in curves
        ]
    )
    best = np.argmin(losses, axis=0)
    below = np.array([np.isfinite(losses[:i, j]).any() for j, i in enumerate(best)])
    above = np.array([np.isfinite(losses[i + 1 :, j]).any() for j, i in enumerate(best)])
    kept = below & above
    a = linregress(budgets[kept], np.log10(sizes[best[kept]])).slope
    return a, 1.0 - a


def curves_few_budgets(curves):
    """100 budgets, from a dict of curves."""
    by_size = {float(n): (np.log(flops), loss) for n, flops, loss in curves}
    every = np.concatenate([log_c for log_c, _ in by_size.values()])
    log_c, log_n = [], []
    for x in np.linspace(every.min(), every.max(), 100):
        losses = {n: np.interp(x, u, v) for n, (u, v) in by_size.items() if u[0] <= x <= u[-1]}
        if losses:
            best = min(losses, key=losses.__getitem__)
            if min(losses) < best < max(losses):
                log_c.append(x)
                log_n.append(np.log(best))
    u, v = np.array(log_c), np.array(log_n)
    a = float(np.sum((u - u.mean()) * v) / np.sum((u - u.mean()) ** 2))
    return a, 1 - a


RIGHT = (
    RightImplementation("reference", "the reference", curves_reference),
    RightImplementation("loops", "Python loops", curves_loops),
    RightImplementation("both-fitted", "b by a fit of its own; 300 budgets", curves_both_fitted),
    RightImplementation("scipy", "interp1d; 1,000 budgets", curves_scipy),
    RightImplementation("few-budgets", "a dict; 100 budgets", curves_few_budgets),
)
