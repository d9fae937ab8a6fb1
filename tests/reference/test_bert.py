"""bert.py by hand and by its properties."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn
from torch.nn import functional as F

from reference.bert import Bert, BertConfig, BertEmbeddings, BertForPreTraining, pretraining_loss

# Two float64 computations of one formula, in different orders: as counted where the encoder is
# compared with torch's.
EXACT = 64 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
some = settings(max_examples=25)
batches = st.lists(st.integers(1, 3), max_size=3).map(tuple)
seeds = st.integers(0, 2**31)

SMALL = BertConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=23, max_length=9)


@pytest.fixture(scope="module")
def model(layer_of):
    """Our small model in float64, in evaluation, with all parameters drawn."""
    return layer_of(0, 12, 3, kind=lambda d_model, n_heads: BertForPreTraining(SMALL)).eval()


@pytest.fixture(scope="module")
def ids():
    """Draw token ids, or other integers below `high`, from a seed."""

    def draw(seed, *shape, high=23):
        generator = torch.Generator().manual_seed(seed)
        return torch.randint(high, shape, generator=generator)

    return draw


def test_embeddings_by_hand():
    """Token 3 is (1, 0), segment 1 is (0, 4), the second position is (2, 1): together (3, 5)."""
    embeddings = BertEmbeddings(5, 4, 2)
    with torch.no_grad():
        embeddings.token.weight[3] = torch.tensor([1.0, 0.0])
        embeddings.segment.weight[1] = torch.tensor([0.0, 4.0])
        embeddings.position.weight[1] = torch.tensor([2.0, 1.0])
    inputs = torch.tensor([0, 3]), torch.tensor([0, 1])
    assert_close(embeddings(*inputs)[1], torch.tensor([-1.0, 1.0]), atol=0)
    embeddings.norm = nn.Identity()
    assert_close(embeddings(*inputs)[1], torch.tensor([3.0, 5.0]), atol=0)


@some
@given(batch=batches, n=st.integers(1, 6), seed=seeds)
def test_embeddings_are_products_of_one_hot_vectors_normed(layer_of, ids, batch, n, seed):
    embeddings = layer_of(seed, 8, 6, kind=lambda d, n: BertEmbeddings(11, n, d))
    input_ids, token_type_ids = ids(seed, *batch, n, high=11), ids(seed + 1, *batch, n, high=2)
    actual = embeddings(input_ids, token_type_ids)
    one_hots = F.one_hot(input_ids, 11), F.one_hot(token_type_ids, 2), torch.eye(6)[:n]
    tables = embeddings.token, embeddings.segment, embeddings.position
    expected = sum(v.double() @ table.weight for v, table in zip(one_hots, tables, strict=True))
    mean, variance = expected.mean(-1, keepdim=True), expected.var(-1, keepdim=True, correction=0)
    normed = (expected - mean) / (variance + 1e-12).sqrt()
    assert_close(actual, normed * embeddings.norm.weight + embeddings.norm.bias, atol=EXACT)


def test_padding_has_no_influence(model, ids, assert_far):
    """To the last bit; a row that is cut before its padding gives the same up to rounding."""
    input_ids, token_type_ids = ids(0, 2, 9), ids(1, 2, 9, high=2)
    attention_mask = (torch.arange(9) < torch.tensor([[9], [5]])).long()
    changed = ids(2, 2, 9).where(attention_mask == 0, input_ids)
    assert not torch.equal(changed, input_ids)
    mlm_logits, nsp_logits = model(input_ids, token_type_ids, attention_mask)
    of_changed = model(changed, token_type_ids, attention_mask)
    assert torch.equal(of_changed[0][attention_mask == 1], mlm_logits[attention_mask == 1])
    assert torch.equal(of_changed[1], nsp_logits)
    assert_far(model(changed, token_type_ids)[1], nsp_logits, atol=1e-6)

    cut = model(input_ids[1:, :5], token_type_ids[1:, :5])
    assert_close(mlm_logits[1:, :5], cut[0], atol=EXACT)
    assert_close(nsp_logits[1:], cut[1], atol=EXACT)


def test_a_mask_may_be_boolean_or_of_ones_and_zeros(model, ids):
    input_ids, token_type_ids, is_token = ids(0, 3, 6), ids(1, 3, 6, high=2), ids(2, 3, 6, high=2)
    is_token[:, 0] = 1
    for actual, expected in zip(
        model(input_ids, token_type_ids, is_token.bool()),
        model(input_ids, token_type_ids, is_token),
        strict=True,
    ):
        assert torch.equal(actual, expected)


def test_without_segments_all_is_the_first_and_without_a_mask_all_are_tokens(model, ids):
    input_ids = ids(0, 2, 7)
    zeros, ones = torch.zeros_like(input_ids), torch.ones_like(input_ids)
    assert_close(model(input_ids), model(input_ids, zeros, ones), atol=EXACT)


def test_any_batch_is_its_rows_one_by_one(model, ids):
    input_ids, token_type_ids = ids(0, 2, 3, 7), ids(1, 2, 3, 7, high=2)
    mlm_logits, nsp_logits = model(input_ids, token_type_ids)
    assert (mlm_logits.shape, nsp_logits.shape) == ((2, 3, 7, 23), (2, 3, 2))
    for i in range(2):
        for j in range(3):
            alone = model(input_ids[i, j], token_type_ids[i, j])
            assert_close((mlm_logits[i, j], nsp_logits[i, j]), alone, atol=EXACT)


def test_every_token_sees_every_other(model, ids):
    """Both sides, unlike a decoder: change one token, and the states of all change."""
    input_ids = ids(0, 7)
    before, _ = model.bert(input_ids)
    for position in range(7):
        changed = input_ids.clone()
        changed[position] = (changed[position] + 1) % 23
        after, _ = model.bert(changed)
        assert ((after - before).abs().amax(-1) > 1e-6).all()


def test_the_order_counts_only_through_the_positions(layer_of, ids, assert_far):
    bert = layer_of(0, 12, 3, kind=lambda d_model, n_heads: Bert(SMALL)).eval()
    input_ids, order = ids(0, 7), torch.tensor([3, 0, 6, 1, 5, 2, 4])
    assert_far(bert(input_ids[order])[0], bert(input_ids)[0][order], atol=1e-3)
    nn.init.zeros_(bert.embeddings.position.weight)
    assert_close(bert(input_ids[order])[0], bert(input_ids)[0][order], atol=EXACT)


def test_the_pooled_state_is_made_of_that_of_cls(model, ids):
    states, pooled = model.bert(ids(0, 4, 7))
    weight, bias = model.bert.pooler.weight, model.bert.pooler.bias
    assert_close(pooled, torch.tanh(states[:, 0] @ weight.T + bias), atol=EXACT)
    assert_close(model(ids(0, 4, 7))[1], model.nsp_head(pooled), atol=0)


def test_the_mlm_head_reads_its_weights_from_the_embeddings(model, ids):
    """One matrix in two places: a token that is not in the input gets its gradient as output."""
    weight = model.bert.embeddings.token.weight
    assert [name for name, p in model.named_parameters() if p.shape == weight.shape] == [
        "bert.embeddings.token.weight"
    ]
    input_ids = torch.tensor([[1, 2, 3]])
    mlm_logits, _ = model(input_ids)
    (slope,) = torch.autograd.grad(mlm_logits[0, :, 7].sum(), weight)
    assert torch.equal(
        slope.abs().amax(-1) > 0, torch.isin(torch.arange(23), torch.tensor([1, 2, 3, 7]))
    )


def test_a_fresh_model_knows_nothing():
    """Weights of standard deviation 0.02 make logits of 0.02 √64 = 0.16: ln V + 0.16² / 2, nearly.

    Wrong: torch's own first weights, which make them 8 from the embeddings alone.
    """
    torch.manual_seed(0)
    config = BertConfig(n_layers=2, d_model=64, n_heads=4, vocab_size=500, dropout=0.0)
    model = BertForPreTraining(config)
    input_ids, labels = torch.randint(500, (2, 8, 64))
    is_next = torch.arange(8) % 2 == 0
    nothing = torch.full_like(labels, -100)

    def losses():
        mlm_logits, nsp_logits = model(input_ids)
        of_nsp = pretraining_loss(mlm_logits, nothing, nsp_logits, is_next)
        return pretraining_loss(mlm_logits, labels, nsp_logits, is_next) - of_nsp, of_nsp

    of_mlm, of_nsp = losses()
    assert abs(of_mlm - math.log(500)) < 0.1
    assert abs(of_nsp - math.log(2)) < 0.1
    model.bert.embeddings.token.reset_parameters()
    assert losses()[0] > math.log(500) + 1


def test_first_weights_are_those_of_the_released_configuration():
    torch.manual_seed(0)
    model = BertForPreTraining(BertConfig(n_layers=1, d_model=96, n_heads=2, vocab_size=300))
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            assert (p == 0).all(), name
        elif "norm" in name:
            assert (p == 1).all(), name
        else:  # the standard deviation of k draws is off by 1 / √(2k) of itself; seven times that
            assert abs(p.std() / 0.02 - 1) < 7 / math.sqrt(2 * p.numel()), name


def test_the_loss_by_hand(assert_far):
    """Logits (0, ln 3) mean odds of 1 : 3.

    MLM: token 1 at one place, 0 at the other: (ln 4/3 + ln 4) / 2. NSP: is next, with 3/4: ln 4/3.
    """
    logits = torch.tensor([0.0, math.log(3)], dtype=torch.float64)
    mlm_logits, labels = logits.expand(1, 4, 2), torch.tensor([[-100, 1, 0, -100]])
    mlm = (math.log(4 / 3) + math.log(4)) / 2
    for is_next, nsp in ((1, math.log(4 / 3)), (0, math.log(4))):
        expected = torch.tensor(mlm + nsp, dtype=torch.float64)
        for answer in (torch.tensor([is_next]), torch.tensor([bool(is_next)])):
            assert_close(
                pretraining_loss(mlm_logits, labels, logits[None], answer), expected, atol=EXACT
            )
        flipped = torch.tensor([1 - is_next])
        wrong = pretraining_loss(mlm_logits, labels, logits[None], flipped)
        assert_far(wrong, expected, atol=EXACT)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_the_loss_is_the_sum_of_torchs_two(dtype, normal, ids, assert_far):
    """Each mean over its own number: seven labelled tokens, three rows.

    The sums and logarithms are made in float32 or wider, of numbers up to 20: 8 roundings at most.
    """
    atol = 32 * torch.finfo(torch.promote_types(dtype, torch.float32)).eps
    mlm_logits, nsp_logits = normal(0, 3, 5, 11, dtype=dtype), normal(1, 3, 2, dtype=dtype)
    labels, is_next = ids(2, 3, 5, high=11), torch.tensor([True, False, True])
    labels.flatten()[::2] = -100
    actual = pretraining_loss(4 * mlm_logits, labels, 4 * nsp_logits, is_next).double()
    mlm, nsp = (
        F.cross_entropy(4 * logits.double(), target, reduction="none", ignore_index=-100)
        for logits, target in (
            (mlm_logits.flatten(0, 1), labels.flatten()),
            (nsp_logits, is_next.long()),
        )
    )
    n = (labels != -100).sum()
    assert n == 7
    assert_close(actual, mlm.sum() / n + nsp.mean(), atol=atol)
    for wrong in (
        mlm.mean() + nsp.mean(),
        mlm.sum() / n,
        (mlm.sum() + nsp.sum()) / (n + 3),
        (mlm.sum() / n + nsp.mean()) / 2,
        mlm.sum() / n + nsp.sum(),
    ):
        assert_far(actual, wrong, atol=atol)


def test_where_nothing_is_masked_only_the_pairs_teach(normal):
    mlm_logits, nsp_logits = normal(0, 2, 3, 5).requires_grad_(), normal(1, 2, 2).requires_grad_()
    labels, is_next = torch.full((2, 3), -100), torch.tensor([1, 0])
    loss = pretraining_loss(mlm_logits, labels, nsp_logits, is_next)
    assert_close(loss, F.cross_entropy(nsp_logits, is_next), atol=EXACT)
    loss.backward()
    assert torch.equal(mlm_logits.grad, torch.zeros_like(mlm_logits))
    assert (nsp_logits.grad != 0).all()


def test_dropout_acts_in_training_alone(ids):
    torch.manual_seed(0)
    model = BertForPreTraining(SMALL)
    input_ids = ids(0, 2, 7)
    assert not torch.equal(model(input_ids)[0], model(input_ids)[0])
    model.bert.encoder.eval()  # leaves that of the embeddings
    assert not torch.equal(model(input_ids)[0], model(input_ids)[0])
    model.eval()
    assert torch.equal(model(input_ids)[0], model(input_ids)[0])
    assert {m.p for m in model.modules() if isinstance(m, nn.Dropout)} == {0.1}


def test_embeddings_have_the_promised_parts():
    shapes = {name: tuple(p.shape) for name, p in BertEmbeddings(7, 5, 4).named_parameters()}
    assert shapes == {
        "token.weight": (7, 4),
        "segment.weight": (2, 4),
        "position.weight": (5, 4),
        "norm.weight": (4,),
        "norm.bias": (4,),
    }


def test_it_stays_on_the_device_it_is_given():
    """On meta, a tensor made elsewhere on the way raises."""
    with torch.device("meta"):
        model = BertForPreTraining(SMALL).to(torch.bfloat16)
        input_ids = torch.empty(2, 7, dtype=torch.long)
    mlm_logits, nsp_logits = model(input_ids, input_ids, input_ids)
    loss = pretraining_loss(mlm_logits, input_ids, nsp_logits, input_ids[:, 0])
    assert (mlm_logits.device.type, mlm_logits.dtype) == ("meta", torch.bfloat16)
    assert (loss.device.type, loss.dtype) == ("meta", torch.float32)


def test_inputs_are_left_alone(model, ids):
    inputs = [ids(0, 2, 7), ids(1, 2, 7, high=2), torch.ones(2, 7, dtype=torch.long)]
    before = [tensor.clone() for tensor in inputs]
    model(*inputs)
    assert all(map(torch.equal, inputs, before))


@pytest.mark.usefixtures("no_shape_checker")
def test_segments_of_another_shape(model, ids):
    expected = r"one shape \(…, n\): got \(2, 7\) and \(7,\); pass one segment, 0 or 1, for each"
    with pytest.raises(ValueError, match=expected):
        model(ids(0, 2, 7), ids(1, 7, high=2))


def test_a_row_longer_than_any_position(model, ids):
    with pytest.raises(ValueError, match="at most max_length=9 positions: got 10; cut the"):
        model(ids(0, 2, 10))


@pytest.mark.usefixtures("no_shape_checker")
def test_a_mask_to_be_added_is_refused(model, ids):
    with pytest.raises(TypeError, match="is_token must be .* got torch.float32; convert"):
        model(ids(0, 2, 7), None, torch.zeros(2, 7))


@pytest.mark.usefixtures("no_shape_checker")
@pytest.mark.parametrize(
    ("nsp_logits", "is_next", "text"),
    [
        ((3, 2), (2,), r"got \(3, 2\), \(2,\) and \(2, 4\); pass two logits"),
        ((2, 3), (2,), r"got \(2, 3\), \(2,\) and \(2, 4\)"),
        ((2, 2), (2, 1), r"nsp_logits must be \(b, 2\) .* got \(2, 2\), \(2, 1\) and \(2, 4\)"),
    ],
)
def test_a_loss_of_parts_that_do_not_fit(nsp_logits, is_next, text):
    with pytest.raises(ValueError, match=text):
        pretraining_loss(
            torch.zeros(2, 4, 5),
            torch.zeros(2, 4, dtype=torch.long),
            torch.zeros(nsp_logits),
            torch.zeros(is_next, dtype=torch.long),
        )


@pytest.mark.usefixtures("no_shape_checker")
def test_an_answer_in_floating_point():
    labels = torch.zeros(2, 4, dtype=torch.long)
    with pytest.raises(TypeError, match="boolean or integer: got torch.float32; it is no probab"):
        pretraining_loss(torch.zeros(2, 4, 5), labels, torch.zeros(2, 2), torch.tensor([0.5, 1.0]))
