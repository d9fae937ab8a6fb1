"""Wrong ways to cut what is too long for `pack_pair`.

Each function stands alone, so that it can be pasted into a notebook: hence the length.
"""

import torch

from assignments.a5_masked_lm.misconceptions.pack_pair import mistake


def pack_cut_at_the_front(a, b, max_length, cls_id, sep_id, pad_id):
    """Tokens removed from the start."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop(0)
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_cut_b_only(a, b, max_length, cls_id, sep_id, pad_id):
    """Only b cut."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (b or a).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_cut_a_only(a, b, max_length, cls_id, sep_id, pad_id):
    """Only a cut."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a or b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_cut_shorter(a, b, max_length, cls_id, sep_id, pad_id):
    """The shorter one cut."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if a and (len(a) <= len(b) or not b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_cut_in_turns(a, b, max_length, cls_id, sep_id, pad_id):
    """One token from each in turn."""
    a, b = list(a), list(b)
    turn = 0
    while len(a) + len(b) > max_length - 3:
        (a if a and (turn % 2 or not b) else b).pop()
        turn += 1
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_cut_to_halves(a, b, max_length, cls_id, sep_id, pad_id):
    """Half of the room for each, always."""
    a, b = list(a), list(b)
    if len(a) + len(b) > max_length - 3:
        room = max_length - 3
        a, b = a[: (room + 1) // 2], b[: room // 2]
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_tie_from_a(a, b, max_length, cls_id, sep_id, pad_id):
    """At a tie a is cut."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 3:
        (a if len(a) >= len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_row_cut_off(a, b, max_length, cls_id, sep_id, pad_id):
    """The whole row cut off at the end."""
    a, b = list(a), list(b)
    ids = [cls_id, *a, sep_id, *b, sep_id][:max_length]
    pad = max_length - len(ids)
    types = ([0] * (len(a) + 2) + [1] * (len(b) + 1))[:max_length] + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_sentences_changed(a, b, max_length, cls_id, sep_id, pad_id):
    """The caller's lists cut."""
    while len(a) + len(b) > max_length - 3:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


def pack_one_too_short(a, b, max_length, cls_id, sep_id, pad_id):
    """Room for one special token too many."""
    a, b = list(a), list(b)
    while len(a) + len(b) > max_length - 4:
        (a if len(a) > len(b) else b).pop()
    ids = [cls_id, *a, sep_id, *b, sep_id]
    pad = max_length - len(ids)
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad
    mask = [1] * len(ids) + [0] * pad
    return torch.tensor(ids + [pad_id] * pad), torch.tensor(types), torch.tensor(mask)


MISCONCEPTIONS = (
    mistake(
        "pack-cut-at-the-front",
        "You remove the first tokens of the longer sentence: remove the last ones.",
        pack_cut_at_the_front,
    ),
    mistake(
        "pack-cut-b-only",
        "You cut only b: take the token from whichever sentence is longer at that moment.",
        pack_cut_b_only,
    ),
    mistake(
        "pack-cut-a-only",
        "You cut only a: take the token from whichever sentence is longer at that moment.",
        pack_cut_a_only,
    ),
    mistake(
        "pack-cut-shorter",
        "You take tokens from the shorter sentence: take them from the longer one.",
        pack_cut_shorter,
    ),
    mistake(
        "pack-cut-in-turns",
        "You take tokens from b and a in turns, however long they are: take each from the "
        "longer one.",
        pack_cut_in_turns,
    ),
    mistake(
        "pack-cut-to-halves",
        "You cut each sentence to half of the room, even where the other one needs less. Take "
        "tokens from the longer one only until the pair fits.",
        pack_cut_to_halves,
    ),
    mistake(
        "pack-tie-from-a",
        "Where both sentences are equally long you cut a: cut b then.",
        pack_tie_from_a,
    ),
    mistake(
        "pack-row-cut-off",
        "You cut the finished row at max_length, and the last [SEP] with it: shorten the "
        "sentences first, then put the row together.",
        pack_row_cut_off,
    ),
    mistake(
        "pack-sentences-changed",
        "You cut the caller's own lists: `a.pop()` works on them directly. Cut copies, "
        "list(a), or take slices.",
        pack_sentences_changed,
    ),
    mistake(
        "pack-one-too-short",
        "You cut one token too many: three special tokens need room, [CLS] and two [SEP].",
        pack_one_too_short,
    ),
)
