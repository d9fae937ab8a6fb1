"""attention.self_attention and causal_mask: each step by the slide's formula, order, and time."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings, strategies as st
from torch.autograd.functional import jacobian

from reference.attention import causal_mask, scaled_dot_product_attention, self_attention

# Two float64 computations of one formula, in different orders. Queries, keys and values are sums of
# 4 products and so up to 8, scores up to 16: rounded by 8 eps each time, which moves the weights by
# that share, and outputs of order 8 by 8 times that.
EXACT = 128 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)


@pytest.fixture(scope="session")
def inputs_of(normal):
    """Draw x (…, n, 4) and the three matrices, for queries and keys of length 3, values of 2."""

    def draw(seed, *batch, n=5):
        shapes = [(*batch, n, 4), (4, 3), (4, 3), (4, 2)]
        return [normal(seed + i, *shape) for i, shape in enumerate(shapes)]

    return draw


def test_the_shape_of_each_step(inputs_of):
    steps = self_attention(*inputs_of(0, 2))
    assert {name: tuple(value.shape) for name, value in steps._asdict().items()} == {
        "queries": (2, 5, 3),
        "keys": (2, 5, 3),
        "values": (2, 5, 2),
        "scores": (2, 5, 5),
        "weights": (2, 5, 5),
        "outputs": (2, 5, 2),
    }


@pytest.mark.parametrize(("i", "j"), [(1, 3), (4, 0), (2, 2)])
def test_each_step_by_the_slides_formula(i, j, inputs_of):
    x, w_q, w_k, w_v = inputs_of(0)
    q, k, v, e, alpha, h = self_attention(x, w_q, w_k, w_v)
    for made, w in ((q, w_q), (k, w_k), (v, w_v)):
        assert_close(made[i], sum(x[i, a] * w[a] for a in range(4)), atol=EXACT)
    assert_close(e[i, j], sum(q[i, a] * k[j, a] for a in range(3)) / 3**0.5, atol=EXACT)
    assert_close(alpha[i, j], e[i, j].exp() / sum(e[i, b].exp() for b in range(5)), atol=EXACT)
    assert_close(h[i], sum(alpha[i, b] * v[b] for b in range(5)), atol=EXACT)


@pytest.mark.parity
@pytest.mark.parametrize("causal", [False, True])
def test_outputs_equal_torchs(causal, inputs_of, assert_far):
    x, w_q, w_k, w_v = inputs_of(0, 2)
    mask = causal_mask(5) if causal else None
    expected = F.scaled_dot_product_attention(x @ w_q, x @ w_k, x @ w_v, is_causal=causal)
    assert_close(self_attention(x, w_q, w_k, w_v, mask).outputs, expected, atol=EXACT)
    assert_far(self_attention(x, w_k, w_q, w_v, mask).outputs, expected, atol=EXACT)
    x = x.float().double()  # float32 on the way is seen
    assert_far(self_attention(x, w_q, w_k, w_v, mask).outputs, expected, atol=EXACT)


@settings(max_examples=25)
@given(n=st.integers(1, 6), seed=st.integers(0, 2**31))
def test_permuted_inputs_give_permuted_outputs(inputs_of, normal, n, seed):
    x, *matrices = inputs_of(seed, n=n)
    order = normal(seed, n).argsort()
    actual = self_attention(x[order], *matrices).outputs
    assert_close(actual, self_attention(x, *matrices).outputs[order], atol=EXACT)


def test_a_causal_mask_gives_order_a_meaning(inputs_of, assert_far):
    x, *matrices = inputs_of(0)
    order = torch.tensor([1, 0, 2, 3, 4])
    actual = self_attention(x[order], *matrices, causal_mask(5)).outputs
    expected = self_attention(x, *matrices, causal_mask(5)).outputs[order]
    assert_far(actual, expected, atol=EXACT)
    # Positions 2 and later see both that changed places: for them nothing is new.
    assert_close(actual[2:], expected[2:], atol=EXACT)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_causal_mask_entry_by_entry(n):
    mask = causal_mask(n)
    assert mask.dtype == torch.bool
    assert mask.shape == (n, n)
    assert mask.tolist() == [[j <= i for j in range(n)] for i in range(n)]


def test_under_a_causal_mask_no_output_has_a_gradient_from_the_future(inputs_of):
    x, *matrices = inputs_of(0)
    slopes = jacobian(lambda x: self_attention(x, *matrices, causal_mask(5)).outputs, x)
    depends = slopes.abs().amax((1, 3)) > 0  # (output position, input position)
    assert torch.equal(depends, causal_mask(5))


@pytest.mark.parity
def test_a_causal_mask_is_torchs_is_causal(normal, assert_far):
    q, k, v = (normal(i, 2, 5, 4) for i in range(3))
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    assert_close(scaled_dot_product_attention(q, k, v, causal_mask(5)), expected, atol=EXACT)
    strictly = causal_mask(5).tril(-1)
    assert_far(scaled_dot_product_attention(q, k, v, strictly), expected, atol=EXACT)


def test_it_stays_on_the_device_it_is_given():
    """On meta, a tensor made elsewhere on the way raises."""
    x, w = (torch.empty(n, 4, device="meta", dtype=torch.bfloat16) for n in (3, 4))
    steps = self_attention(x, w, w, w, causal_mask(3, device="meta"))
    assert {(step.device.type, step.dtype) for step in steps} == {("meta", torch.bfloat16)}
    assert causal_mask(3).device.type == "cpu"
