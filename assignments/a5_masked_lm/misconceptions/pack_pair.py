"""Wrong ways to write the row of `pack_pair`, and what shows each.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

from functools import partial
from typing import Any

import torch

from assignments.a5_masked_lm.checks.pack_pair import drawn
from autograder.draw import Draw
from autograder.misconception import Misconception, Observation, observe


def rows(pack_pair: Any, draw: Draw) -> Observation:
    """Rows with room, a fit, and cuts of either sentence and of both."""
    seen = []
    for n_a, n_b, max_length in ((3, 2, 11), (3, 4, 10), (9, 3, 10), (2, 9, 10), (7, 7, 12)):
        a, b, special = drawn(draw, n_a, n_b)
        seen.append((observe(partial(pack_pair, a, b, max_length, **special)), tuple(a), tuple(b)))
    return tuple(seen)


def mistake(name: str, sentence: str, implementation: Any) -> Misconception:
    """A misconception that shows in rows."""
    return Misconception(name, sentence, implementation, rows)


def pack_no_last_sep(a, b, max_length, cls_id, sep_id, pad_id):
    """No [SEP] at the end."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b)) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_no_cls(a, b, max_length, cls_id, sep_id, pad_id):
    """No [CLS]."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [*a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 1) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_first_sep_in_b(a, b, max_length, cls_id, sep_id, pad_id):
    """The first [SEP] of type 1."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 1) + [1] * (len(b) + 2) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_last_sep_in_a(a, b, max_length, cls_id, sep_id, pad_id):
    """The last [SEP] of type 0."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * len(b) + [0] * (pad + 1)
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_padding_of_type_1(a, b, max_length, cls_id, sep_id, pad_id):
    """Padding of type 1."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1 + pad)
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_types_from_1(a, b, max_length, cls_id, sep_id, pad_id):
    """Types 1 and 2."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [1] * (len(a) + 2) + [2] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_mask_inverted(a, b, max_length, cls_id, sep_id, pad_id):
    """1 for padding."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [0] * len(ids) + [1] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_marks_masked(a, b, max_length, cls_id, sep_id, pad_id):
    """0 for [CLS] and [SEP] too."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [int(i not in (cls_id, sep_id)) for i in ids] + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_padded_with_0(a, b, max_length, cls_id, sep_id, pad_id):
    """0 for padding."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [0] * pad), torch.tensor(types), torch.tensor(mask)


def pack_boolean_mask(a, b, max_length, cls_id, sep_id, pad_id):
    """A mask of booleans."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask).bool()


def pack_lists(a, b, max_length, cls_id, sep_id, pad_id):
    """Lists returned."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return ids + [pad_id] * pad, types, mask


def pack_not_padded(a, b, max_length, cls_id, sep_id, pad_id):
    """No padding."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = 0
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


MISCONCEPTIONS = (
    mistake(
        "pack-no-last-sep",
        "The last [SEP] is missing: [CLS] a [SEP] b [SEP].",
        pack_no_last_sep,
    ),
    mistake(
        "pack-no-cls",
        "[CLS] is missing at the start: its state is what next-sentence prediction reads.",
        pack_no_cls,
    ),
    mistake(
        "pack-first-sep-in-b",
        "Your first [SEP] has the token type 1: it ends a, and has a's type, 0.",
        pack_first_sep_in_b,
    ),
    mistake(
        "pack-last-sep-in-a",
        "Your last [SEP] has the token type 0: it ends b, and has b's type, 1.",
        pack_last_sep_in_a,
    ),
    mistake(
        "pack-padding-of-type-1",
        "Your padding has the token type 1: it belongs to neither sentence, and its type is 0.",
        pack_padding_of_type_1,
    ),
    mistake(
        "pack-types-from-1",
        "Your token types are 1 and 2: they are 0 for a and 1 for b.",
        pack_types_from_1,
    ),
    mistake(
        "pack-mask-inverted",
        "Your attention mask is 1 where there is padding: it is 1 for tokens and 0 for padding.",
        pack_mask_inverted,
    ),
    mistake(
        "pack-marks-masked",
        "Your attention mask is 0 at [CLS] and [SEP]: they are tokens like others, and only "
        "padding gets 0.",
        pack_marks_masked,
    ),
    mistake(
        "pack-padded-with-0",
        "You pad with 0 whatever pad_id says: the caller knows which id padding has.",
        pack_padded_with_0,
    ),
    mistake(
        "pack-boolean-mask",
        "Your attention mask holds booleans: all three results are int64.",
        pack_boolean_mask,
    ),
    mistake(
        "pack-lists",
        "You return lists: make tensors of them, torch.tensor(ids).",
        pack_lists,
    ),
    mistake(
        "pack-not-padded",
        "You don't pad: rows of one batch must all have max_length entries.",
        pack_not_padded,
    ),
)
