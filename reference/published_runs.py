"""Published runs, fitted anew: Besiroglu's refit of Hoffmann's points, Porian's walk from Kaplan.

Slide "Joint data-model scaling laws"; Besiroglu et al. 2024, §3-4; Porian et al. 2024, §3, Fig. 1.
The files are not ours to pass on; whoever has them names the folder:

    chinchilla_svg_extracted_data.csv   245 runs, read off Figure 4 of Hoffmann et al. 2022
    porian_isoflop.csv                  IsoFLOP runs in set-ups between Kaplan's and Hoffmann's

>>> [step.change for step in WALK[1:]]
['count the last layer', 'short warm-up', "Hoffmann's decay", 'tuned, constant rate']

A scale σ of the residuals that is fitted too makes Huber's loss that of their absolute values: the
likelihood, with density ∝ exp(-Huber_δ(r / σ)) / σ, is best at σ = δ mean |r|, where nearly every
r / σ is beyond δ. That is Besiroglu's headline fit; in it, δ σ stands where δ stood.

Left out: other data sets and losses of Porian's files, their bootstrap of single runs.
Proved by: coefficients and exponents that independent code finds, as printed; the likelihood,
written out, at and beside its maximum. Skipped where the files are missing.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from reference.compute_optimal import Exponents, isoflop_profiles
from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN, JointLaw, fit_joint_law

HOFFMANN_FILE = "chinchilla_svg_extracted_data.csv"
PORIAN_FILE = "porian_isoflop.csv"
HOFFMANN_LAW = JointLaw(E=1.6934, A=406.4, B=410.7, alpha=0.3392, beta=0.2849)  # before rounding
N_OUTLIERS = 5  # the highest losses, which Besiroglu et al. leave out


class Columns(NamedTuple):
    """Runs as columns: parameters, tokens, loss in nats a token."""

    n_params: Float[ndarray, " runs"]
    n_tokens: Float[ndarray, " runs"]
    loss: Float[ndarray, " runs"]


def hoffmann_runs(folder: Path, *, outliers: bool = False) -> Columns:
    """Read the points of Figure 4: 240 of them, or with the five highest losses."""
    rows = _rows(folder / HOFFMANN_FILE)
    n, flops, loss = (_column(rows, name) for name in ("Model Size", "Training FLOP", "loss"))
    keep = loss < np.sort(loss)[-N_OUTLIERS] if not outliers else np.ones(len(loss), bool)
    tokens = flops / (FLOPS_PER_PARAMETER_AND_TOKEN * n)
    return Columns(n[keep], tokens[keep], loss[keep])


def fit_with_free_scale(runs: Columns, huber_delta: float = 1e-3) -> JointLaw:
    """Fit the law and the scale of its residuals together, by their likelihood."""
    law = fit_joint_law(*runs, huber_delta=huber_delta)
    for _ in range(2):  # σ from the law, the law with σ; a second round changes no digit printed
        residuals = np.log(law.loss(runs.n_params, runs.n_tokens) / runs.loss)
        sigma = huber_delta * np.abs(residuals).mean()
        law = fit_joint_law(*runs, huber_delta=huber_delta * sigma)
    return law


def refits(folder: Path) -> dict[str, JointLaw]:
    """Fit the points of Figure 4 in three ways, and give what was published beside them."""
    runs = hoffmann_runs(folder)
    return {
        "as published": HOFFMANN_LAW,
        "Huber": fit_joint_law(*runs),
        "Huber, free scale (Besiroglu)": fit_with_free_scale(runs),
        "Huber, outliers too": fit_joint_law(*hoffmann_runs(folder, outliers=True)),
    }


class Change(NamedTuple):
    """A step of the walk: what changed, the file's words for the set-up, and the authors' a."""

    change: str
    hparams: str
    warmup: str
    decay: str
    param_count: str
    authors: float


WALK = (
    Change("Kaplan's set-up", "base", "long", "kaplan", "kaplan", 0.834),
    Change("count the last layer", "base", "long", "kaplan", "standard", 0.701),
    Change("short warm-up", "base", "short", "kaplan", "standard", 0.604),
    Change("Hoffmann's decay", "base", "short", "chinchilla", "standard", 0.571),
    Change("tuned, constant rate", "tuned", "short", "const", "standard", 0.497),
)


def porian_runs(folder: Path, step: Change, dataset: str = "rw") -> Columns:
    """Read the runs of one set-up."""
    wanted = {"dataset": dataset} | {
        name: getattr(step, name) for name in ("hparams", "warmup", "decay", "param_count")
    }
    rows = [
        row
        for row in _rows(folder / PORIAN_FILE)
        if all(row[name] == value for name, value in wanted.items())
    ]
    if not rows:
        raise ValueError(
            f"{folder / PORIAN_FILE} must have runs of every set-up: got none with {wanted}; use "
            "the file with all five"
        )
    return Columns(*(_column(rows, name) for name in ("params", "tokens", "loss")))


def porian_walk(folder: Path, draws: int = 400) -> list[tuple[Change, Exponents]]:
    """Find the exponent of each step by parabolas, approach 2."""
    return [(step, isoflop_profiles(*porian_runs(folder, step), draws=draws)) for step in WALK]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        raise FileNotFoundError(
            f"the published runs must be in {path.name}: got no such file in {path.parent}; name "
            "the folder that holds it"
        )
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _column(rows: list[dict[str, str]], name: str) -> Float[ndarray, " rows"]:
    return np.array([float(row[name]) for row in rows])
