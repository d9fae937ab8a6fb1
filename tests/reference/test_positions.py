"""positions.py against 40-digit arithmetic, tables by hand, and the rotation that a shift is."""

import math
from functools import partial

import mpmath
import pytest
import torch
from hypothesis import given, settings, strategies as st

from reference.positions import sinusoidal_positions

INDEXINGS = ["slide", "vaswani"]
# The table is rounded once, to float32, from values up to 1: half a unit in the last place. The
# float64 angle behind it is off by 1e-11 at worst (positions to 10^5, a few eps each).
HALF_UNIT = 2**-25 + 1e-11

assert_close = partial(torch.testing.assert_close, rtol=0, check_dtype=False)


def digits_40(n, d_model, indexing):
    """The slide's vector, entry by entry, or the paper's; mpmath shares no code with torch."""
    first = {"slide": 1, "vaswani": 0}[indexing]
    table = []
    with mpmath.workdps(40):
        for i in range(first, first + n):
            row = []
            for j in range(first, first + d_model // 2):
                angle = i / mpmath.power(10000, mpmath.mpf(2 * j) / d_model)
                row += [float(mpmath.sin(angle)), float(mpmath.cos(angle))]
            table.append(row)
    return torch.tensor(table, dtype=torch.float64)


def rotation(d_model, angles):
    """The matrix R with p_(i+s) = p_i R, a turn of each (sin, cos) pair by its own angle."""
    matrix = torch.zeros(d_model, d_model, dtype=torch.float64)
    for pair, angle in enumerate(angles):
        a = 2 * pair
        cos, sin = math.cos(angle), math.sin(angle)
        turn = torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)
        matrix[a : a + 2, a : a + 2] = turn
    return matrix


@pytest.mark.parity
@pytest.mark.parametrize("indexing", INDEXINGS)
@pytest.mark.parametrize(("n", "d_model"), [(1, 2), (5, 2), (3, 4), (7, 6), (50, 16), (3, 512)])
def test_every_entry_has_all_its_digits(n, d_model, indexing):
    actual = sinusoidal_positions(n, d_model, indexing=indexing)
    assert actual.dtype == torch.float32
    assert actual.shape == (n, d_model)
    assert_close(actual, digits_40(n, d_model, indexing), atol=HALF_UNIT)


@pytest.mark.parity
def test_positions_far_out_keep_their_digits(assert_far):
    expected = digits_40(3000, 4, "slide")
    assert_close(sinusoidal_positions(3000, 4), expected, atol=HALF_UNIT)
    i = torch.arange(1, 3001, dtype=torch.float32)[:, None]
    angles = i / 10000 ** (2 * torch.arange(1, 3) / 4)
    in_float32 = torch.stack((angles.sin(), angles.cos()), -1).flatten(1)
    assert_far(in_float32.double(), expected, atol=HALF_UNIT)


def table(n, d_model, *, i=1, j=1, base=10000, swap=False, halves=False, twice=2):
    """A table with one thing changed, for the wrong ones below."""
    i = torch.arange(i, i + n, dtype=torch.float64)[:, None]
    angles = i / base ** (twice * torch.arange(j, j + d_model // 2) / d_model)
    pair = (angles.cos(), angles.sin()) if swap else (angles.sin(), angles.cos())
    return torch.cat(pair, -1) if halves else torch.stack(pair, -1).flatten(1)


@pytest.mark.parametrize(
    "change",
    [
        {"i": 0},
        {"j": 0},
        {"i": 0, "j": 0},
        {"base": 1000},
        {"base": 10001},
        {"swap": True},
        {"halves": True},
        {"twice": 1},
    ],
    ids=str,
)
def test_the_tolerance_tells_wrong_from_right(change, assert_far):
    expected = digits_40(5, 8, "slide")
    assert_close(table(5, 8), expected, atol=HALF_UNIT)
    assert_far(table(5, 8, **change), expected, atol=HALF_UNIT)


def test_the_slides_table_by_hand():
    """d = 4: 10000^(2/4) = 100 and 10000^(4/4) = 10000."""
    expected = [
        [math.sin(1 / 100), math.cos(1 / 100), math.sin(1 / 10000), math.cos(1 / 10000)],
        [math.sin(2 / 100), math.cos(2 / 100), math.sin(2 / 10000), math.cos(2 / 10000)],
    ]
    assert_close(sinusoidal_positions(2, 4), torch.tensor(expected), atol=2 * HALF_UNIT)


def test_vaswanis_table_by_hand():
    """d = 4: 10000^(0/4) = 1 and 10000^(2/4) = 100."""
    expected = [
        [0, 1, 0, 1],
        [math.sin(1), math.cos(1), math.sin(1 / 100), math.cos(1 / 100)],
    ]
    actual = sinusoidal_positions(2, 4, indexing="vaswani")
    assert_close(actual, torch.tensor(expected), atol=2 * HALF_UNIT)


@pytest.mark.parametrize("d_model", [4, 10])
def test_the_two_tables_are_one_seen_through_two_windows(d_model):
    slide = sinusoidal_positions(6, d_model)
    vaswani = sinusoidal_positions(6, d_model, indexing="vaswani")
    assert torch.equal(slide[:-1, :-2], vaswani[1:, 2:])
    assert not torch.equal(slide, vaswani)
    assert torch.equal(slide, sinusoidal_positions(6, d_model, indexing="slide"))


@settings(max_examples=25)
@given(
    n=st.integers(1, 40),
    half=st.integers(1, 20),
    shift=st.integers(0, 40),
    indexing=st.sampled_from(INDEXINGS),
)
def test_a_shift_is_one_fixed_rotation(assert_far, n, half, shift, indexing):
    d_model, first = 2 * half, {"slide": 1, "vaswani": 0}[indexing]
    p = sinusoidal_positions(n + shift, d_model, indexing=indexing).double()
    turns = [shift * 10000 ** (-2 * j / d_model) for j in range(first, first + half)]
    # Two entries, each half a unit off, times sine and cosine, against a third: (√2 + 1) halves.
    turned = p[:n] @ rotation(d_model, turns)
    assert_close(turned, p[shift:], atol=2.5 * HALF_UNIT)
    if shift:
        turned_back = p[:n] @ rotation(d_model, turns).T
        assert_far(turned_back, p[shift:], atol=2.5 * HALF_UNIT)


@settings(max_examples=25)
@given(n=st.integers(0, 40), half=st.integers(1, 20), indexing=st.sampled_from(INDEXINGS))
def test_each_pair_is_a_point_on_the_circle_and_no_two_positions_are_alike(n, half, indexing):
    p = sinusoidal_positions(n, 2 * half, indexing=indexing)
    radius = p.double().unflatten(1, (half, 2)).square().sum(-1)
    assert_close(radius, torch.ones_like(radius), atol=4 * HALF_UNIT)
    assert len(p.unique(dim=0)) == n if n else p.shape == (0, 2 * half)


def test_a_table_goes_to_the_device_asked_for_else_to_the_default():
    assert sinusoidal_positions(3, 4).device.type == "cpu"
    assert sinusoidal_positions(3, 4, device="meta").device.type == "meta"
    with torch.device("meta"):
        assert sinusoidal_positions(3, 4).device.type == "meta"
        assert sinusoidal_positions(3, 4, device="cpu").device.type == "cpu"


@pytest.mark.parametrize(("n", "d_model"), [(3, 5), (3, 0), (3, -2), (-1, 4)])
def test_sizes_that_make_no_table(n, d_model):
    expected = f"d_model even, 2 or more: got n={n}, d_model={d_model}; every frequency takes two"
    with pytest.raises(ValueError, match=expected):
        sinusoidal_positions(n, d_model)


@pytest.mark.usefixtures("no_shape_checker")
def test_an_unknown_indexing():
    with pytest.raises(ValueError, match="must be 'slide' or 'vaswani': got 'paper'; choose one"):
        sinusoidal_positions(3, 4, indexing="paper")
