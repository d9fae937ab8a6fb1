"""Results to draw: runs that follow a joint law, with noise; small networks, trained briefly."""

from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="session")
def study():
    """Six budgets, eight sizes each, two seeds; and curves of their runs on the way."""
    from reference.joint_law import JointLaw

    law = JointLaw(E=2.0, A=30.0, B=300.0, alpha=0.38, beta=0.42)
    draw = np.random.default_rng(0)
    flops, share, _ = (
        grid.ravel()
        for grid in np.meshgrid(np.geomspace(3e10, 1e12, 6), np.geomspace(0.2, 6, 8), [0, 1])
    )
    n = law.optimal_allocation(flops)[0] * share
    sizes = np.geomspace(n.min(), n.max(), 14)
    n = sizes[np.abs(np.log(n[:, None] / sizes)).argmin(axis=1)]
    d = flops / (6 * n)
    part = np.geomspace(0.05, 1, 20)
    points_n, points_d = np.repeat(n, 20), (d[:, None] * part).ravel()
    return SimpleNamespace(
        law=law,
        runs=(n, d, law.loss(n, d) * np.exp(0.003 * draw.normal(size=n.shape))),
        points=(points_n, points_d, law.loss(points_n, points_d)),
        run_of_point=np.repeat(np.arange(len(n)), 20),
    )


@pytest.fixture(scope="session")
def networks():
    """Both networks of `why_scaling`, from few seeds, and coarse slices."""
    from reference.why_scaling import landscapes

    return landscapes(n_seeds=6, n_steps=11)


@pytest.fixture(scope="session")
def adapted():
    """Three seeds of three ways to adapt a model of 1,000 parameters."""
    from reference.adaptation import Result

    accuracies = {"probing": (0.8, 0.8, 0.8), "LoRA": (0.8, 0.9, 0.82), "all": (0.6, 0.7, 0.62)}
    sizes = {"probing": (10, 1000), "LoRA": (90, 1070), "all": (1000, 1000)}
    return {name: [Result(*sizes[name], x) for x in accuracies[name]] for name in sizes}


@pytest.fixture(scope="session")
def three():
    """An encoder that sees all, a decoder that sees the past, and two tokens of each together."""
    import torch

    from reference.pictures.families import Family

    past = torch.ones(3, 3, dtype=torch.bool).tril()
    both = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]).bool()
    return [
        Family("encoder", ["the", "[MASK]", "sat"], torch.ones_like(past), ["", "cat", ""]),
        Family("decoder", ["the", "cat", "sat"], past, ["cat", "sat", "on"]),
        Family("both", ["the", "<X>", "<s>", "<X>"], both, ["", "", "<X>", "cat"], n_encoder=2),
    ]


@pytest.fixture(scope="session")
def figures(study, networks, adapted, three):
    """One figure of each picture that needs no published runs."""
    import torch

    from reference.compute_optimal import (
        isoflop_profiles,
        minimum_over_curves,
        parametric_fit,
    )
    from reference.double_descent import Setting, by_features, by_samples
    from reference.frontier import loss_curves
    from reference.joint_law import fit_joint_law
    from reference.landscape import LANDSCAPE
    from reference.pictures import (
        adaptation,
        attention_maps,
        double_descent,
        exponents,
        families,
        isoflop_profiles as profiles_picture,
        joint_law_contours,
        landscapes,
        loss_frontier,
        minima,
        model_sizes,
    )
    from reference.profiles import isoflop_runs
    from reference.published_exponents import APPROACHES, PUBLISHED, Row
    from reference.why_scaling import UNIT

    curves = loss_curves(*study.points, runs=study.run_of_point)
    found = [
        minimum_over_curves(*study.points, runs=study.run_of_point, draws=20),
        isoflop_profiles(*study.runs, draws=20),
        parametric_fit(*study.runs, draws=20),
    ]
    rows = [
        Row("ours", approach, e.a, e.a_interval, e.b, e.b_interval)
        for approach, e in zip(APPROACHES, found, strict=False)
    ]
    setting = Setting(n_repeats=9)
    return {
        "loss_frontier": loss_frontier.picture(curves, found[0]),
        "isoflop_profiles": profiles_picture.picture(isoflop_runs(*study.runs), found[1]),
        "joint_law_contours": joint_law_contours.picture(fit_joint_law(*study.runs), *study.runs),
        "exponents": exponents.picture([*rows, *PUBLISHED]),
        "families": families.picture(three),
        "double_descent": double_descent.picture(
            [by_features(setting, 20, [5, 20, 80], regularised=ridge) for ridge in (False, True)],
            [by_samples(setting, 20, [5, 20, 80], regularised=ridge) for ridge in (False, True)],
        ),
        "landscapes": landscapes.picture(networks.slices, UNIT),
        "minima": minima.picture(networks.minima, networks.paths, UNIT),
        "attention_maps": attention_maps.picture(
            {f"head {i}": torch.eye(4).roll(i, 1) for i in range(4)}, "the cat sat down".split()
        ),
        "adaptation": adaptation.picture(adapted, chance=0.55),
        "model_sizes": model_sizes.picture(LANDSCAPE),
    }
