"""Whether positions are chosen, and corrupted, independently of each other: eleven exact tests.

They hold at any rate and any shares, so that a wrong rate is no reason to fail here. Each rejects
independent choices in a batch of 128 × 512 with 5e-8 at most (`chance`). Pairs of positions are
disjoint: side by side, one below the other, half a row apart.

- Given how many positions are chosen, every set of that size is equally likely: that says how many
  pairs are chosen whole (three tests), and the same of the fates of pairs chosen whole (three).
- Two random ids are equal with 1 in 999 at most, here taken as 1% (three).
- Two rows have the same number of chosen positions with Σ P(k)², 6% at most, so of 64 pairs of rows
  Binomial(64, 0.06) do at most; so for the columns, with 12% (two).

Left out: dependence of three or more. Proved by: the misconceptions, and by simulation.
"""

from torch import Tensor

from assignments.a5_masked_lm.checks.chance import too_many, unlikely_pairs
from assignments.a5_masked_lm.checks.masking import Masked
from autograder.rubric import CheckFailed

EQUAL_ROWS, EQUAL_COLUMNS = 0.06, 0.12
"""The most that Σ_k P(k)² is for 512, for 128 positions, at rates of 5% to 95%."""


def _pairs(x: Tensor) -> tuple[tuple[Tensor, Tensor], ...]:
    """The two halves of disjoint pairs of positions, in three ways."""
    n = x.shape[1] // 2
    return (x[:, 0::2], x[:, 1::2]), (x[0::2], x[1::2]), (x[:, :n], x[:, n:])


def independent(found: Masked) -> None:
    """Fail the check unless all eleven tests pass."""
    chosen, count = found.chosen, int(found.chosen.sum())
    for one, two in _pairs(chosen):
        if unlikely_pairs(int((one & two).sum()), count, one.numel()):
            raise CheckFailed(
                "whether a position is chosen depends on its neighbours, its row or its column"
            )
    for axis, equal in ((1, EQUAL_ROWS), (0, EQUAL_COLUMNS)):
        counts = chosen.sum(axis)
        if too_many(int((counts[0::2] == counts[1::2]).sum()), len(counts) // 2, equal):
            raise CheckFailed(
                "rows get the same number of chosen positions too often: the rate is a probability "
                "for each position, not a number to be reached in each row"
            )
    halves = [_pairs(x) for x in (chosen, found.masked, found.other, found.corrupted)]
    for (one, two), masked, other, now in zip(*halves, strict=True):
        first, second = (x[one & two] for x in masked)
        ones = int(first.sum() + second.sum())
        if unlikely_pairs(int((first & second).sum()), ones, len(first)):
            raise CheckFailed("what becomes of a chosen token depends on what became of another")
        both = other[0] & other[1]
        if too_many(int((now[0] == now[1])[both].sum()), int(both.sum()), 0.01):
            raise CheckFailed("random tokens come in copies: draw one for each position")
