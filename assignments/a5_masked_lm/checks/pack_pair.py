"""Checks of `pack_pair(a, b, max_length, cls_id, sep_id, pad_id)`.

Left out: empty sentences, rows too short for one token of each. Proved by: `autograder validate
a5_masked_lm`.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

import reference.next_sentence as reference
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed, Rubric

PACK_PAIR = Rubric("a5_masked_lm", "pack_pair")

NAMES = ("input_ids", "token_type_ids", "attention_mask")
PAIR = "pack_pair, which returns (input_ids, token_type_ids, attention_mask)"


def drawn(draw: Draw, n_a: int, n_b: int) -> tuple[list[int], list[int], dict[str, int]]:
    """Two sentences of different ids, and three special ids, none of them 0 or 1 or in order."""
    ids = [2 + i for i in draw.order(n_a + n_b + 3)]
    special = dict(zip(("cls_id", "sep_id", "pad_id"), ids, strict=False))
    return ids[3 : 3 + n_a], ids[3 + n_a :], special


def _compare(
    student: Any,
    draw: Draw,
    lengths: Iterable[tuple[int, int, int]],
    which: Iterable[int],
    why: str,
) -> None:
    """Compare some of the three results, whatever their whole-number dtype."""
    for n_a, n_b, max_length in lengths:
        a, b, special = drawn(draw, n_a, n_b)
        got = results(student(list(a), list(b), max_length, **special), max_length)
        want = reference.pack_pair(a, b, max_length, **special)
        for i in which:
            expect.equal(got[i].to(torch.int64), want[i], what=NAMES[i], why=why)


def results(value: object, max_length: int, dtype: torch.dtype | None = None) -> list[Tensor]:
    """The three rows, each of that length, and real."""
    rows = zip(NAMES, expect.items(value, 3, what=PAIR), strict=True)
    found = [expect.tensor(row, what=name, shape=(max_length,), dtype=dtype) for name, row in rows]
    return [row.real if row.is_complex() else row for row in found]


SHORT = ((3, 2, 12), (1, 1, 9), (2, 7, 20), (1, 1, 5), (4, 3, 10))
"""Pairs that fit, the last two of them without room to spare."""


@PACK_PAIR.check("[CLS] a [SEP] b [SEP], then padding", points=2)
def _(student: Any, draw: Draw) -> None:
    _compare(student, draw, SHORT, [0], "each id in its place, and pad_id behind the last [SEP]")


@PACK_PAIR.check("token types: 0 up to the first [SEP], 1 up to the second")
def _(student: Any, draw: Draw) -> None:
    why = "0 for [CLS], a and its [SEP]; 1 for b and its [SEP]; 0 for padding"
    _compare(student, draw, SHORT, [1], why)


@PACK_PAIR.check("the attention mask: 1 for tokens, 0 for padding")
def _(student: Any, draw: Draw) -> None:
    _compare(student, draw, SHORT, [2], "1 for every token, [CLS] and [SEP] too; 0 for padding")


@PACK_PAIR.check("too long: tokens go from the end of the longer sentence", points=1.5)
def _(student: Any, draw: Draw) -> None:
    lengths = [(9, 2, 10), (2, 9, 10), (6, 4, 12), (3, 7, 10), (12, 1, 7), (8, 7, 17)]
    lengths += [(12, 3, 14), (4, 15, 16), (20, 9, 24), (9, 20, 24)]
    why = "as long as it is too long, remove the last token of the longer sentence"
    _compare(student, draw, lengths, range(3), why)


@PACK_PAIR.check("equally long: a token of b goes", points=0.5)
def _(student: Any, draw: Draw) -> None:
    lengths = ((5, 5, 12), (4, 4, 10), (8, 6, 12), (5, 9, 10), (1, 1, 5))
    _compare(student, draw, lengths, [0], "where both are equally long, remove the last token of b")


@PACK_PAIR.check("three int64 tensors of shape (max_length,)", points=0.5)
def _(student: Any, draw: Draw) -> None:
    for n_a, n_b, max_length in ((3, 2, 12), (9, 9, 11), (2, 3, 8)):
        a, b, special = drawn(draw, n_a, n_b)
        rows = results(student(a, b, max_length, **special), max_length, torch.int64)
        if bool((rows[0] == rows[0][0]).all()):
            raise CheckFailed("input_ids: expected different ids, got one and the same")


@PACK_PAIR.check("a and b are left alone", points=0.5)
def _(student: Any, draw: Draw) -> None:
    for n_a, n_b, max_length in ((3, 4, 10), (4, 9, 11), (9, 4, 11)):
        a, b, special = drawn(draw, n_a, n_b)
        now = list(a), list(b)
        rows = results(student(*now, max_length, **special), max_length)
        want = reference.pack_pair(a[:1], b[:1], 5, **special)[0][:2]
        expect.equal(rows[0][:2].to(torch.int64), want, what="the first two of input_ids")
        if now != (a, b):
            raise CheckFailed("a or b was changed by the call: `pop` and `del` change the caller's")
