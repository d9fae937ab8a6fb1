"""attention.attend and the four scores: by hand, by gradcheck, and as convex combinations."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.autograd import gradcheck

from reference.attention import (
    additive_score,
    attend,
    dot_score,
    multiplicative_score,
    scaled_dot_score,
)

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
# Scores up to 4 are rounded twice, half an eps of 4 each: 4 eps, which move the weights by that
# share at most. Weights, products and sums of order 1 are rounded too: 4 eps more.
ROUNDING = {dtype: 8 * torch.finfo(dtype).eps for dtype in DTYPES}
EXACT = ROUNDING[torch.float64]

assert_close = partial(torch.testing.assert_close, rtol=0)


def test_by_hand(assert_far):
    """Scores ln 1, ln 2, ln 5: weights 1/8, 2/8, 5/8 of (8, 0), (0, 8), (8, 8)."""
    keys = torch.tensor([[1], [2], [5]], dtype=torch.float64).log()
    values = torch.tensor([[8, 0], [0, 8], [8, 8]], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    weights, output = attend(one, keys, values, dot_score)
    expected = torch.tensor([0.125, 0.25, 0.625], dtype=torch.float64)
    assert_close(weights, expected, atol=EXACT)
    assert_far(attend(1.001 * one, keys, values, dot_score)[0], expected, atol=EXACT)
    expected = torch.tensor([6, 7], dtype=torch.float64)
    assert_close(output, expected, atol=8 * EXACT)  # the values are of order 8
    assert_far(weights @ values.flip(0), expected, atol=8 * EXACT)


def test_dot_products_by_hand():
    q, k = torch.tensor([1.0, 2, 0, 4]), torch.tensor([3.0, -1, 9, 0.5])
    assert dot_score(q, k).item() == 3
    assert scaled_dot_score(q, k).item() == 1.5  # √4 = 2


def test_learned_scores_by_hand():
    q, k = torch.tensor([2.0, -1]), torch.tensor([1.0, 2, -4])
    w = torch.tensor([[1.0, 0, 2], [0, 3, 0]])
    assert multiplicative_score(w)(q, k).item() == 2 * -7 - 6  # W k = (-7, 6)
    w_q, w_k = torch.tensor([[1.0, 1], [0, 2]]), torch.tensor([[0.0, 1, 0], [1, 0, 0]])
    score = additive_score(w_q, w_k, torch.tensor([10.0, 1]))(q, k)
    expected = 10 * math.tanh(1 + 2) + math.tanh(-2 + 1)
    atol = 10 * torch.finfo(torch.float32).eps  # the larger tanh is rounded, and multiplied by 10
    assert score.item() == pytest.approx(expected, abs=atol)
    assert 10 * math.tanh(1 + 2) + math.tanh(-2) != pytest.approx(expected, abs=atol)


NAMES = ["dot", "scaled dot", "multiplicative", "additive"]


@pytest.fixture(scope="session")
def score_of(normal):
    """Make a score by its name, with weights from a seed, for queries and keys of length d."""

    def make(name, seed, d):
        w, v = [normal(seed + i, 3, d) for i in range(2)], normal(seed + 2, 3)
        return {
            "dot": dot_score,
            "scaled dot": scaled_dot_score,
            "multiplicative": multiplicative_score(normal(seed, d, d)),
            "additive": additive_score(*w, v),
        }[name]

    return make


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_query_keys_and_values(name, normal, score_of):
    score = score_of(name, 5, 4)
    inputs = [normal(i, *shape).requires_grad_() for i, shape in enumerate([(4,), (3, 4), (3, 2)])]
    assert gradcheck(lambda *inputs: attend(*inputs, score), inputs)


def test_gradients_of_what_a_score_learns(normal):
    query, keys, values = normal(3, 2), normal(4, 6, 3), normal(5, 6, 2)
    w = normal(6, 2, 3).requires_grad_()
    assert gradcheck(lambda w: attend(query, keys, values, multiplicative_score(w))[1], (w,))
    learned = [normal(i, *s).requires_grad_() for i, s in enumerate([(5, 2), (5, 3), (5,)])]
    assert gradcheck(lambda *w: attend(query, keys, values, additive_score(*w))[1], learned)


@settings(max_examples=25)
@given(
    name=st.sampled_from(NAMES),
    shape=st.tuples(*[st.integers(1, 5)] * 3),
    seed=st.integers(0, 2**31),
)
def test_the_output_is_a_convex_combination_of_the_values(normal, score_of, name, shape, seed):
    n, d, d_v = shape
    query, keys, values = normal(seed, d), normal(seed + 1, n, d), normal(seed + 2, n, d_v)
    weights, output = attend(query, keys, values, score_of(name, seed, d))
    assert weights.shape == (n,)
    assert (weights >= 0).all()
    assert weights.sum().item() == pytest.approx(1, abs=EXACT)
    slack = EXACT * values.abs().amax(0)
    assert (output <= values.amax(0) + slack).all()
    assert (output >= values.amin(0) - slack).all()


def test_nothing_to_attend_to_gives_zeros(normal):
    weights, output = attend(normal(0, 2), normal(0, 0, 2), normal(0, 0, 3), dot_score)
    assert weights.shape == (0,)
    assert output.tolist() == [0] * 3
    forbidden = torch.tensor(-math.inf, dtype=torch.float64)
    weights, output = attend(normal(0, 2), normal(1, 4, 2), normal(2, 4, 3), lambda q, k: forbidden)
    assert weights.tolist() == [0] * 4
    assert output.tolist() == [0] * 3


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype, normal, assert_far):
    shapes = enumerate([(8,), (3, 8), (3, 2)])
    query, keys, values = inputs = [normal(i, *shape, dtype=dtype) for i, shape in shapes]
    weights, output = attend(*inputs, scaled_dot_score)
    assert weights.dtype == output.dtype == dtype
    exact = [tensor.double() for tensor in inputs]
    expected = attend(*exact, scaled_dot_score)
    assert_close(weights.double(), expected[0], atol=ROUNDING[dtype])
    assert_close(output.double(), expected[1], atol=ROUNDING[dtype])
    for got, wanted in zip(attend(*inputs, dot_score), expected, strict=True):
        assert_far(got.double(), wanted, atol=ROUNDING[dtype])


def test_it_stays_on_the_device_it_is_given():
    """On meta, a tensor made elsewhere on the way raises."""

    def meta(*shape):
        return torch.empty(*shape, device="meta", dtype=torch.bfloat16)

    results = [
        *attend(meta(4), meta(3, 4), meta(3, 2), scaled_dot_score),
        *attend(meta(4), meta(0, 4), meta(0, 2), dot_score),
        multiplicative_score(meta(4, 5))(meta(4), meta(5)),
        additive_score(meta(3, 4), meta(3, 5), meta(3))(meta(4), meta(5)),
    ]
    assert all(result.device.type == "meta" for result in results)
    assert all(result.dtype == torch.bfloat16 for result in results)


def test_inputs_are_left_alone(normal):
    tensors = [normal(0, 4), normal(1, 5, 4), normal(2, 5, 2)]
    before = [tensor.clone() for tensor in tensors]
    for result in attend(*tensors, dot_score):
        result.zero_()
    assert all(map(torch.equal, tensors, before))


@pytest.mark.usefixtures("no_shape_checker")
def test_errors_tell_what_was_expected(normal):
    query, keys, values = normal(0, 2), normal(1, 3, 2), normal(2, 4, 2)
    with pytest.raises(ValueError, match="got 3 keys and 4 values; pass one value for each key"):
        attend(query, keys, values, dot_score)
    with pytest.raises(ValueError, match=r"must be one number, .* got shape \(2,\); sum over"):
        attend(query, keys, values[:3], lambda q, k: q * k)
