"""Exact tests of stated size, for functions that draw at random.

Each test rejects a right function with probability `SIZE` at most, whatever it draws: the tails are
those of the exact distribution, not of an approximation. A check that makes k tests, each of which
holds given what the earlier ones looked at, rejects with at most k × `SIZE`; none makes more than
20, hence 1e-6. Left out: approximate tests. Proved by: tests/assignments/test_a5_masked_lm.py, by
simulation and against scipy's distributions.
"""

import numpy as np
from scipy.special import bdtr, bdtrc, gammaln

SIZE = 5e-8
"""The most probable a false rejection may be, in one test."""


def unlikely(count: int, trials: int, chance: float) -> bool:
    """Whether so few or so many of the trials succeed with probability `SIZE` at most.

    Binomial: each trial succeeds with probability `chance`, independently.
    """
    few, many = bdtr(count, trials, chance), bdtrc(count - 1, trials, chance)
    return bool(min(few, many) < SIZE / 2)


def too_many(count: int, trials: int, chance: float) -> bool:
    """Whether so many successes have probability `SIZE` at most, `chance` being the most it is."""
    return bool(bdtrc(count - 1, trials, chance) < SIZE)


def unlikely_pairs(both: int, ones: int, pairs: int) -> bool:
    """Whether `ones` chosen among 2·`pairs` positions fill so few or so many pairs, at most `SIZE`.

    Where choices are independent, all sets of that many positions are equally likely, at whatever
    rate: C(pairs, b) C(pairs - b, ones - 2b) 2^(ones - 2b) of C(2 pairs, ones) fill b pairs.
    """
    b = np.arange(max(0, ones - pairs), ones // 2 + 1)
    single = ones - 2 * b
    logs = (
        gammaln(pairs + 1)
        - gammaln(b + 1)
        - gammaln(single + 1)
        - gammaln(pairs - b - single + 1)
        + single * np.log(2)
    )
    weights = np.exp(logs - logs.max())
    few, many = weights[b <= both].sum(), weights[b >= both].sum()
    return bool(min(few, many) < SIZE / 2 * weights.sum())
