"""What the study found: exponents and law of tables that follow one, remarks on others."""

import numpy as np
import pytest

from reference.findings import apart, findings, laws_of_longer_runs, read_findings
from reference.joint_law import JointLaw
from reference.scaling_table import Points, Runs

LAW = JointLaw(E=1.5, A=12.0, B=60.0, alpha=0.35, beta=0.38)
BUDGETS = 2e10 * 2.0 ** np.arange(6)
POINTS = 12


def table(law=LAW, *, seeds=3, noise=1e-3, reach=6.0, centre=1.0):
    """A study whose losses follow a law; sizes reach as far on both sides of the best."""
    rng = np.random.default_rng(0)
    rows = []
    for budget in BUDGETS:
        best, _ = law.optimal_allocation(budget)
        for n in np.round(np.geomspace(best / reach, best * reach, 9) * centre):
            rows += [(n, round(budget / (6 * n)), budget, seed) for seed in range(seeds)]
    n, d, budget, seed = np.array(rows).T
    loss = law.loss(n, d) * np.exp(noise * rng.normal(size=len(n)))
    ones = np.ones(len(n), int)
    names = np.array([f"run {i}" for i in range(len(n))])
    runs = Runs(
        run=names, seed=seed.astype(int), n_layers=ones, d_model=ones, n_heads=ones, n_params=n,
        n_tokens=d, budget=budget, flops=6 * n * d, learning_rate=0.01 * ones, loss=loss,
        seconds=1.0 * ones,
    )  # fmt: skip
    shares = np.geomspace(0.05, 1, POINTS)
    tokens = np.outer(d, shares)
    sizes = np.repeat(n, POINTS)
    points = Points(
        run=np.repeat(names, POINTS),
        n_tokens=tokens.ravel(),
        flops=6 * sizes * tokens.ravel(),
        loss=law.loss(sizes, tokens.ravel()),
    )
    return runs, points


@pytest.fixture(scope="module")
def found():
    return findings(*table())


def test_the_law_of_the_runs_is_found(found):
    assert (found.law.E, found.law.alpha, found.law.beta) == pytest.approx(
        (LAW.E, LAW.alpha, LAW.beta), rel=0.05
    )
    for name in ("E", "A", "B", "alpha", "beta"):
        low, high = found.law_intervals[name]
        assert low < getattr(found.law, name) < high


def test_three_approaches_give_the_laws_exponents(found):
    """Sizes on a grid, and parabolas of a curve that is none: hence 0.03."""
    rows = found.rows()
    assert [row.approach[0] for row in rows] == ["1", "2", "3"]
    for row in rows:
        assert row.source == "this study"
        assert row.a == pytest.approx(LAW.optimal_exponents()[0], abs=0.03)
        assert row.a + row.b == pytest.approx(1)


def test_there_is_nothing_to_remark_on_what_agrees(found):
    assert [remark for remark in found.remarks(LAW.E) if "disagree" not in remark] == []


def test_an_entropy_that_the_law_misses(found):
    (remark,) = [r for r in found.remarks(1.8) if "entropy" in r]
    assert "lies below the source's entropy, 1.800 nats a token" in remark
    (remark,) = [r for r in found.remarks(1.2) if "entropy" in r]
    assert "lies above the source's entropy, 1.200" in remark


def test_best_sizes_at_the_edge_of_those_tried():
    """Sizes all above the best one: every profile rises, and approach 2 has too few left."""
    runs, points = table()
    keep = np.ones(len(runs.run), bool)
    first = runs.budget == BUDGETS[0]
    best = LAW.optimal_allocation(BUDGETS[0])[0]
    keep[first & (runs.n_params < 1.3 * best)] = False
    found = findings(
        Runs(**{name: column[keep] for name, column in vars(runs).items()}),
        Points(**{n: c[np.isin(points.run, runs.run[keep])] for n, c in vars(points).items()}),
    )
    remarks = found.remarks(LAW.E)
    assert "At 2.0e+10 FLOPs the least loss is at an edge of the sizes" in remarks[0]


def test_approaches_that_disagree_are_named():
    """Curves of a law with other exponents than the runs' ends."""
    other = JointLaw(E=1.5, A=12.0, B=60.0, alpha=0.25, beta=0.5)
    runs, _ = table()
    _, points = table(other)
    points = Points(**{**vars(points), "run": np.repeat(runs.run, POINTS)})
    n = np.repeat(runs.n_params, POINTS)
    points = Points(**{**vars(points), "loss": other.loss(n, points.n_tokens)})
    disagreements = [r for r in findings(runs, points).remarks(LAW.E) if "disagree" in r]
    assert any("1 minimum over curves" in r and "3 parametric fit" in r for r in disagreements)


def test_the_law_without_the_shortest_runs():
    """Where all runs follow one law, it does not move; where short ones lose more, it does."""
    runs, _ = table(noise=1e-4)
    for law in laws_of_longer_runs(runs.n_params, runs.n_tokens, runs.loss):
        assert law.law.E == pytest.approx(LAW.E, abs=0.01)
    lost = runs.loss * (1 + 0.3 * np.exp(-runs.n_tokens / 2e5))
    whole, _, half = laws_of_longer_runs(runs.n_params, runs.n_tokens, lost)
    assert whole.e_interval[0] > LAW.E + 0.01
    assert abs(half.law.E - LAW.E) < abs(whole.law.E - LAW.E) / 2
    assert (whole.n_runs, half.n_runs) == (len(runs.loss), len(runs.loss) // 2)


def test_a_law_that_holds_for_a_part_of_the_runs_only():
    """Short runs that lose more: the law of all has another exponent than that of the long ones."""
    runs, points = table(noise=1e-4)
    lost = runs.loss * (1 + 0.3 * np.exp(-runs.n_tokens / 2e5))
    remarks = findings(Runs(**{**vars(runs), "loss": lost}), points).remarks(LAW.E)
    assert any(remark.startswith("One law does not hold for all runs") for remark in remarks)
    assert not any(r.startswith("One law") for r in findings(runs, points).remarks(LAW.E))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 1), (2, 3), True),
        ((2, 3), (0, 1), True),
        ((0, 2), (1, 3), False),
        ((0, 1), (1, 2), False),
    ],
)
def test_intervals_apart(one, other, expected):
    bounds = [tuple(map(float, interval)) for interval in (one, other)]
    assert apart(*bounds) is expected


def test_tables_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="scaling_runs.csv"):
        read_findings(tmp_path)
