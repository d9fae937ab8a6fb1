"""Wrong ways to write `sinusoidal_positions(n, d_model)`, and what shows each."""

import math
from typing import Any

import torch

from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def positions_from_zero(n, d_model):
    """Positions 0 … n - 1 with the slide's frequencies."""
    i = torch.arange(n).float()[:, None]
    j = torch.arange(1, d_model // 2 + 1).float()
    angles = i / 10000 ** (2 * j / d_model)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1).reshape(n, d_model)


def positions_frequencies_from_zero(n, d_model):
    """The slide's positions with frequencies j = 0 … d/2 - 1."""
    i = torch.arange(1, n + 1).float()[:, None]
    angles = i / 10000 ** (torch.arange(0, d_model, 2) / d_model)
    table = torch.zeros(n, d_model)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles)
    return table


def positions_of_the_paper(n, d_model):
    """Vaswani's indexing: both from 0."""
    i = torch.arange(n).float()[:, None]
    angles = i * torch.exp(-math.log(10000.0) * torch.arange(0, d_model, 2) / d_model)
    table = torch.zeros(n, d_model)
    table[:, 0::2] = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles)
    return table


def positions_in_halves(n, d_model):
    """All sines, then all cosines."""
    i = torch.arange(1, n + 1).float()[:, None]
    angles = i / 10000 ** (2 * torch.arange(1, d_model // 2 + 1) / d_model)
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1)


def positions_cosine_first(n, d_model):
    """Sine and cosine exchanged."""
    i = torch.arange(1, n + 1).float()[:, None]
    angles = i / 10000 ** (2 * torch.arange(1, d_model // 2 + 1) / d_model)
    return torch.stack([torch.cos(angles), torch.sin(angles)], dim=-1).reshape(n, d_model)


def positions_half_exponent(n, d_model):
    """The exponent j/d."""
    i = torch.arange(1, n + 1).float()[:, None]
    angles = i / 10000 ** (torch.arange(1, d_model // 2 + 1) / d_model)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1).reshape(n, d_model)


def positions_frequency_each_column(n, d_model):
    """A frequency of its own for every column."""
    i = torch.arange(1, n + 1).float()[:, None]
    angles = i / 10000 ** (torch.arange(1, d_model + 1) / d_model)
    table = torch.sin(angles)
    table[:, 1::2] = torch.cos(angles[:, 1::2])
    return table


def positions_base_1000(n, d_model):
    """1000 for 10000."""
    i = torch.arange(1, n + 1).float()[:, None]
    angles = i / 1000 ** (2 * torch.arange(1, d_model // 2 + 1) / d_model)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1).reshape(n, d_model)


def positions_times(n, d_model):
    """Multiplied by 10000^(2j/d) instead of divided."""
    i = torch.arange(1, n + 1).float()[:, None]
    angles = i * 10000 ** (2 * torch.arange(1, d_model // 2 + 1) / d_model)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1).reshape(n, d_model)


def positions_in_float64(n, d_model):
    """A float64 result."""
    i = torch.arange(1, n + 1, dtype=torch.float64)[:, None]
    j = torch.arange(1, d_model // 2 + 1, dtype=torch.float64)
    angles = i / 10000 ** (2 * j / d_model)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1).reshape(n, d_model)


def positions_transposed(n, d_model):
    """Features first."""
    i = torch.arange(1, n + 1).float()
    j = torch.arange(1, d_model // 2 + 1).float()[:, None]
    angles = i / 10000 ** (2 * j / d_model)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=1).reshape(d_model, n)


def _tables(sinusoidal_positions: Any, draw: Draw) -> Observation:
    sizes = ((draw.integer(3, 7), 2 * draw.integer(4, 7)), (1, 4))
    return tuple(observe(lambda size=size: sinusoidal_positions(*size)) for size in sizes)


MISCONCEPTIONS = (
    Misconception(
        "positions-from-zero",
        "Your positions start at 0: the slide counts i = 1 … n.",
        positions_from_zero,
        _tables,
    ),
    Misconception(
        "positions-frequencies-from-zero",
        "Your frequencies start at j = 0: the slide counts j = 1 … d/2, so the first pair turns by "
        "10000^(-2/d) a step, not by 1.",
        positions_frequencies_from_zero,
        _tables,
    ),
    Misconception(
        "positions-of-the-paper",
        "You wrote the formula of Vaswani et al., who count positions and frequencies from 0: here "
        "the slide's indexing is asked for, i = 1 … n and j = 1 … d/2.",
        positions_of_the_paper,
        _tables,
    ),
    Misconception(
        "positions-in-halves",
        "You put all sines before all cosines: they alternate, sin, cos, sin, cos, …",
        positions_in_halves,
        _tables,
    ),
    Misconception(
        "positions-cosine-first",
        "Sine and cosine are exchanged: each pair is (sin, cos).",
        positions_cosine_first,
        _tables,
    ),
    Misconception(
        "positions-half-exponent",
        "Your exponent is j/d: it is 2j/d, so that j = d/2 reaches 10000.",
        positions_half_exponent,
        _tables,
    ),
    Misconception(
        "positions-frequency-each-column",
        "You give every column a frequency of its own: the sine and cosine of a pair share one.",
        positions_frequency_each_column,
        _tables,
    ),
    Misconception(
        "positions-base-1000",
        "Your base is 1000: it is 10000.",
        positions_base_1000,
        _tables,
    ),
    Misconception(
        "positions-times",
        "You multiply the position by 10000^(2j/d): divide by it, so that later pairs turn slower.",
        positions_times,
        _tables,
    ),
    Misconception(
        "positions-in-float64",
        "Your table is float64: float32 is asked for, so that adding it keeps the inputs' dtype.",
        positions_in_float64,
        _tables,
    ),
    Misconception(
        "positions-transposed",
        "Your table is (d_model, n): one row a position is asked for, (n, d_model).",
        positions_transposed,
        _tables,
    ),
)
