"""attention.softmax against torch's, by hand, and at the ends of the number line."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.autograd import gradcheck, gradgradcheck

from reference.attention import softmax

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
# In float64 an entry is rounded in exp, in the sum of at most 7 terms and in the quotient, each by
# half an eps of a number up to 1: less than 8 eps.
EXACT = 8 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "dim"), [((7,), 0), ((3, 5), -1), ((3, 5), 0), ((2, 3, 4), 1)])
def test_it_equals_torchs(shape, dim, dtype, normal, assert_far):
    x = normal(0, *shape, dtype=dtype)
    # Both compute in float32 or wider and round once to dtype: at most one unit apart below 1.
    eps = torch.finfo(dtype).eps
    expected = torch.softmax(x, dim)
    assert_close(softmax(x, dim), expected, atol=eps)
    assert_far(softmax(x.flip(dim), dim), expected, atol=eps)
    assert_far(softmax(1.1 * x, dim), expected, atol=eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_another_axis_gives_other_weights(dtype, normal, assert_far):
    x, eps = normal(0, 3, 5, dtype=dtype), torch.finfo(dtype).eps
    assert_far(softmax(x, 0), torch.softmax(x, 1), atol=eps)
    assert_far(softmax(x.flatten()).reshape(3, 5), torch.softmax(x, 1), atol=eps)


@pytest.mark.parity
def test_it_works_on_a_number_and_on_nothing():
    for x in (torch.tensor(3.0), torch.empty(0), torch.empty(0, 4), torch.empty(4, 0)):
        assert torch.equal(softmax(x), torch.softmax(x, -1))


def test_by_hand(assert_far):
    e = torch.tensor([1, 2, 5], dtype=torch.float64).log()
    expected = torch.tensor([1, 2, 5], dtype=torch.float64) / 8
    assert_close(softmax(e), expected, atol=EXACT)
    assert_far(2**e / (2**e).sum(), expected, atol=EXACT)  # the wrong base must not pass


@pytest.mark.parametrize("dtype", DTYPES)
def test_huge_entries(dtype):
    x = torch.tensor([[1e4, 1e4], [-1e4, -1e4], [1e4, -1e4]], dtype=dtype)
    expected = torch.tensor([[0.5, 0.5], [0.5, 0.5], [1, 0]], dtype=dtype)
    assert torch.equal(softmax(x), expected)


def test_sums_in_more_than_half_precision():
    """70000 equal entries: their sum is beyond float16's largest number, 65504."""
    weights = softmax(torch.zeros(70_000, dtype=torch.float16))
    assert torch.equal(weights, torch.full_like(weights, 1 / 70_000))


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_but_minus_infinity_gives_zeros_and_finite_gradients(dtype):
    inf = math.inf
    x = torch.tensor([[-inf, -inf], [0.0, -inf]], dtype=dtype, requires_grad=True)
    weights = softmax(x)
    assert weights.tolist() == [[0, 0], [1, 0]]
    (gradient,) = torch.autograd.grad(weights[:, 0].sum(), x)
    assert gradient.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_an_earlier_mistake_is_not_hidden(bad):
    assert softmax(torch.tensor([bad, 0.0])).isnan().any()


@settings(max_examples=25)
@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
def test_weights_are_convex_and_a_shift_changes_nothing(normal, shape, seed, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = normal(seed, *shape)
    weights = softmax(x, dim)
    assert (weights >= 0).all()
    assert_close(weights.sum(dim), torch.ones_like(weights.sum(dim)), atol=EXACT)
    # Near 64 an entry keeps its digits down to 64 eps / 2: so much may a score be off.
    assert_close(softmax(x + 64, dim), weights, atol=64 * EXACT)


def test_gradients(normal):
    x = normal(2, 3, 4).requires_grad_()
    assert gradcheck(softmax, (x,))
    assert gradcheck(lambda x: softmax(x, 0), (x,))
    assert gradgradcheck(softmax, (x,))


def test_the_input_is_left_alone(normal):
    for x in (normal(1, 3, 4), normal(1, 0)):
        before = x.clone()
        weights = softmax(x)
        weights.zero_()
        assert torch.equal(x, before)
        assert weights is not x


@pytest.mark.usefixtures("no_shape_checker")
def test_integers_are_refused():
    with pytest.raises(TypeError, match=r"a floating dtype: got torch.int64; convert with x.float"):
        softmax(torch.arange(3))
