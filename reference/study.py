"""The study: a few hundred small GPTs, to fit scaling laws to runs that anyone can make again.

Slide "Joint data-model scaling laws"; the plan is that of Hoffmann et al. 2022, §3.2, a million
times smaller. At each of seven budgets C, models of eight or nine sizes N are trained on D = C / 6N
tokens of a source that never repeats and whose entropy is known (`token_source`). The models are
GPTs (`gpt`) of one layer that differ in width alone: one look back is all that the source asks for,
and one layer trains twice as fast as two. Each run has a learning rate schedule of its own length.

The learning rate follows a rule that is found first. On a grid of four widths and two budgets, five
rates each, the loss against log rate is lowest at the bottom of a parabola; a plane through the
bottoms, log rate = c + p log N + q log D, gives the rate of every run of the study.

The loss of a model is measured against the source, not against a sample of it: at each place of
sequences held out, how many nats its prediction costs more than the true one, on average, and to
this the entropy is added. No luck of the draw is in it, and no loss can be below the entropy.

>>> run = Run(budget=2e10, d_model=16, seed=0, learning_rate=0.01)
>>> run.n_params, run.steps, run.n_tokens
(4368, 1490, 762880)
>>> len(FULL.sweep()), len(FULL.runs(lambda n_params, n_tokens: 0.01))
(48, 177)

Left out: depth, other shapes of models, batches that grow with the budget.
Proved by: the same run twice gives the same loss; parameters counted in the modules; a model that
knows the source has the entropy as its loss; a rule made by hand is found again.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from reference.gpt import GPT, GPTConfig, next_token_loss
from reference.joint_law import FLOPS_PER_PARAMETER_AND_TOKEN
from reference.token_source import TokenSource
from reference.training import Training

N_LAYERS, N_HEADS = 1, 4
WIDTHS = (8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
WORDS, BATCH = 8, 16  # words a sequence, sequences a step
HELD_OUT, HELD_OUT_ON_THE_WAY = 2048, 256  # sequences
HELD_OUT_SEED = 10**9  # no run's seed
POINTS = 16  # of a curve
FIRST_POINT = 0.05  # of the run
CENTRE = 2e10, 1e4  # a budget in FLOPs, and about the best size for it; tried out beforehand

Rate = Callable[[int, int], float]  # of n_params and n_tokens


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training run, and all that it depends on."""

    budget: float  # FLOPs
    d_model: int
    seed: int
    learning_rate: float

    @property
    def name(self) -> str:
        """Tell this run from all others."""
        return f"C{self.budget:.3g}-d{self.d_model}-lr{self.learning_rate:.3g}-s{self.seed}"

    @property
    def n_params(self) -> int:
        """All parameters, those of embeddings too."""
        return n_params(self.d_model)

    @property
    def steps(self) -> int:
        """As many as the budget pays for."""
        per_step = FLOPS_PER_PARAMETER_AND_TOKEN * self.n_params * tokens_per_step()
        return round(self.budget / per_step)

    @property
    def n_tokens(self) -> int:
        """Tokens predicted while training."""
        return self.steps * tokens_per_step()

    @property
    def seconds(self) -> float:
        """About how long it takes on one core: a share for each step, a share for its products."""
        return self.steps * 3e-3 + self.budget / 25e9


class Finished(NamedTuple):
    """A run that ended: its loss, its curve as (tokens, loss), and the processor time it took."""

    run: Run
    loss: float
    curve: list[tuple[int, float]]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Give plain values."""
        return {**self._asdict(), "run": asdict(self.run)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Finished":
        """Make it again from plain values."""
        curve = [(int(tokens), float(loss)) for tokens, loss in values["curve"]]
        return cls(Run(**values["run"]), values["loss"], curve, values["seconds"])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which runs a study is made of."""

    budgets: tuple[float, ...]
    seeds: int
    reach: float = 6.0  # sizes from 1 / reach to reach times about the best
    sweep_widths: tuple[int, ...]
    sweep_budgets: tuple[float, ...]
    sweep_rates: tuple[float, ...]

    def sweep(self) -> list[Run]:
        """List the runs from which the rule for the learning rate is found."""
        return [
            Run(budget=budget, d_model=d_model, seed=0, learning_rate=rate)
            for budget in self.sweep_budgets
            for d_model in self.sweep_widths
            for rate in self.sweep_rates
        ]

    def runs(self, rate: Rate) -> list[Run]:
        """List the runs of the study, with the rule's learning rates."""
        runs = []
        for budget in self.budgets:
            best = CENTRE[1] * math.sqrt(budget / CENTRE[0])
            for d_model in WIDTHS:
                n = n_params(d_model)
                if not best / self.reach <= n <= best * self.reach:
                    continue
                tokens = Run(budget=budget, d_model=d_model, seed=0, learning_rate=0.0).n_tokens
                rounded = float(f"{rate(n, tokens):.3g}")
                runs += [
                    Run(budget=budget, d_model=d_model, seed=seed, learning_rate=rounded)
                    for seed in range(1, self.seeds + 1)
                ]
        return runs


FULL = Plan(
    budgets=tuple(2e10 * 2**k for k in range(7)),
    seeds=3,
    sweep_widths=(12, 24, 48, 96),
    sweep_budgets=(2e10, 1.6e11),
    sweep_rates=(3e-3, 6e-3, 12e-3, 24e-3, 48e-3, 96e-3),
)
QUICK = Plan(
    budgets=(5e9, 1e10, 2e10, 4e10),
    seeds=1,
    sweep_widths=(12, 24, 48),
    sweep_budgets=(5e9, 1e10),
    sweep_rates=(6e-3, 12e-3, 24e-3, 48e-3, 96e-3),
)


class RateRule(NamedTuple):
    """log rate = constant + of_params log N + of_tokens log D."""

    constant: float
    of_params: float
    of_tokens: float

    def rate(self, n_params: int, n_tokens: int) -> float:
        """Give the learning rate of a run."""
        return math.exp(
            self.constant
            + self.of_params * math.log(n_params)
            + self.of_tokens * math.log(n_tokens)
        )


def best_rate(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """Give the bottom of the parabola through the lowest loss and its neighbours, in log rate.

    None where the lowest is the first or the last: the best rate may lie beyond.
    """
    order = np.argsort(rates)
    x, y = np.log(np.asarray(rates)[order]), np.asarray(losses)[order]
    lowest = int(y.argmin())
    if lowest in (0, len(x) - 1):
        return None
    around = slice(lowest - 1, lowest + 2)
    curvature, slope, _ = np.polyfit(x[around] - x[lowest], y[around], 2)
    return math.exp(x[lowest] - slope / (2 * curvature))


def rate_rule(finished: Sequence[Finished]) -> RateRule:
    """Put a plane through the best rates of a sweep."""
    groups: dict[tuple[float, int], list[Finished]] = {}
    for one in finished:
        groups.setdefault((one.run.budget, one.run.d_model), []).append(one)
    rows, bottoms = [], []
    for group in groups.values():
        best = best_rate([one.run.learning_rate for one in group], [one.loss for one in group])
        if best is not None:
            run = group[0].run
            rows.append([1.0, math.log(run.n_params), math.log(run.n_tokens)])
            bottoms.append(math.log(best))
    if len(rows) < 3 or np.linalg.matrix_rank(np.array(rows)) < 3:
        raise ValueError(
            "a rule needs best rates at 3 sizes and budgets or more: got a lowest loss between "
            f"higher ones in {len(rows)} of {len(groups)} sweeps; add lower and higher rates"
        )
    solution, *_ = np.linalg.lstsq(np.array(rows), np.array(bottoms), rcond=None)
    return RateRule(*(float(value) for value in solution))


def tokens_per_step() -> int:
    """Tokens that each step predicts."""
    return BATCH * WORDS * source().word_length


@cache
def source() -> TokenSource:
    """Give the source of all runs."""
    return TokenSource()


def config(d_model: int) -> GPTConfig:
    """Sizes of the GPT of this width; one more token than the source's begins each sequence."""
    return GPTConfig(
        n_layers=N_LAYERS,
        d_model=d_model,
        n_heads=N_HEADS,
        vocab_size=source().vocab_size + 1,
        max_length=WORDS * source().word_length + 1,
        dropout=0.0,
    )


@cache
def n_params(d_model: int) -> int:
    """Count the parameters of the GPT of this width."""
    sizes = config(d_model)
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in GPT(sizes).parameters())


def draw(n_sequences: int, generator: torch.Generator) -> Int[Tensor, "b n"]:
    """Draw sequences, each behind the token that begins it."""
    tokens = source().sample(n_sequences, WORDS, generator)
    return F.pad(tokens, (1, 0), value=source().vocab_size)


class HeldOut:
    """Sequences that no run trains on, with the source's own predictions."""

    def __init__(self, n_sequences: int) -> None:
        self.ids = draw(n_sequences, torch.Generator().manual_seed(HELD_OUT_SEED))
        self.probs = source().next_token_probs(self.ids[:, 1:]).float()  # (b, n, V)

    @cached_property
    def entropy(self) -> Float[Tensor, "b n"]:
        """Nats that the source's own predictions cost, at each place."""
        return torch.special.entr(self.probs).sum(-1)

    @torch.no_grad()
    def loss(self, model: nn.Module) -> float:
        """Nats a token: the source's entropy, and what the model's predictions cost more."""
        model.eval()
        excess = 0.0
        for part in torch.arange(len(self.ids)).split(256):
            log_q = model(self.ids[part, :-1]).log_softmax(-1)[..., : source().vocab_size]
            cost = -(self.probs[part] * log_q).sum(-1) - self.entropy[part]
            excess += cost.double().sum().item()
        return source().entropy_rate + excess / self.entropy.numel()


@cache
def held_out(n_sequences: int) -> HeldOut:
    """Give the first of the held-out sequences."""
    return HeldOut(n_sequences)


def curve_steps(steps: int) -> list[int]:
    """Give the steps after which a curve has a point: evenly spaced in logarithms, to the last."""
    shares = np.geomspace(FIRST_POINT, 1, POINTS)
    return sorted({max(1, round(share * steps)) for share in shares})


def train(run: Run) -> Finished:
    """Train one model, measure it on the way and at the end."""
    started = process_time()
    torch.manual_seed(run.seed)
    training = Training(
        GPT(config(run.d_model)),
        lambda model, generator: _loss(model, draw(BATCH, generator)),
        lr=run.learning_rate,
        warmup=max(1, run.steps // 20),
        total=run.steps,
        seed=run.seed,
    )
    on_the_way, curve = held_out(HELD_OUT_ON_THE_WAY), []
    points = set(curve_steps(run.steps))
    while training.step < training.total:
        training.advance()
        if training.step in points:
            curve.append((training.step * tokens_per_step(), on_the_way.loss(training.model)))
    loss = held_out(HELD_OUT).loss(training.model)
    return Finished(run, loss, curve, process_time() - started)


def _loss(model: nn.Module, ids: Int[Tensor, "b n"]) -> Tensor:
    return next_token_loss(model(ids), ids)
