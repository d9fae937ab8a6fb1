"""The hidden checks of assignment 5: right and wrong implementations; tests of stated size."""

import copy
import inspect
import math
import sys
from random import Random

import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from torch import nn

import reference.bert
import reference.masked_lm
import reference.next_sentence
from assignments.a5_masked_lm.checks import (
    BERT_EMBEDDINGS,
    MASK_TOKENS,
    MASKED_LM_LOSS,
    NEXT_SENTENCE_PAIR,
    PACK_PAIR,
    PRETRAINING_LOSS,
    RUBRICS,
)
from assignments.a5_masked_lm.checks.chance import SIZE, too_many, unlikely, unlikely_pairs
from assignments.a5_masked_lm.checks.independence import EQUAL_COLUMNS, EQUAL_ROWS
from assignments.a5_masked_lm.misconceptions import MISCONCEPTIONS, RIGHT
from autograder.misconception import diagnose, same, witness_draw
from autograder.rubric import Rubric, RubricResult, grade, session
from autograder.validate import try_right, try_wrong

WRONG = [(rubric, one) for rubric in RUBRICS for one in MISCONCEPTIONS[rubric.name]]
STYLES = [(rubric, one) for rubric in RUBRICS for one in RIGHT[rubric.name]]

OURS = [
    (rubric, one)
    for rubric, one in WRONG + STYLES
    if not one.implementation.__module__.startswith("reference.")
]


def ids(pairs) -> list[str]:
    return [f"{rubric.name}-{one.name}" for rubric, one in pairs]


def graded(rubric: Rubric, student, *, seed: int = 11, strict: bool = False) -> RubricResult:
    """The result for one object, without diagnosis."""
    with session(seed, strict=strict, diagnoses=False) as now:
        grade(rubric, student)
    return now.results[rubric.name]


def lost(result: RubricResult) -> list[str]:
    return [check.title for check in result.checks if not check.passed]


def test_points():
    names = {rubric.name: rubric.points for rubric in RUBRICS}
    assert names == {
        "mask_tokens": 14,
        "masked_lm_loss": 7,
        "next_sentence_pair": 8,
        "pack_pair": 7,
        "BertEmbeddings": 6,
        "pretraining_loss": 4,
    }
    assert [rubric.name for rubric in RUBRICS if rubric.random] == [
        "mask_tokens",
        "next_sentence_pair",
    ]


def test_there_are_enough_of_both_and_each_has_a_name_and_a_sentence():
    assert len(WRONG) >= 100
    assert len(STYLES) - len(RUBRICS) >= 24
    names = [one.name for _, one in WRONG]
    assert len(set(names)) == len(names)
    assert len({one.sentence for _, one in WRONG}) == len(WRONG)
    for _, one in WRONG:
        assert one.name.replace("-", "").isalnum()
        assert one.name.islower()
        assert one.sentence.endswith((".", ".)"))
        assert 30 < len(one.sentence) < 300


@pytest.mark.parametrize(("rubric", "one"), STYLES, ids=ids(STYLES))
def test_each_right_style_passes_the_visible_tests(try_visible, rubric, one):
    defined = {name: styles[0].implementation for name, styles in RIGHT.items()}
    try_visible("a5_masked_lm", rubric.name, defined | {rubric.name: one.implementation})


@pytest.mark.parametrize(("rubric", "one"), WRONG, ids=ids(WRONG))
def test_each_mistake_loses_points_and_is_named(rubric, one):
    outcome = try_wrong(rubric, one)
    assert not outcome.accepted
    assert outcome.recognised, outcome.named


@pytest.mark.parametrize(("rubric", "one"), STYLES, ids=ids(STYLES))
def test_each_right_style_gets_every_point(rubric, one):
    outcome = try_right(rubric, one, seeds=20)
    assert not outcome.rejected, outcome.failed
    assert not outcome.near_miss, outcome.nearest


@pytest.mark.parametrize(("rubric", "one"), WRONG, ids=ids(WRONG))
def test_each_witness_tells_its_mistake_from_the_reference(rubric, one):
    """And sees the same under other seeds where it observes facts alone."""

    def seen(implementation, i):
        return one.witness(implementation, witness_draw("a5_masked_lm", rubric.name, 3, i))

    wrong = [seen(one.implementation, i) for i in range(2)]
    for i, observed in enumerate(wrong):
        assert not same(observed, seen(RIGHT[rubric.name][0].implementation, i))
    if rubric is MASK_TOKENS and one.name not in {"mask-labels-everywhere", "mask-labels-first"}:
        assert same(*wrong)


@pytest.mark.parametrize(("rubric", "one"), OURS, ids=ids(OURS))
def test_each_source_stands_alone(rubric, one):
    """It can be pasted into a notebook that has the usual imports."""
    names = {"math": math, "torch": torch, "nn": nn, "F": F}
    exec(inspect.getsource(one.implementation), names)
    pasted = names[one.implementation.__name__]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first = graded(rubric, pasted).points
        torch.manual_seed(0)
        assert first == graded(rubric, one.implementation).points


ODD = [None, 3, 2.5, True, "text", b"x", (), (1, 2), (1, 2, 3), [torch.ones(2)], {"a": 1}, object()]
ODD += [torch.ones(()), torch.ones(2, 3).to_sparse(), torch.ones(3, dtype=torch.complex64)]
ODD += [(torch.ones(4), None), (None, None, None), torch.zeros(0), torch.ones(2, device="meta")]
ODD += [([1], [2], "yes"), ([1], [2], torch.ones((), device="meta", dtype=torch.bool))]


@pytest.mark.parametrize("value", ODD, ids=lambda value: f"{type(value).__name__}")
@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.name)
def test_whatever_comes_back_is_the_students_failure_and_no_fault_of_a_check(rubric, value):
    """Strict sessions let every exception through that is no verdict of the check."""
    if rubric is BERT_EMBEDDINGS:

        class Student(reference.bert.BertEmbeddings):
            def __init__(self, vocab_size, max_length, d_model):
                super().__init__(vocab_size, max_length, d_model)

            def forward(self, input_ids, token_type_ids):
                return value

        assert graded(rubric, Student, strict=True).points == 1, "the tables are right"
        assert graded(rubric, lambda *sizes: value, strict=True).points == 0
    else:
        assert graded(rubric, lambda *args, **kwargs: value, strict=True).points == 0


def mask_by_pythons_random(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Right: Python's random, seeded by a number that is drawn and so moves the generator on."""
    import random

    return _masked_by(
        random.Random(torch.randint(2**62, (), generator=generator).item()),
        *(input_ids, mask_id, vocab_size, special_ids, rate),
    )


def mask_seeded_once(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
    """Wrong: the initial seed never changes, so that each call repeats the first."""
    import random

    seed = None if generator is None else generator.initial_seed()
    return _masked_by(random.Random(seed), *(input_ids, mask_id, vocab_size, special_ids, rate))


def _masked_by(dice, input_ids, mask_id, vocab_size, special_ids, rate):
    special = {mask_id, *special_ids}
    words = [i for i in range(vocab_size) if i not in special]
    corrupted, labels = input_ids.clone(), torch.full_like(input_ids, -100)
    for r, row in enumerate(input_ids.tolist()):
        for c, token in enumerate(row):
            if token not in special and dice.random() < rate:
                labels[r, c] = token
                corrupted[r, c] = dice.choices([mask_id, dice.choice(words), token], [8, 1, 1])[0]
    return corrupted, labels


def test_pythons_random_is_right_only_with_a_seed_that_is_drawn():
    assert graded(MASK_TOKENS, mask_by_pythons_random).points == 14
    result = graded(MASK_TOKENS, mask_seeded_once)
    assert lost(result) == ["the generator given is the one used, and used on"]
    assert diagnose(MASK_TOKENS, mask_seeded_once).name == "mask-generator-restarted"


def test_exactly_15_percent_costs_the_check_of_independence_alone():
    wrong = {one.name: one.implementation for one in MISCONCEPTIONS["mask_tokens"]}
    result = graded(MASK_TOKENS, wrong["mask-exactly-15-percent"])
    assert lost(result) == ["every position decides for itself"]


def masking(rate=0.15, masked=0.8, random=0.1, first=0):
    """mask_tokens with other numbers; `first` leaves out as many of the ordinary ids."""

    def mask_tokens(input_ids, mask_id, vocab_size, special_ids, generator=None, rate=rate):
        no = torch.tensor([mask_id, *special_ids])
        words = torch.tensor(sorted(set(range(vocab_size)) - {mask_id, *special_ids}))[first:]
        chosen = torch.rand(input_ids.shape, generator=generator) < rate
        chosen &= ~torch.isin(input_ids, no)
        fate = torch.rand(input_ids.shape, generator=generator)
        drawn = words[torch.randint(len(words), input_ids.shape, generator=generator)]
        corrupted = torch.where(chosen & (fate < masked + random), drawn, input_ids)
        corrupted = torch.where(chosen & (fate < masked), mask_id, corrupted)
        return corrupted, torch.where(chosen, input_ids, -100)

    return mask_tokens


@pytest.mark.parametrize(
    "off",
    [
        {"rate": 0.12},
        {"rate": 0.19},
        {"rate": 0.13},
        {"rate": 0.17},
        {"masked": 0.7, "random": 0.2},
        {"random": 0.2},
        {"random": 0.0},
        {"masked": 0.85},
        {"random": 0.075},
        {"random": 0.125},
        {"first": 1},
    ],
    ids=str,
)
def test_a_quarter_off_is_caught_under_every_seed_and_costs_its_own_checks(off):
    for seed in range(8):
        result = graded(MASK_TOKENS, masking(**off), seed=seed)
        assert 10 <= result.points < 14, lost(result)
        assert "every position decides for itself" not in lost(result)


def test_the_unspoilt_one_is_right():
    assert graded(MASK_TOKENS, masking()).points == 14


@pytest.mark.parametrize(("n", "p"), [(4800, 0.15), (9800, 0.8), (300, 0.375), (40, 0.5)])
def test_the_tails_of_the_exact_tests_are_scipys_and_hold_their_size(n, p):
    law = stats.binom(n, p)
    rejected = [k for k in range(n + 1) if unlikely(k, n, p)]
    assert sum(law.pmf(rejected)) <= SIZE
    kept = [k for k in range(n + 1) if k not in set(rejected)]
    assert law.cdf(min(kept)) >= SIZE / 2 * (1 - 1e-9)
    assert law.sf(max(kept) - 1) >= SIZE / 2 * (1 - 1e-9)
    assert sum(law.pmf([k for k in range(n + 1) if too_many(k, n, p)])) <= SIZE


def test_pairs_follow_the_law_that_is_claimed():
    """Every set of 4 of 6 positions, and which of them fill how many of 3 pairs: 3, 12, none."""
    import itertools

    filled = [
        sum({2 * i, 2 * i + 1} <= set(chosen) for i in range(3))
        for chosen in itertools.combinations(range(6), 4)
    ]
    assert [filled.count(b) for b in range(4)] == [0, 12, 3, 0]
    # in large numbers: what is not rejected holds all but SIZE, and the mean lies within
    ones, pairs = 9800, 32768
    mean = ones * (ones - 1) / (2 * pairs) / (2 * pairs - 1) * pairs
    assert not unlikely_pairs(round(mean), ones, pairs)
    assert unlikely_pairs(round(mean * 1.3), ones, pairs)
    assert unlikely_pairs(round(mean * 0.7), ones, pairs)


def test_equal_counts_are_no_likelier_than_claimed():
    for n, most in ((512, EQUAL_ROWS), (128, EQUAL_COLUMNS)):
        for rate in (0.05, 0.12, 0.15, 0.19, 0.5, 0.95):
            pmf = stats.binom(n, rate).pmf(range(n + 1))
            assert (pmf**2).sum() <= most


class Kept:
    """The pattern of the first call of each shape, given again."""

    def __init__(self):
        self.kept = {}

    def __call__(self, input_ids, mask_id, vocab_size, special_ids, generator=None, rate=0.15):
        fresh = torch.rand(input_ids.shape, generator=generator)
        chance = self.kept.setdefault(tuple(input_ids.shape), fresh)
        chosen = (chance < rate) & ~torch.isin(input_ids, torch.tensor(special_ids))
        right = masking(rate=1.0)(input_ids, mask_id, vocab_size, special_ids, generator)[0]
        return torch.where(chosen, right, input_ids), torch.where(chosen, input_ids, -100)


def test_a_pattern_that_comes_again_loses_points():
    assert graded(MASK_TOKENS, Kept()).points < 14


def coin(chance):
    def next_sentence_pair(documents, document, sentence, generator=None):
        text = documents[document]
        if torch.rand((), generator=generator) < chance and sentence + 1 < len(text):
            return text[sentence], text[sentence + 1], True
        pool = [s for d, other in enumerate(documents) if d != document for s in other]
        return text[sentence], pool[torch.randint(len(pool), (), generator=generator)], False

    return next_sentence_pair


def test_an_unfair_coin_costs_its_own_check():
    assert graded(NEXT_SENTENCE_PAIR, coin(0.5)).points == 8
    for chance in (1 / 3, 2 / 3):
        for seed in range(5):
            result = graded(NEXT_SENTENCE_PAIR, coin(chance), seed=seed)
            assert lost(result) == ["a fair coin for each pair"]


def test_a_pair_generator_of_its_own_is_named_though_its_draws_are_rare():
    """A share of 14 in 200 from the short document is rare, one in a thousand: told as 1/7."""

    class Rare(Random):
        def random_pair(self, documents, document, sentence, generator=None):
            torch.rand(1, generator=generator)
            a, after = (
                documents[document][sentence],
                documents[document][sentence + 1 : sentence + 2],
            )
            if after and self.random() < 0.5:
                return a, after[0], True
            short, long = documents[0], documents[2]
            return a, self.choice(short if self.random() < 0.07 else long), False

    for seed in range(3):
        found = diagnose(NEXT_SENTENCE_PAIR, Rare(seed).random_pair)
        assert found is not None
        assert found.name == "next-generator-ignored"


def test_no_drawn_vector_is_nearly_constant_where_layer_norm_divides():
    spreads = []

    class Watched(reference.bert.BertEmbeddings):
        def forward(self, input_ids, token_type_ids):
            positions = torch.arange(input_ids.shape[1])
            summed = self.token(input_ids) + self.segment(token_type_ids) + self.position(positions)
            spreads.append((summed.std(-1) / summed.abs().amax(-1)).min().item())
            return super().forward(input_ids, token_type_ids)

    for seed in range(100):
        with session(seed, diagnoses=False):
            assert grade(BERT_EMBEDDINGS, Watched) == 6
    assert len(spreads) > 500
    assert min(spreads) > 0.1, "float32 keeps some seven digits, one of which this takes"


BOTH = """
from torch.nn import functional as F

def pretraining_loss(mlm_logits, labels, nsp_logits, is_next):
    return masked_lm_loss(mlm_logits, labels) + F.cross_entropy(nsp_logits, is_next.long())
"""


@pytest.mark.parametrize("one", MISCONCEPTIONS["masked_lm_loss"], ids=lambda one: one.name)
def test_a_wrong_loss_costs_once(one, notebook):
    defined = notebook(BOTH, masked_lm_loss=one.implementation)
    with session(3, diagnoses=False) as now:
        assert grade(MASKED_LM_LOSS, one.implementation) < 7
        points = grade(PRETRAINING_LOSS, defined["pretraining_loss"])
    assert points == 4, lost(now.results["pretraining_loss"])


@pytest.mark.parametrize("constant", [0.0, math.nan, 20_000.0])
def test_an_empty_loss_on_an_empty_loss_gets_nothing(constant):
    def part(logits, labels):
        return logits.sum() * 0 + constant

    def both(mlm_logits, labels, nsp_logits, is_next):
        return mlm_logits.sum() * 0 + nsp_logits.sum() * 0 + constant

    with session(3):
        grade(MASKED_LM_LOSS, part)
        assert grade(PRETRAINING_LOSS, both) == 0


def test_what_raises_or_does_nothing_gets_nothing():
    def blank(*args, **kwargs):
        raise NotImplementedError

    def idle(input_ids, *args, **kwargs):
        return input_ids.clone(), torch.full_like(input_ids, -100)

    with session(3, diagnoses=False):
        for rubric in RUBRICS:
            assert grade(rubric, blank) == 0
        assert grade(MASK_TOKENS, idle) == 0


def test_lists_must_stay_as_they_are():
    def pack_pair(a, b, *args, **kwargs):
        row = reference.next_sentence.pack_pair(copy.copy(a), b, *args, **kwargs)
        a.append(0)
        return row

    def next_sentence_pair(documents, *args, **kwargs):
        found = reference.next_sentence.next_sentence_pair(documents, *args, **kwargs)
        documents[0].reverse()
        return found

    assert lost(graded(PACK_PAIR, pack_pair)) == ["a and b are left alone"]
    assert lost(graded(NEXT_SENTENCE_PAIR, next_sentence_pair)) == ["documents are left alone"]


def test_a_notebook_needs_few_calls_but_for_the_coin():
    """Each costs about half a millisecond through the judge."""
    for rubric, most in ((MASK_TOKENS, 40), (NEXT_SENTENCE_PAIR, 1400), (PACK_PAIR, 40)):
        calls = []

        def counted(*args, rubric=rubric, calls=calls, **kwargs):
            calls.append(args)
            return RIGHT[rubric.name][0].implementation(*args, **kwargs)

        assert graded(rubric, counted).points == rubric.points
        assert len(calls) <= most


NEARLY = [
    (PACK_PAIR, "sliced", "n_b <= room // 2", "n_b <= room // 3"),
    (PACK_PAIR, "sliced", "n_b <= room // 2", "n_b <= 2"),
    (PRETRAINING_LOSS, "log-softmax", "clamp(min=1)", "clamp(min=2)"),
    (MASKED_LM_LOSS, "summed", "clamp(min=1)", "clamp(min=2)"),
]


@pytest.mark.parametrize(("rubric", "style", "right", "wrong"), NEARLY)
def test_what_is_right_but_for_one_number_loses_points(rubric, style, right, wrong):
    one = next(one for one in RIGHT[rubric.name] if one.name == style)
    source = inspect.getsource(one.implementation)
    assert right in source
    defined = dict(vars(sys.modules[one.implementation.__module__]))
    exec(source.replace(right, wrong), defined)
    assert graded(rubric, defined[one.implementation.__name__]).points < rubric.points
