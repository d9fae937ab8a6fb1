"""The bench refuses to compare sides that fail or disagree, and starts each run from nothing."""

import sys

import pytest

from autograder.bench import BenchError, Measured, Side, agree, measure

CELL = ("ann", "test-softmax")
QUESTION = ("ann", "question-why-scale")
FULL = {CELL: (8.0, 8.0), QUESTION: (None, 4.0)}


def test_sides_that_agree_may_be_compared():
    agree(FULL, dict(FULL))


@pytest.mark.parametrize(
    "ours",
    [
        FULL | {CELL: (7.0, 8.0)},
        FULL | {CELL: (None, 8.0)},
        {QUESTION: (None, 4.0)},
        {CELL: (8.0, 8.0)},
        FULL | {("bob", "test-softmax"): (8.0, 8.0)},
    ],
    ids=["other points", "none", "a cell missing", "a question missing", "a student too many"],
)
def test_sides_that_disagree_may_not(ours):
    with pytest.raises(BenchError, match="the two sides differ: (ann|bob) "):
        agree(FULL, ours)


def test_an_honest_class_that_loses_points_is_no_measure():
    less = FULL | {CELL: (7.5, 8.0)}
    with pytest.raises(
        BenchError, match=r"lost points: ann test-softmax: stock 7\.5, ours 7\.5, of 8"
    ):
        agree(less, less)


def test_nothing_graded_is_no_agreement():
    with pytest.raises(BenchError, match="graded nothing"):
        agree({}, {})


def test_a_side_that_fails_ends_the_bench(tmp_path):
    (tmp_path / "gradebook.fresh").write_bytes(b"")
    failing = Side("stock nbgrader", tmp_path, [sys.executable, "-c", "exit('kernel died')"])
    with pytest.raises(BenchError, match="stock nbgrader ended with exit code 1:\nkernel died"):
        measure(failing, "a3_attention", Measured())


def test_each_run_starts_from_nothing(tmp_path):
    left = tmp_path / "autograded/ann", tmp_path / ".autograder/verdicts/a3_attention"
    for folder in left:
        folder.mkdir(parents=True)
    (tmp_path / "gradebook.db").write_bytes(b"old")
    (tmp_path / "gradebook.fresh").write_bytes(b"fresh")
    # fails if anything of an earlier run is there
    looks = "import os; exit(os.path.exists('autograded') or os.path.exists('.autograder/verdicts')"
    looks += " or open('gradebook.db').read() != 'fresh' or 'seen it clean')"
    with pytest.raises(BenchError, match="seen it clean"):
        measure(Side("ours", tmp_path, [sys.executable, "-c", looks]), "a3_attention", Measured())
