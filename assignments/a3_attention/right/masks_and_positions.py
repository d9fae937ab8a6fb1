"""Right ways to write `causal_mask(n, device=None)` and `sinusoidal_positions(n, d_model)`."""

import math

import torch

import reference.attention
import reference.positions
from autograder.misconception import RightImplementation


def causal_mask_comparison(n, device=None):
    """Positions compared."""
    i = torch.arange(n, device=device)
    return i[:, None] >= i[None, :]


def causal_mask_not_triu(n, device=None):
    """All that is not above the diagonal."""
    return torch.triu(torch.ones((n, n), device=device), diagonal=1) == 0


def causal_mask_lists(n, device=None):
    """Nested lists."""
    return torch.tensor([[j <= i for j in range(n)] for i in range(n)], device=device)


def causal_mask_rows(n, device=None):
    """Row by row."""
    mask = torch.zeros(n, n, dtype=torch.bool, device=device)
    for i in range(n):
        mask[i, : i + 1] = True
    return mask


def positions_sliced(n, d_model):
    """Every other column."""
    i = torch.arange(1, n + 1, dtype=torch.float32).unsqueeze(1)
    rate = torch.exp(-math.log(10000.0) * torch.arange(2, d_model + 1, 2) / d_model)
    table = torch.zeros(n, d_model)
    table[:, 0::2] = torch.sin(i * rate)
    table[:, 1::2] = torch.cos(i * rate)
    return table


def positions_in_plain_python(n, d_model):
    """Nothing but math."""
    table = []
    for i in range(1, n + 1):
        row = []
        for j in range(1, d_model // 2 + 1):
            angle = i / 10000 ** (2 * j / d_model)
            row += [math.sin(angle), math.cos(angle)]
        table.append(row)
    return torch.tensor(table, dtype=torch.float32)


def positions_stacked(n, d_model):
    """Stacked pairs."""
    i = torch.arange(1, n + 1)
    j = torch.arange(1, d_model // 2 + 1)
    angles = torch.outer(i.float(), 10000.0 ** (-2.0 * j / d_model))
    return torch.stack((angles.sin(), angles.cos()), dim=2).view(n, d_model)


def positions_complex(n, d_model):
    """Clock hands as complex numbers."""
    i = torch.arange(1, n + 1, dtype=torch.float64)[:, None]
    j = torch.arange(1, d_model // 2 + 1, dtype=torch.float64)
    hands = torch.polar(
        torch.ones(n, d_model // 2, dtype=torch.float64), i * 1e4 ** (-2 * j / d_model)
    )
    return torch.view_as_real(hands).flip(-1).reshape(n, d_model).float()


def positions_shifted_cosine(n, d_model):
    """The cosine as a sine a quarter turn ahead."""
    i = torch.arange(1, n + 1).unsqueeze(1)
    column = torch.arange(d_model).unsqueeze(0)
    exponent = 2 * (column // 2 + 1) / d_model
    angles = i / torch.pow(10000.0, exponent)
    return torch.where(column % 2 == 0, torch.sin(angles), torch.sin(angles + math.pi / 2))


RIGHT_MASKS = (
    RightImplementation("reference", "the reference", reference.attention.causal_mask),
    RightImplementation("comparison", "arange compared with arange", causal_mask_comparison),
    RightImplementation("not-triu", "triu == 0", causal_mask_not_triu),
    RightImplementation("lists", "nested lists", causal_mask_lists),
    RightImplementation("rows", "row by row", causal_mask_rows),
)
RIGHT_POSITIONS = (
    RightImplementation("reference", "the reference", reference.positions.sinusoidal_positions),
    RightImplementation("sliced", "slices, exp of logarithms", positions_sliced),
    RightImplementation("plain-python", "math and lists", positions_in_plain_python),
    RightImplementation("stacked", "outer, stack and view", positions_stacked),
    RightImplementation("complex", "torch.polar", positions_complex),
    RightImplementation("shifted", "cos(a) = sin(a + π/2)", positions_shifted_cosine),
)
