"""Drawn inputs: one stream for each seed and name, and masks that keep what they promise."""

import pytest
import torch

from autograder.draw import Draw


def test_the_same_seed_and_names_give_the_same_inputs():
    first, second = (Draw(7, "a3", "softmax", "a check").normal(3, 4) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize(
    "other",
    [
        Draw(8, "a3", "softmax", "a check"),
        Draw(7, "a4", "softmax", "a check"),
        Draw(7, "a3", "attend", "a check"),
        Draw(7, "a3", "softmax", "another"),
        Draw(7, "a3", "softmaxa check"),
    ],
)
def test_any_other_seed_or_name_gives_other_inputs(other: Draw):
    assert not torch.equal(Draw(7, "a3", "softmax", "a check").normal(3, 4), other.normal(3, 4))


def test_a_stream_is_its_own_whatever_others_and_torch_itself_draw():
    alone = Draw(1, "x").normal(5)
    draw, other = Draw(1, "x"), Draw(1, "y")
    torch.manual_seed(99)
    other.normal(1000)
    state = torch.get_rng_state()
    assert torch.equal(draw.normal(5), alone)
    assert torch.equal(torch.get_rng_state(), state), "torch's own generator was used"


def test_dtypes_are_roundings_of_the_same_numbers():
    wide = Draw(1, "x").normal(100, dtype=torch.float64)
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        assert torch.equal(Draw(1, "x").normal(100, dtype=dtype), wide.to(dtype))


def test_normal_numbers_have_the_deviation_asked_for():
    numbers = Draw(1, "x").normal(20_000, scale=3.0)
    assert abs(float(numbers.std()) - 3.0) < 0.1  # seven standard errors
    assert abs(float(numbers.mean())) < 0.15


def test_whole_numbers_stay_in_their_range():
    draw = Draw(1, "x")
    assert set(draw.integers(2, 5, 200).tolist()) == {2, 3, 4}
    assert {draw.integer(2, 5) for _ in range(50)} == {2, 3, 4}
    assert {draw.pick("abc") for _ in range(50)} == set("abc")
    assert sorted(draw.order(6)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 3, 3), (4, 2)])
def test_each_row_of_a_mask_forbids_something_and_leaves_a_choice(shape: tuple[int, ...]):
    for seed in range(30):
        mask = Draw(seed, "mask").mask(*shape)
        assert mask.shape == shape
        assert mask.dtype is torch.bool
        assert bool((~mask).any(-1).all())
        assert bool((mask.sum(-1) >= min(2, shape[-1] - 1)).all())


def test_a_mask_over_one_key_allows_it_but_in_empty_rows():
    assert Draw(1, "x").mask(6, 1).sum() == 6
    assert Draw(1, "x").mask(6, 1, empty_rows=2).sum() == 4


@pytest.mark.parametrize("empty_rows", [0, 1, 5, 6])
def test_as_many_rows_are_empty_as_asked_for(empty_rows: int):
    mask = Draw(1, "x").mask(2, 3, 4, empty_rows=empty_rows)
    assert int((~mask).all(-1).sum()) == empty_rows


def test_more_empty_rows_than_rows_are_refused():
    with pytest.raises(ValueError, match="empty_rows must lie in 0 … 3: got 4"):
        Draw(1, "x").mask(3, 4, empty_rows=4)
