"""The hidden checks of assignment 3: right and wrong implementations; mistakes that cost once."""

import inspect
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import reference.attention
import reference.multihead_attention
from assignments.a3_attention.checks import (
    ATTEND,
    CAUSAL_MASK,
    MULTI_HEAD_ATTENTION,
    RUBRICS,
    SCALED_DOT_PRODUCT_ATTENTION,
    SOFTMAX,
)
from assignments.a3_attention.misconceptions import MISCONCEPTIONS, RIGHT
from autograder.misconception import same, witness_draw
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


def test_points():
    names = {rubric.name: rubric.points for rubric in RUBRICS}
    assert names == {
        "softmax": 8,
        "attend": 8,
        "causal_mask": 4,
        "scaled_dot_product_attention": 14,
        "MultiHeadAttention": 16,
        "sinusoidal_positions": 6,
    }


def test_there_are_enough_of_both_and_each_has_a_name_and_a_sentence():
    assert len(WRONG) >= 34
    assert len(STYLES) - len(RUBRICS) >= 14
    names = [one.name for _, one in WRONG]
    assert len(set(names)) == len(names)
    for _, one in WRONG:
        assert one.name.replace("-", "").isalnum()
        assert one.name.islower()
        assert one.sentence.endswith((".", "…", ".)"))
        assert 30 < len(one.sentence) < 300
    assert len({one.sentence for _, one in WRONG}) == len(WRONG) - repeated_sentences()


def repeated_sentences() -> int:
    """Sentences may be shared between functions, never within one."""
    shared = 0
    seen: set[str] = set()
    for listed in MISCONCEPTIONS.values():
        own = [one.sentence for one in listed]
        assert len(set(own)) == len(own)
        shared += len(seen & set(own))
        seen |= set(own)
    return shared


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


@pytest.mark.parametrize(("rubric", "one"), STYLES, ids=ids(STYLES))
def test_each_right_style_passes_the_visible_tests(try_visible, rubric, one):
    defined = {name: styles[0].implementation for name, styles in RIGHT.items()}
    try_visible("a3_attention", rubric.name, defined | {rubric.name: one.implementation})


@pytest.mark.parametrize(("rubric", "one"), WRONG, ids=ids(WRONG))
def test_each_witness_tells_its_mistake_from_every_right_style(rubric, one):
    def seen(implementation, i):
        return one.witness(implementation, witness_draw("a3_attention", rubric.name, 3, i))

    for i in range(2):
        wrong = seen(one.implementation, i)
        for right in RIGHT[rubric.name]:
            assert not same(wrong, seen(right.implementation, i)), right.name


@pytest.mark.parametrize(("rubric", "one"), OURS, ids=ids(OURS))
def test_each_source_stands_alone(rubric, one):
    """It can be pasted into a notebook that has the usual imports."""
    names = {"math": math, "torch": torch, "nn": nn, "F": F}
    exec(inspect.getsource(one.implementation), names)
    pasted = names[one.implementation.__name__]
    if rubric.name == "MultiHeadAttention":
        pasted(4, 2)(torch.ones(1, 3, 4), mask=torch.ones(3, 3).bool())
    else:
        assert graded(rubric, pasted).points == graded(rubric, one.implementation).points


ODD = [None, 3, 2.5, True, "text", b"x", (), (1, 2), [torch.ones(2)], {"a": 1}, object()]
ODD += [torch.ones(()), torch.ones(2, 3).to_sparse(), torch.ones(3, dtype=torch.complex64)]
ODD += [(torch.ones(4), None), (None, torch.ones(3)), torch.zeros(0), torch.ones(2, device="meta")]


@pytest.mark.parametrize("value", ODD, ids=lambda value: f"{type(value).__name__}")
@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.name)
def test_whatever_comes_back_is_the_students_failure_and_no_fault_of_a_check(rubric, value):
    """Strict sessions let every exception through that is no verdict of the check."""
    if rubric is MULTI_HEAD_ATTENTION:

        class Student(nn.Module):
            def __init__(self, d_model, n_heads):
                super().__init__()
                self.query, self.key = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
                self.value, self.output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

            def forward(self, x, memory=None, mask=None):
                return value

        result = graded(rubric, Student, strict=True)
        assert result.points == 2, "the maps are right"
        assert graded(rubric, lambda d_model, n_heads: value, strict=True).points == 0
    else:
        assert graded(rubric, lambda *args, **kwargs: value, strict=True).points == 0


def softmax_only_of_wholes(x, dim=-1):
    if (x == -math.inf).all():
        return torch.zeros_like(x)
    return torch.softmax(x, dim)


def softmax_empty_along_the_last_axis(x, dim=-1):
    empty = (x == -math.inf).all(-1, keepdim=True)
    return torch.softmax(x.masked_fill(empty, 0.0), dim).masked_fill(empty, 0.0)


def softmax_squeezed(x, dim=-1):
    return torch.softmax(x, dim).nan_to_num(0).squeeze()


def softmax_changes_infinite_entries(x, dim=-1):
    x[x == -math.inf] = -1e30
    return torch.softmax(x, dim) * (x > -1e29)


def attend_squeezed(query, keys, values, score):
    weights = torch.softmax(torch.stack([score(query, key) for key in keys]), -1)
    return weights.squeeze(), (weights @ values).squeeze()


def attend_output_squeezed(query, keys, values, score):
    weights = torch.softmax(torch.stack([score(query, key) for key in keys]), -1)
    return weights, (weights @ values).squeeze()


def attend_all_at_once(query, keys, values, score):
    weights = torch.softmax(score(query, keys), -1)
    return weights, weights @ values


def causal_mask_of_bytes(n, device=None):
    return torch.ones(n, n, dtype=torch.uint8, device=device).tril()


def attention(q, k, v, mask=None, fill=-math.inf):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, fill)
    return torch.softmax(scores, -1).nan_to_num(0.0) @ v


def attention_of_one_mask(q, k, v, mask=None):
    if mask is not None and mask.dim() > 2:
        mask = mask.reshape(-1, *mask.shape[-2:])[0]
    return attention(q, k, v, mask)


def attention_wants_two_axes(q, k, v, mask=None):
    if mask is not None and mask.dim() < 2:
        raise ValueError("a mask has two axes or more")
    return attention(q, k, v, mask)


def attention_inverts_the_callers_mask(q, k, v, mask=None):
    return attention(q, k, v, None if mask is None else ~mask.logical_not_())


def attention_renormalised(q, k, v, mask=None):
    weights = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), -1)
    if mask is not None:
        weights = weights * mask
        weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)
    return weights @ v


def attention_bias_in_float32(q, k, v, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores + torch.zeros(mask.shape, device=q.device).masked_fill(~mask, -1e9)
        return torch.softmax(scores, -1) * mask.any(-1, keepdim=True) @ v
    return torch.softmax(scores, -1) @ v


class Base(reference.multihead_attention.MultiHeadAttention):
    """The reference, to be spoilt."""


class KeepsTheFirstMemory(Base):
    kept = None

    def forward(self, x, memory=None, mask=None):
        if memory is not None:
            if self.kept is None or self.kept.shape != memory.shape:
                self.kept = memory
            memory = self.kept
        return super().forward(x, memory, mask)


class FirstMaskForAll(Base):
    def forward(self, x, memory=None, mask=None):
        if mask is not None and mask.dim() == 3:
            mask = mask[0]
        return super().forward(x, memory, mask)


class HasMoreParameters(Base):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.extra = nn.Linear(d_model, d_model)


class DetachesTheMemory(Base):
    def forward(self, x, memory=None, mask=None):
        return super().forward(x, None if memory is None else memory.detach(), mask)


class LeavesItsDevice(Base):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.ones = torch.ones(d_model)

    def forward(self, x, memory=None, mask=None):
        return super().forward(x * self.ones, memory, mask)


class ChangesX(Base):
    def forward(self, x, memory=None, mask=None):
        result = super().forward(x, memory, mask)
        if not x.requires_grad:
            x.zero_()
        return result


HELD_OUT = [
    (SOFTMAX, softmax_only_of_wholes),
    (SOFTMAX, softmax_empty_along_the_last_axis),
    (SOFTMAX, softmax_squeezed),
    (SOFTMAX, softmax_changes_infinite_entries),
    (ATTEND, attend_squeezed),
    (ATTEND, attend_output_squeezed),
    (ATTEND, attend_all_at_once),
    (CAUSAL_MASK, causal_mask_of_bytes),
    (SCALED_DOT_PRODUCT_ATTENTION, attention_of_one_mask),
    (SCALED_DOT_PRODUCT_ATTENTION, attention_wants_two_axes),
    (SCALED_DOT_PRODUCT_ATTENTION, attention_inverts_the_callers_mask),
    (SCALED_DOT_PRODUCT_ATTENTION, attention_renormalised),
    (SCALED_DOT_PRODUCT_ATTENTION, attention_bias_in_float32),
    (MULTI_HEAD_ATTENTION, KeepsTheFirstMemory),
    (MULTI_HEAD_ATTENTION, FirstMaskForAll),
    (MULTI_HEAD_ATTENTION, HasMoreParameters),
    (MULTI_HEAD_ATTENTION, DetachesTheMemory),
    (MULTI_HEAD_ATTENTION, LeavesItsDevice),
    (MULTI_HEAD_ATTENTION, ChangesX),
]


@pytest.mark.parametrize(
    ("rubric", "student"), HELD_OUT, ids=[student.__name__ for _, student in HELD_OUT]
)
def test_mistakes_that_no_list_has_lose_points_too(rubric, student):
    for seed in range(3):
        assert graded(rubric, student, seed=seed).points < rubric.points


def test_the_held_out_mistakes_were_spoilt_from_something_right():
    assert graded(SCALED_DOT_PRODUCT_ATTENTION, attention).points == 14
    assert graded(MULTI_HEAD_ATTENTION, Base).points == 16


SPOILT_SOFTMAXES = [
    (one.name, one.implementation)
    for one in MISCONCEPTIONS["softmax"]
    if one.name not in {"softmax-without-gradient", "softmax-on-the-cpu"}
]


CELLS = """
import math, torch
from torch import nn

def attend(query, keys, values, score):
    weights = softmax(torch.stack([score(query, key) for key in keys]), dim=-1)
    return weights, weights @ values

def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return softmax(scores, dim=-1) @ v

class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(d_model, d_model))

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = (
            linear(y).unflatten(-1, (self.n_heads, -1)).transpose(-3, -2)
            for linear, y in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        mask = None if mask is None else mask.unsqueeze(-3)
        heads = scaled_dot_product_attention(q, k, v, mask)
        return self.output(heads.transpose(-3, -2).flatten(-2))
"""


@pytest.mark.parametrize(
    ("name", "softmax"), SPOILT_SOFTMAXES, ids=[n for n, _ in SPOILT_SOFTMAXES]
)
def test_a_wrong_softmax_costs_once(name, softmax, notebook):
    defined = notebook(CELLS, softmax=softmax)
    with session(3, diagnoses=False) as now:
        assert grade(SOFTMAX, softmax) < 8
        for rubric in (ATTEND, SCALED_DOT_PRODUCT_ATTENTION, MULTI_HEAD_ATTENTION):
            grade(rubric, defined[rubric.name])
    lost = {
        name: [check.title for check in result.checks if not check.passed]
        for name, result in now.results.items()
        if name != "softmax"
    }
    assert lost == {"attend": [], "scaled_dot_product_attention": [], "MultiHeadAttention": []}


def test_a_second_mistake_costs_for_itself(notebook):
    softmax = "def softmax(x, dim=-1):\n    e = torch.exp(x)\n    return e / e.sum(dim, True)\n"
    defined = notebook(CELLS.replace(" / math.sqrt(q.shape[-1])", "") + softmax)
    with session(3):
        assert grade(SOFTMAX, defined["softmax"]) < 8
        assert grade(SCALED_DOT_PRODUCT_ATTENTION, defined["scaled_dot_product_attention"]) == 10


EMPTY = """
def attend(query, keys, values, score):
    return torch.ones(len(keys)), values.sum(0)

def scaled_dot_product_attention(q, k, v, mask=None):
    return v.sum(-2, keepdim=True) + torch.zeros_like(q[..., :1])

class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(d_model, d_model))

    def forward(self, x, memory=None, mask=None):
        return self.output.bias.expand(x.shape)
"""


@pytest.mark.parametrize(
    "softmax", ["ones_like(x)", "zeros_like(x)", "full_like(x, math.nan)", "softmax(-x, dim)"]
)
def test_a_broken_part_is_worth_nothing_to_what_does_not_use_it(softmax, notebook):
    """Or to be wrong early would pay: what is built on constants is a constant."""
    functions = (ATTEND, SCALED_DOT_PRODUCT_ATTENTION, MULTI_HEAD_ATTENTION)
    defined = notebook(CELLS + EMPTY + f"def softmax(x, dim=-1):\n    return torch.{softmax}\n")
    with session(3):
        alone = [grade(rubric, defined[rubric.name]) for rubric in functions]
    with session(3):
        assert grade(SOFTMAX, defined["softmax"]) < 8
        assert [grade(rubric, defined[rubric.name]) for rubric in functions] == alone
    assert alone == [0, 0, 2], "the linear maps are there"


def test_what_raises_gets_nothing():
    def blank(*args, **kwargs):
        raise NotImplementedError

    with session(3):
        for rubric in RUBRICS:
            assert grade(rubric, blank) == 0


def test_a_notebook_needs_few_calls():
    """Each costs about half a millisecond through the judge; score's calls count too."""
    calls = []

    def counted(function):
        def call(*args, **kwargs):
            calls.append(function)
            return function(*args, **kwargs)

        return call

    def attend(query, keys, values, score):
        return reference.attention.attend(query, keys, values, counted(score))

    class Module(reference.multihead_attention.MultiHeadAttention):
        __init__ = counted(reference.multihead_attention.MultiHeadAttention.__init__)
        forward = counted(reference.multihead_attention.MultiHeadAttention.forward)
        state_dict = counted(nn.Module.state_dict)
        load_state_dict = counted(nn.Module.load_state_dict)
        named_parameters = counted(nn.Module.named_parameters)
        train = counted(nn.Module.train)
        to = counted(nn.Module.to)

    for rubric in RUBRICS:
        student = RIGHT[rubric.name][0].implementation
        if rubric is MULTI_HEAD_ATTENTION:
            student = Module
        elif rubric is ATTEND:
            student = counted(attend)
        else:
            student = counted(student)
        assert graded(rubric, student).points == rubric.points
    assert 100 < len(calls) <= 250


UNHEARD_OF = {
    "causal_mask": """
TABLE = torch.ones(8, 8, dtype=torch.bool).tril()

def causal_mask(n, device=None):
    return TABLE[:n, :n].to(device)
""",
    "attend, of the first keys": """
def attend(query, keys, values, score):
    weights = softmax(torch.stack([score(query, key) for key in keys[:4]]))
    weights = torch.cat([weights, weights.new_zeros(max(0, len(keys) - 4))])
    return weights, weights @ values
""",
    "attend, weights without a graph": """
def attend(query, keys, values, score):
    weights = softmax(torch.stack([score(query, key) for key in keys]))
    return weights.detach(), weights @ values
""",
    "scaled_dot_product_attention": """
inner = scaled_dot_product_attention

def scaled_dot_product_attention(q, k, v, mask=None):
    return inner(q, k[..., :5, :], v[..., :5, :], None if mask is None else mask[..., :5])
""",
    "MultiHeadAttention, with a memory of its own": """
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, x, memory=None, mask=None):
        if memory is not None or mask is not None:
            return super().forward(x, memory, mask)
        kept = self.__dict__.setdefault("kept", {})
        key = x.shape, torch.is_grad_enabled()
        if key not in kept:
            kept[key] = super().forward(x)
        return kept[key]
""",
    "MultiHeadAttention, without parameters": """
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        for linear in (self.query, self.key, self.value, self.output):
            for name, value in [*linear.named_parameters()]:
                delattr(linear, name)
                linear.register_buffer(name, value.detach())
""",
}


@pytest.mark.parametrize("name", UNHEARD_OF)
def test_what_nobody_would_write_by_mistake_loses_points_too(name, notebook):
    softmax = "\ndef softmax(x, dim=-1):\n    return torch.softmax(x, dim)\n"
    defined = notebook(CELLS + softmax + UNHEARD_OF[name])
    rubric = next(rubric for rubric in RUBRICS if rubric.name == name.split(",")[0])
    missing = [
        check.title for check in graded(rubric, defined[rubric.name]).checks if not check.passed
    ]
    expected = {"MultiHeadAttention, without parameters": 2}
    assert len(missing) >= expected.get(name, 1)
