"""t5_positions.py against transformers' buckets and against integers, and by its properties."""

import pytest
import torch
from hypothesis import given, settings, strategies as st

from reference.t5_positions import RelativePositionBias, relative_buckets

DISTANCES = torch.arange(-1000, 1001)
SIZES = [(32, 128), (8, 16), (32, 64), (16, 100), (4, 5), (2, 128), (64, 33)]
both = pytest.mark.parametrize("two_sided", [True, False])


def suits(n_buckets, max_distance, two_sided):
    n = n_buckets // 2 if two_sided else n_buckets
    return n >= 2 and max_distance > n // 2


CASES = [
    (*sizes, two_sided)
    for sizes in SIZES
    for two_sided in (True, False)
    if suits(*sizes, two_sided)
]


def by_integers(distance, n_buckets, max_distance, two_sided):
    """The same without logarithms: (far / near)^wide ≥ (max / near)^k, in whole numbers."""
    n = n_buckets // 2 if two_sided else n_buckets
    far = abs(distance) if two_sided else max(-distance, 0)
    near, k = n // 2, 0
    if far < near:
        bucket = far
    else:
        wide = n - near

        def reaches(k):
            return far**wide * near**k >= max_distance**k * near**wide

        while k < wide - 1 and reaches(k + 1):
            k += 1
        bucket = near + k
    return bucket + (n if two_sided and distance > 0 else 0)


@pytest.mark.parity
@pytest.mark.parametrize(("n_buckets", "max_distance", "two_sided"), CASES)
def test_buckets_equal_transformers_and_integers_on_all_distances(
    n_buckets, max_distance, two_sided
):
    from transformers.models.t5.modeling_t5 import T5Attention

    sizes = {"n_buckets": n_buckets, "max_distance": max_distance, "two_sided": two_sided}
    actual = relative_buckets(DISTANCES, **sizes)
    expected = T5Attention._relative_position_bucket(DISTANCES, two_sided, n_buckets, max_distance)
    assert torch.equal(actual, expected)
    assert actual.tolist() == [by_integers(d, **sizes) for d in DISTANCES.tolist()]
    assert set(actual.tolist()) <= set(range(n_buckets))
    if n_buckets == 32:
        other = relative_buckets(-DISTANCES, **sizes)
        assert not torch.equal(other, expected)
        wider = relative_buckets(DISTANCES, **{**sizes, "max_distance": max_distance + 8})
        assert not torch.equal(wider, expected)


def test_t5s_own_buckets_by_hand():
    """Two-sided: 8 near ones, then edges at 8 √2^k; from 128 on, and from 91 (8 √2^7), the last."""
    distances = torch.tensor([0, -1, -7, -8, -11, -12, -16, -90, -91, -128, -9999, 1, 8, 128])
    expected = [0, 1, 7, 8, 8, 9, 10, 14, 15, 15, 15, 17, 24, 31]
    assert relative_buckets(distances, two_sided=True).tolist() == expected
    one_sided = [0, 1, 7, 8, 11, 12, 16, 29, 29, 31, 31, 0, 0, 0]
    assert relative_buckets(distances, two_sided=False).tolist() == one_sided


@both
def test_buckets_only_grow_with_the_distance(two_sided):
    behind = relative_buckets(-torch.arange(500), two_sided=two_sided)
    assert (behind.diff() >= 0).all()
    assert torch.equal(behind.unique(), torch.arange(16 if two_sided else 32))
    ahead = relative_buckets(torch.arange(1, 500), two_sided=two_sided)
    assert torch.equal(ahead, behind[1:] + 16 if two_sided else torch.zeros(499).long())


@both
@settings(max_examples=25)
@given(n=st.integers(1, 12), m=st.integers(1, 12))
def test_the_bias_depends_on_the_distance_and_on_the_head_alone(two_sided, n, m):
    layer = RelativePositionBias(3, two_sided=two_sided, n_buckets=8, max_distance=6)
    bias = layer(n, m)
    assert bias.shape == (3, n, m)
    buckets = relative_buckets(
        torch.arange(m) - torch.arange(n)[:, None],
        n_buckets=8,
        max_distance=6,
        two_sided=two_sided,
    )
    for head in range(3):
        assert torch.equal(bias[head], layer.table.weight[:, head][buckets])
    assert torch.equal(bias[:, 1:, 1:], bias[:, :-1, :-1])  # constant along diagonals


def test_a_two_sided_bias_tells_behind_from_ahead_and_a_one_sided_one_sees_no_further():
    bias = RelativePositionBias(2, two_sided=True)(5, 5)
    assert not torch.equal(bias, bias.mT)
    ahead = RelativePositionBias(2, two_sided=False)(5, 5)[:, 0]
    assert torch.equal(ahead, ahead[:, :1].expand(2, 5))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_it_stays_on_its_device_in_its_dtype(dtype):
    """On meta, a tensor made elsewhere on the way raises."""
    layer = RelativePositionBias(3, two_sided=True).to("meta", dtype)
    bias = layer(4, 5)
    assert (bias.device.type, bias.dtype, bias.shape) == ("meta", dtype, (3, 4, 5))
    distances = torch.empty(3, dtype=torch.int64, device="meta")
    assert relative_buckets(distances, two_sided=False).device.type == "meta"


@pytest.mark.parametrize(
    ("n_buckets", "max_distance", "two_sided"), [(7, 20, False), (2, 20, True), (32, 8, True)]
)
def test_sizes_that_make_no_buckets(n_buckets, max_distance, two_sided):
    message = rf"got n_buckets={n_buckets}, max_distance={max_distance}; T5 has 32 and 128"
    with pytest.raises(ValueError, match=message):
        relative_buckets(
            DISTANCES, n_buckets=n_buckets, max_distance=max_distance, two_sided=two_sided
        )
