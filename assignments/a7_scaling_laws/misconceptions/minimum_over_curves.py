"""Known mistakes in `minimum_over_curves`, each under a name, with what to tell a student.

The functions stand alone, so that each can be pasted into a notebook: hence what they repeat.
Left out: mistakes in the fit, which cost once, in the fit. Proved by: `autograder validate
a7_scaling_laws`.
"""

from typing import Any

import numpy as np

from assignments.a7_scaling_laws.checks.minimum_over_curves import Curves, family
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def curves_swapped(curves):
    """(b, a)."""
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items() if u[0] <= c <= u[-1]}
        best = min(there, key=there.__getitem__)
        if min(there) < best < max(there):
            x.append(c)
            y.append(np.log(best))
    a = np.polyfit(x, y, 1)[0]
    return 1 - a, a


def curves_of_last_points(curves):
    """Each curve's end, whatever the others say."""
    x = np.log([flops[-1] for _, flops, _ in curves])
    y = np.log([n for n, _, _ in curves])
    a = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y)[0][0]
    return a, 1 - a


def curves_with_edges(curves):
    """The smallest and the largest size count too."""
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items() if u[0] <= c <= u[-1]}
        best = min(there, key=there.__getitem__)
        x.append(c)
        y.append(np.log(best))
    a = np.polyfit(x, y, 1)[0]
    return a, 1 - a


def curves_held_constant(curves):
    """np.interp as it is: level before a curve begins and after it ends."""
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items()}
        best = min(there, key=there.__getitem__)
        if min(there) < best < max(there):
            x.append(c)
            y.append(np.log(best))
    a = np.polyfit(x, y, 1)[0]
    return a, 1 - a


def curves_upside_down(curves):
    """log C as a function of log N: the slope is 1 / a."""
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items() if u[0] <= c <= u[-1]}
        best = min(there, key=there.__getitem__)
        if min(there) < best < max(there):
            x.append(c)
            y.append(np.log(best))
    a = np.polyfit(y, x, 1)[0]
    return a, 1 - a


def curves_b_is_a(curves):
    """The exponent of N twice."""
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items() if u[0] <= c <= u[-1]}
        best = min(there, key=there.__getitem__)
        if min(there) < best < max(there):
            x.append(c)
            y.append(np.log(best))
    a = np.polyfit(x, y, 1)[0]
    return a, a


def curves_tokens_times_size(curves):
    """Tokens taken for C times N."""
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items() if u[0] <= c <= u[-1]}
        best = min(there, key=there.__getitem__)
        if min(there) < best < max(there):
            x.append(c)
            y.append(np.log(best))
    a = np.polyfit(x, y, 1)[0]
    return a, 1 + a


def curves_of_losses(curves):
    """The exponent of the lowest loss, not of the size that has it."""
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items() if u[0] <= c <= u[-1]}
        best = min(there, key=there.__getitem__)
        if min(there) < best < max(there):
            x.append(c)
            y.append(np.log(there[best]))
    a = np.polyfit(x, y, 1)[0]
    return a, 1 - a


def curves_without_logarithms(curves):
    """A straight line of N against C."""
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items() if u[0] <= c <= u[-1]}
        best = min(there, key=there.__getitem__)
        if min(there) < best < max(there):
            x.append(c)
            y.append(np.log(best))
    a = np.polyfit(np.exp(x), np.exp(y), 1)[0]
    return a, 1 - a


def curves_sorted_in_place(curves):
    """The caller's list sorted."""
    curves.sort(key=lambda curve: curve[0])
    table = {n: (np.log(flops), loss) for n, flops, loss in curves}
    ends = min(u[0] for u, _ in table.values()), max(u[-1] for u, _ in table.values())
    x, y = [], []
    for c in np.linspace(*ends, 200):
        there = {n: np.interp(c, u, v) for n, (u, v) in table.items() if u[0] <= c <= u[-1]}
        best = min(there, key=there.__getitem__)
        if min(there) < best < max(there):
            x.append(c)
            y.append(np.log(best))
    a = np.polyfit(x, y, 1)[0]
    return a, 1 - a


def _seen(student: Any, curves: Curves) -> Observation:
    """What comes back, to two decimals: the number of budgets is the student's choice."""
    return observe(lambda: tuple(round(float(value), 2) for value in student(list(curves))))


def _values(student: Any, draw: Draw) -> Observation:
    """Curves of all three kinds."""
    families = family(draw), family(draw, 24, late=True), family(draw, 14, sizes=(0.1, 10.0))
    return tuple(_seen(student, curves) for curves in families)


def _order(student: Any, draw: Draw) -> Observation:
    """The list afterwards, beside what comes back."""
    curves = family(draw)
    given = list(curves)
    seen = observe(lambda: tuple(round(float(value), 2) for value in student(given)))
    return seen, tuple(n for n, *_ in given) == tuple(n for n, *_ in curves)


MISCONCEPTIONS = (
    *(
        Misconception(name, sentence, implementation, _values)
        for name, sentence, implementation in (
            (
                "curves-swapped",
                "You return (b, a): a, the exponent of the size, comes first.",
                curves_swapped,
            ),
            (
                "curves-of-last-points",
                "You fit the size of each curve against the FLOPs at its end. At each budget ask "
                "which of all curves is lowest there.",
                curves_of_last_points,
            ),
            (
                "curves-with-edges",
                "You use budgets at which the smallest or the largest size is best. There the true "
                "best may lie beyond the sizes that were tried: leave them out.",
                curves_with_edges,
            ),
            (
                "curves-held-constant",
                "np.interp goes on level before a curve begins and after it ends, so a model seems "
                "to reach a loss before it was trained. A curve counts only where it has points.",
                curves_held_constant,
            ),
            (
                "curves-upside-down",
                "You fit the budget as a power of the size, whose exponent is 1 / a: fit the size "
                "as a power of the budget.",
                curves_upside_down,
            ),
            (
                "curves-b-is-a",
                "You return the exponent of the size twice. b belongs to the tokens D = C / (6 N), "
                "so a + b = 1.",
                curves_b_is_a,
            ),
            (
                "curves-tokens-times-size",
                "Your tokens grow like C · N: from C = 6 N D it follows that D = C / (6 N), so "
                "b = 1 - a.",
                curves_tokens_times_size,
            ),
            (
                "curves-of-losses",
                "You fit the lowest loss as a power of the budget: a is the exponent of the size "
                "that has the lowest loss.",
                curves_of_losses,
            ),
            (
                "curves-without-logarithms",
                "You fit a straight line to C and N themselves: an exponent is a slope between "
                "their logarithms.",
                curves_without_logarithms,
            ),
        )
    ),
    Misconception(
        "curves-sorted-in-place",
        "You sort the caller's list: `curves.sort()` changes it for everyone. Use sorted(curves).",
        curves_sorted_in_place,
        _order,
    ),
)
