"""masked_lm.py: the rates by tests of stated size, the loss against torch's, and rows by hand.

A statistical test here rejects right code with probability 1e-6 at most, if its seed were drawn
anew; the seeds are fixed. Each stands beside a wrong rate that the same numbers reject.
"""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from torch.autograd import gradcheck

from reference.masked_lm import mask_tokens, masked_lm_loss

SIZE = 1e-6  # of each statistical test
MASK, SPECIAL, VOCAB = 4, [0, 2, 3], 12  # ordinary: 1 and 5 to 11, eight ids
ORDINARY = [1, 5, 6, 7, 8, 9, 10, 11]
# Logits near 1, eight terms in a sum: a few eps of float64 in all.
EXACT = 16 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def assert_rate(count, n, p, *, wrong):
    """Accept `count` of `n` as draws of probability p, and reject them for each wrong one."""
    assert stats.binomtest(count, n, p).pvalue > SIZE
    for q in wrong:
        assert stats.binomtest(count, n, q).pvalue < SIZE, f"too few draws to reject {q}"


@pytest.fixture(scope="module")
def ordinary_ids():
    """Draw rows of ids that may all be chosen."""

    def draw(seed, *shape):
        return torch.tensor(ORDINARY)[torch.randint(len(ORDINARY), shape, generator=seeded(seed))]

    return draw


@pytest.fixture(scope="module")
def corruption(ordinary_ids):
    """400,000 positions, as the model sees them and as they were; both chosen ones alone."""
    x = ordinary_ids(0, 800, 500)
    corrupted, labels = mask_tokens(x, MASK, VOCAB, SPECIAL, seeded(1))
    return x, corrupted, labels


def test_the_rate_and_the_three_fates(corruption):
    x, corrupted, labels = corruption
    chosen = labels != -100
    n = int(chosen.sum())
    assert_rate(n, x.numel(), 0.15, wrong=[0.145, 0.155])
    now, before = corrupted[chosen], x[chosen]
    assert_rate(int((now == MASK).sum()), n, 0.8, wrong=[0.78, 0.82, 0.9, 1])
    # A random token is the original one time in eight: 0.1 stay on purpose, 0.1 / 8 by chance.
    stay = 0.1 + 0.1 / len(ORDINARY)
    assert_rate(int((now == before).sum()), n, stay, wrong=[0.1, 0.125, 0.2])


def test_what_is_not_chosen_stays_and_labels_hold_what_was_there(corruption):
    x, corrupted, labels = corruption
    chosen = labels != -100
    assert torch.equal(corrupted[~chosen], x[~chosen])
    assert torch.equal(labels[chosen], x[chosen])
    assert corrupted.dtype == labels.dtype == torch.int64


def test_a_random_token_is_any_ordinary_one_equally_often(corruption):
    x, corrupted, labels = corruption
    changed = (corrupted != MASK) & (corrupted != x)
    assert not torch.isin(corrupted[changed], torch.tensor([MASK, *SPECIAL])).any()
    # Among those that changed, each ordinary id comes equally often whatever id it replaces.
    counts = torch.bincount(corrupted[changed], minlength=VOCAB)[ORDINARY]
    assert stats.chisquare(counts).pvalue > SIZE
    uneven = torch.tensor([0.7] + [1.0] * 6 + [1.3]) * counts.sum() / 8
    assert stats.chisquare(counts, uneven).pvalue < SIZE


def test_each_position_is_chosen_whatever_becomes_of_the_others(corruption):
    chosen = corruption[2] != -100
    pairs = chosen[:, 0::2] & chosen[:, 1::2]
    assert_rate(int(pairs.sum()), pairs.numel(), 0.15**2, wrong=[0.15, 0.019, 0.026])
    columns = chosen.sum(0)  # no position is favoured: 500 counts of 800 draws
    expected = stats.chi2(500).isf(SIZE)
    assert ((columns - 120) ** 2 / (800 * 0.15 * 0.85)).sum() < expected


@pytest.mark.parametrize("rate", [0.0, 0.4, 1.0])
def test_another_rate(rate, ordinary_ids):
    _, labels = mask_tokens(ordinary_ids(0, 20, 500), MASK, VOCAB, SPECIAL, seeded(1), rate)
    assert_rate(int((labels != -100).sum()), 10_000, rate, wrong=[0.15])


def test_special_tokens_are_never_chosen_and_the_input_is_left_alone():
    x = torch.arange(VOCAB).repeat(50, 3)
    before = x.clone()
    corrupted, labels = mask_tokens(x, MASK, VOCAB, SPECIAL, seeded(0), 1.0)
    special = torch.isin(x, torch.tensor([MASK, *SPECIAL]))
    assert torch.equal(corrupted[special], x[special])
    assert torch.equal(labels, torch.where(special, -100, x))
    assert torch.equal(x, before)
    untouched, _ = mask_tokens(x, MASK, VOCAB, SPECIAL, seeded(0), 0.0)
    untouched.zero_()
    assert torch.equal(x, before)


def test_one_seed_one_corruption_and_every_call_draws_anew(ordinary_ids):
    x = ordinary_ids(0, 4, 50)
    generator = seeded(5)
    first = mask_tokens(x, MASK, VOCAB, SPECIAL, generator)
    second = mask_tokens(x, MASK, VOCAB, SPECIAL, generator)
    again = mask_tokens(x, MASK, VOCAB, SPECIAL, seeded(5))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[1], second[1])
    torch.manual_seed(7)
    unseeded = mask_tokens(x, MASK, VOCAB, SPECIAL)
    assert not torch.equal(unseeded[1], mask_tokens(x, MASK, VOCAB, SPECIAL)[1])
    torch.manual_seed(7)
    assert torch.equal(unseeded[1], mask_tokens(x, MASK, VOCAB, SPECIAL)[1])


@pytest.mark.parity
def test_transformers_collator_corrupts_alike(tmp_path):
    """The two counts of unchosen, masked, changed and kept come from one distribution.

    Its random tokens may be special ones, ours not: with 1,000 ids that moves a share of 0.0001.
    """
    from transformers import BertTokenizerFast, DataCollatorForLanguageModeling

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(995))]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    tokenizer = BertTokenizerFast(vocab=str(tmp_path / "vocab.txt"))
    assert tokenizer.convert_tokens_to_ids("w994") == 999
    collator = DataCollatorForLanguageModeling(tokenizer, seed=0)
    x = torch.randint(5, 1000, (400, 250), generator=seeded(0))
    x[:, 0], x[:, -1] = 2, 3
    theirs = collator([{"input_ids": row} for row in x])

    def counts(corrupted, labels):
        chosen = labels != -100
        masked, kept = corrupted == 4, corrupted == x
        fates = [~chosen, chosen & masked, chosen & ~masked & ~kept, chosen & kept]
        return [int(fate.sum()) for fate in fates]

    reference = counts(theirs["input_ids"], theirs["labels"])
    special_ids = [0, 1, 2, 3]
    ours = counts(*mask_tokens(x, 4, 1000, special_ids, seeded(1)))
    assert stats.chi2_contingency([ours, reference]).pvalue > SIZE
    wrong = counts(*mask_tokens(x, 4, 1000, special_ids, seeded(1), rate=0.16))
    assert stats.chi2_contingency([wrong, reference]).pvalue < SIZE


def test_whole_words(ordinary_ids):
    """Words of 1, 2 and 3 pieces, numbered in any way, with a gap of no word at the end."""
    x = ordinary_ids(0, 3000, 8)
    word_ids = torch.tensor([7, 5, 5, 9, 9, 9, -1, -100]).expand(3000, 8)
    corrupted, labels = mask_tokens(x, MASK, VOCAB, SPECIAL, seeded(1), word_ids=word_ids)
    chosen = labels != -100
    assert torch.equal(chosen[:, 1], chosen[:, 2])
    assert torch.equal(chosen[:, 3], chosen[:, 4])
    assert torch.equal(chosen[:, 3], chosen[:, 5])
    assert not chosen[:, 6:].any()
    words = chosen[:, [0, 1, 3]]
    assert_rate(int(words.sum()), words.numel(), 0.15, wrong=[0.11, 0.19])
    assert_rate(int((words[:, 0] & words[:, 1]).sum()), 3000, 0.15**2, wrong=[0.15, 0])
    # Each piece has a fate of its own: all three are masked in 0.8³ of the words, not in 0.8.
    masked = (corrupted[:, 3:6] == MASK).all(1)
    assert_rate(int(masked.sum()), int(chosen[:, 3].sum()), 0.8**3, wrong=[0.8])


def test_special_tokens_inside_a_word_stay():
    x = torch.tensor([[2, 5, 6, 3]])
    word_ids = torch.zeros_like(x)
    _, labels = mask_tokens(x, MASK, VOCAB, SPECIAL, rate=1.0, word_ids=word_ids)
    assert labels.tolist() == [[-100, 5, 6, -100]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 1.5}, "rate must be a probability, 0 to 1: got 1.5; BERT's is 0.15"),
        ({"mask_id": 12}, r"ids below vocab_size=12: got \[12\]; pass those of the tokenizer"),
        ({"special_ids": [0, -1]}, r"ids below vocab_size=12: got \[-1\]"),
        ({"special_ids": range(12)}, "got vocab_size=12 and as many special ids; leave at least"),
        (
            {"word_ids": torch.zeros(1, 2, dtype=torch.int64)},
            r"each position of input_ids, \(1, 3\): got shape \(1, 2\); pass -1 where there is no",
        ),
        ({"input_ids": torch.zeros(3, dtype=torch.int64)}, r"\(b, n\): got torch.int64, \(3,\);"),
        ({"input_ids": torch.zeros(1, 3, dtype=torch.int32)}, r"got torch.int32, \(1, 3\)"),
    ],
    ids=["rate", "mask_id", "special_ids", "nothing ordinary", "word_ids", "no batch", "int32"],
)
@pytest.mark.usefixtures("no_shape_checker")
def test_arguments_that_make_no_sense(change, message):
    arguments = {
        "input_ids": torch.zeros(1, 3, dtype=torch.int64),
        "mask_id": MASK,
        "vocab_size": VOCAB,
        "special_ids": SPECIAL,
    }
    with pytest.raises(ValueError, match=message):
        mask_tokens(**{**arguments, **change})


@pytest.fixture
def predictions(normal):
    """Logits over 7 tokens for 2 rows of 5, and labels for half of the positions."""
    labels = torch.tensor([[-100, 3, -100, 0, 6], [-100, -100, 2, -100, 2]])
    return normal(0, 2, 5, 7), labels


@pytest.mark.parity
def test_the_loss_and_its_gradients_equal_torchs(predictions, assert_far):
    logits, labels = predictions
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    expected = F.cross_entropy(theirs.flatten(0, 1), labels.flatten())
    actual = masked_lm_loss(ours, labels)
    assert_close(actual, expected, atol=EXACT)
    actual.backward()
    expected.backward()
    assert_close(ours.grad, theirs.grad, atol=EXACT)
    assert gradcheck(lambda logits: masked_lm_loss(logits, labels), (ours,))
    for_each_row = torch.stack([masked_lm_loss(logits[[i]], labels[[i]]) for i in (0, 1)])
    assert_far(for_each_row.mean(), expected, atol=EXACT)  # a mean of means weighs rows alike
    assert_far(expected * 5 / 10, expected, atol=EXACT)  # so does one over all positions


def test_the_loss_by_hand():
    """p = (1/8, 2/8, 5/8): the surprise is ln 8 for the first, ln(8/5) for the last."""
    logits = torch.tensor([[[1, 2, 5], [1, 2, 5], [9, 9, 9]]], dtype=torch.float64).log()
    expected = torch.tensor((math.log(8) + math.log(8 / 5)) / 2, dtype=torch.float64)
    assert_close(masked_lm_loss(logits, torch.tensor([[0, 2, -100]])), expected, atol=EXACT)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_half_precision_is_summed_in_float32(dtype, normal):
    logits = normal(0, 64, 64, 5, dtype=dtype).requires_grad_()
    labels = torch.randint(5, (64, 64), generator=seeded(0))
    loss = masked_lm_loss(logits, labels)
    assert loss.dtype == torch.float32
    expected = F.cross_entropy(logits.detach().double().flatten(0, 1), labels.flatten())
    # 4096 terms near 2, each rounded to float32, then summed by halves.
    assert_close(loss.double(), expected, atol=64 * torch.finfo(torch.float32).eps)
    loss.backward()
    assert logits.grad.dtype == dtype


def test_with_nothing_to_predict_the_loss_is_zero_and_can_be_differentiated(predictions):
    logits, labels = predictions
    logits.requires_grad_()
    loss = masked_lm_loss(logits, torch.full_like(labels, -100))
    assert loss.item() == 0
    loss.backward()
    assert torch.equal(logits.grad, torch.zeros_like(logits))


@pytest.mark.usefixtures("no_shape_checker")
def test_shapes_that_do_not_fit():
    message = r"labels \(b, n\): got shapes \(2, 5, 7\) and \(2, 4\); pass one label, or -100"
    with pytest.raises(ValueError, match=message):
        masked_lm_loss(torch.zeros(2, 5, 7), torch.zeros(2, 4, dtype=torch.int64))


def test_they_stay_on_the_device_they_are_given():
    """On meta, a tensor made elsewhere on the way raises."""
    x = torch.empty(2, 5, dtype=torch.int64, device="meta")
    for made in mask_tokens(x, MASK, VOCAB, SPECIAL, word_ids=x):
        assert made.device.type == "meta"
    logits = torch.empty(2, 5, 7, device="meta")
    assert masked_lm_loss(logits, x).device.type == "meta"
