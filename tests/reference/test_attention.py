"""attention.scaled_dot_product_attention against torch's, by hand, and as a weighted sum."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings, strategies as st
from torch.autograd import gradcheck, gradgradcheck

from reference.attention import (
    attend,
    attention_scores,
    scaled_dot_product_attention,
    scaled_dot_score,
    softmax,
)

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
# Beside a float64 oracle on the same inputs, a result in another dtype is off by the roundings on
# its way. Scores up to 4 are rounded twice, half an eps of 4 each: 4 eps, which move the weights by
# that share at most. Weights, products and sums of order 1 are rounded too: 4 eps more.
ROUNDING = {dtype: 8 * torch.finfo(dtype).eps for dtype in DTYPES}
# Two float64 computations in different orders are both off by that, on values up to 4.
EXACT = 2 * 4 * ROUNDING[torch.float64]

assert_close = partial(torch.testing.assert_close, rtol=0)
some = settings(max_examples=25)
sizes = st.tuples(*[st.integers(1, 5)] * 4)  # n, m, d_k, d_v
batches = st.lists(st.integers(1, 3), max_size=3).map(tuple)
seeds = st.integers(0, 2**31)


@pytest.fixture(scope="session")
def qkv(normal):
    """Draw queries (…, n, d_k), keys (…, m, d_k) and values (…, m, d_v)."""

    def draw(n, m, d_k, d_v, *, batch=(), seed=0, dtype=torch.float64):
        shapes = [(*batch, n, d_k), (*batch, m, d_k), (*batch, m, d_v)]
        return [normal(seed + i, *shape, dtype=dtype) for i, shape in enumerate(shapes)]

    return draw


@pytest.mark.parity
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [(), (3,), (2, 3), (2, 1, 3)])
@pytest.mark.parametrize("shape", [None, (5, 7), (1, 7), (5, 1), (7,)])
def test_outputs_equal_torchs(shape, batch, dtype, qkv, random_mask):
    q, k, v = qkv(5, 7, 4, 3, batch=batch, dtype=dtype)
    mask = None if shape is None else random_mask(3, *shape)
    theirs = None if shape is None else mask.expand(5, 7)
    expected = F.scaled_dot_product_attention(q.double(), k.double(), v.double(), theirs)
    actual = scaled_dot_product_attention(q, k, v, mask)
    assert actual.dtype == dtype
    assert_close(actual.double(), expected, atol=ROUNDING[dtype])


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(2, 5, 7), (1, 5, 7), (2, 1, 7), (3, 1, 5, 7), (3, 2, 5, 7)])
def test_a_mask_may_have_a_batch_of_its_own(shape, qkv, random_mask):
    q, k, v = qkv(5, 7, 4, 3, batch=(3, 2))
    mask = random_mask(3, *shape)
    expected = F.scaled_dot_product_attention(q, k, v, mask.expand(3, 2, 5, 7))
    assert_close(scaled_dot_product_attention(q, k, v, mask), expected, atol=EXACT)


def unscaled(q, k, v, mask):
    return scaled_dot_product_attention(q * math.sqrt(q.shape[-1]), k, v, mask)


def scaled_by_the_values_width(q, k, v, mask):
    return scaled_dot_product_attention(q * math.sqrt(q.shape[-1] / v.shape[-1]), k, v, mask)


def softmax_over_the_queries(q, k, v, mask):
    return softmax(attention_scores(q, k, mask), dim=-2) @ v


def mask_turned_round(q, k, v, mask):
    return scaled_dot_product_attention(q, k, v, ~mask)


def mask_after_softmax(q, k, v, mask):
    return softmax(attention_scores(q, k)).masked_fill(~mask, 0) @ v


def mask_forgotten(q, k, v, mask):
    return scaled_dot_product_attention(q, k, v)


def zero_for_forbidden(q, k, v, mask):
    return softmax(attention_scores(q, k).masked_fill(~mask, 0)) @ v


WRONG = [unscaled, scaled_by_the_values_width, softmax_over_the_queries, mask_turned_round]
WRONG += [mask_after_softmax, mask_forgotten, zero_for_forbidden]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", WRONG)
def test_the_tolerance_of_each_dtype_tells_wrong_from_right(
    wrong, dtype, qkv, random_mask, assert_far
):
    q, k, v = qkv(5, 7, 8, 2, dtype=dtype)
    mask = random_mask(3, 5, 7)
    expected = F.scaled_dot_product_attention(q.double(), k.double(), v.double(), mask)
    assert_far(wrong(q, k, v, mask).double(), expected, atol=ROUNDING[dtype])


@pytest.mark.parity
@pytest.mark.parametrize("shape", [None, (5, 7), (2, 5, 7)])
def test_gradients_equal_torchs(shape, qkv, normal, random_mask, assert_far):
    inputs = [tensor.requires_grad_() for tensor in qkv(5, 7, 4, 3, batch=(2,))]
    mask = None if shape is None else random_mask(3, *shape)
    ours = scaled_dot_product_attention(*inputs, mask)
    theirs = F.scaled_dot_product_attention(*inputs, mask)
    of_ours, of_theirs = (
        torch.autograd.grad(outputs, inputs, normal(9, 2, 5, 3)) for outputs in (ours, theirs)
    )
    for actual, expected in zip(of_ours, of_theirs, strict=True):
        assert_close(actual, expected, atol=8 * EXACT)  # sums of up to 7 products of order 8
        assert_far(actual.float().double(), expected, atol=8 * EXACT)  # float32 on the way is seen


def test_gradcheck_with_one_query_that_may_attend_to_nothing(qkv, random_mask):
    mask = random_mask(3, 3, 4)
    mask[1] = False
    inputs = [tensor.requires_grad_() for tensor in qkv(3, 4, 2, 3)]
    assert gradcheck(lambda *inputs: scaled_dot_product_attention(*inputs, mask), inputs)
    assert gradgradcheck(lambda *inputs: scaled_dot_product_attention(*inputs, mask), inputs)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_query_with_nothing_to_attend_to_gets_zeros_and_finite_gradients(dtype, qkv):
    inputs = [tensor.requires_grad_() for tensor in qkv(3, 3, 4, 4, batch=(2,), dtype=dtype)]
    mask = torch.ones(2, 3, 3, dtype=torch.bool)
    mask[0, 1] = False
    mask[1] = False
    empty = ~mask.any(-1)  # (2, 3)
    outputs = scaled_dot_product_attention(*inputs, mask)
    assert torch.equal(outputs == 0, empty[..., None].expand(2, 3, 4))
    of_q, of_k, of_v = torch.autograd.grad(outputs.sum(), inputs)
    assert all(gradient.isfinite().all() for gradient in (of_q, of_k, of_v))
    assert torch.equal(of_q == 0, empty[..., None].expand(2, 3, 4))
    for gradient in (of_k, of_v):  # the second sequence is never looked at
        assert gradient[0].all()
        assert not gradient[1].any()


def test_no_keys_at_all_give_zeros(qkv):
    assert scaled_dot_product_attention(*qkv(2, 0, 3, 4)).tolist() == [[0] * 4] * 2


def test_by_hand(assert_far):
    """d_k = 4: q·k = 2 ln 3 becomes ln 3, and the weights 3/4 and 1/4."""
    q = torch.tensor([[2, 0, 0, 0]], dtype=torch.float64)
    k = torch.tensor([[math.log(3), 5, 5, 5], [0, -7, 1, 2]], dtype=torch.float64)
    v = torch.tensor([[4, 0], [0, 4]], dtype=torch.float64)
    expected = torch.tensor([[3, 1]], dtype=torch.float64)
    assert_close(scaled_dot_product_attention(q, k, v), expected, atol=EXACT)
    assert_far(scaled_dot_product_attention(q, k, v.flip(0)), expected, atol=EXACT)
    only_the_second = torch.tensor([False, True])
    assert scaled_dot_product_attention(q, k, v, only_the_second).tolist() == [[0, 4]]


@some
@given(size=sizes, seed=seeds)
def test_all_queries_at_once_equal_one_after_the_other(qkv, size, seed):
    q, k, v = qkv(*size, seed=seed)
    one_by_one = torch.stack([attend(query, k, v, scaled_dot_score)[1] for query in q])
    assert_close(scaled_dot_product_attention(q, k, v), one_by_one, atol=EXACT)


@some
@given(batch=batches, size=sizes, seed=seeds)
def test_weights_are_convex_where_the_mask_allows(qkv, normal, batch, size, seed):
    q, k, _ = qkv(*size, batch=batch, seed=seed)
    mask = normal(seed + 3, q.shape[-2], k.shape[-2]) > 0
    # Attending to the rows of the identity makes the outputs the weights.
    identity = torch.eye(k.shape[-2], dtype=torch.float64).expand(*batch, -1, -1)
    weights = scaled_dot_product_attention(q, k, identity, mask)
    assert (weights >= 0).all()
    assert not weights.masked_select(~mask).any()
    sums = mask.any(-1).double().expand(*batch, -1)
    assert_close(weights.sum(-1), sums, atol=EXACT)


@some
@given(batch=batches, size=sizes, seed=seeds)
def test_the_order_of_the_keys_does_not_matter(qkv, normal, batch, size, seed):
    q, k, v = qkv(*size, batch=batch, seed=seed)
    order = normal(seed, k.shape[-2]).argsort()
    shuffled = scaled_dot_product_attention(q, k[..., order, :], v[..., order, :])
    assert_close(shuffled, scaled_dot_product_attention(q, k, v), atol=EXACT)


def test_it_stays_on_the_device_it_is_given():
    """On meta, a tensor made elsewhere on the way raises."""
    q, k, v = (torch.empty(2, *s, device="meta").half() for s in [(5, 4), (7, 4), (7, 3)])
    mask = torch.empty(5, 7, device="meta", dtype=torch.bool)
    for outputs in (
        scaled_dot_product_attention(q, k, v),
        scaled_dot_product_attention(q, k, v, mask),
    ):
        assert (outputs.device.type, outputs.dtype) == ("meta", torch.float16)
        assert outputs.shape == (2, 5, 3)


def test_inputs_are_left_alone(qkv, random_mask):
    tensors = [*qkv(3, 5, 4, 2), random_mask(3, 3, 5)]
    before = [tensor.clone() for tensor in tensors]
    scaled_dot_product_attention(*tensors).zero_()
    assert all(map(torch.equal, tensors, before))


@pytest.mark.usefixtures("no_shape_checker")
@pytest.mark.parametrize(
    ("shapes", "mask", "text"),
    [
        (
            [(2, 3), (5, 4), (5, 2)],
            None,
            r"must share d_k: got shapes \(2, 3\) and \(5, 4\); project both to one length",
        ),
        ([(3,), (5, 3), (5, 2)], None, r"must share d_k: got shapes \(3,\) and \(5, 3\)"),
        (
            [(2, 3), (5, 3), (6, 2)],
            None,
            r"must share m: got shapes \(5, 3\) and \(6, 2\); pass one value for each key",
        ),
        ([(2, 3), (5, 3), (5,)], None, r"must share m: got shapes \(5, 3\) and \(5,\)"),
        (
            [(2, 3), (5, 3), (5, 2)],
            (5, 2),
            r"mask must broadcast to .* = \(2, 5\): got \(5, 2\); give each axis its full length",
        ),
        ([(2, 3), (5, 3), (5, 2)], (1, 2, 5), r"mask must broadcast .* got \(1, 2, 5\)"),
    ],
)
def test_errors_tell_what_was_expected(shapes, mask, text):
    q, k, v = map(torch.ones, shapes)
    mask = mask and torch.ones(mask, dtype=torch.bool)
    with pytest.raises(ValueError, match=text):
        scaled_dot_product_attention(q, k, v, mask)


@pytest.mark.usefixtures("no_shape_checker")
def test_a_mask_of_numbers_is_refused(qkv):
    with pytest.raises(TypeError, match=r"boolean, .* got torch.int64; convert with mask.bool\(\)"):
        scaled_dot_product_attention(*qkv(2, 3, 4, 4), torch.ones(2, 3, dtype=torch.int64))
