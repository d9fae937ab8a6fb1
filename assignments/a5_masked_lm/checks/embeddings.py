"""Checks of `BertEmbeddings(vocab_size, max_length, d_model)` and its `forward`.

Drawn weights are loaded into the student's module and the reference's, and whole outputs are
compared. Left out: the initial weights, and the small number that LayerNorm adds to the variance,
for which libraries have several; other devices, since a table on `meta` takes ids of any. Proved
by: `autograder validate a5_masked_lm`.
"""

from typing import Any

import torch
from torch import Tensor

import reference.bert as reference
from autograder import expect
from autograder.draw import Draw
from autograder.rubric import CheckFailed, Rubric

BERT_EMBEDDINGS = Rubric("a5_masked_lm", "BertEmbeddings")
CHECK = BERT_EMBEDDINGS.check
WHAT = "the module"


def shapes(vocab_size: int, max_length: int, d_model: int) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters, by name."""
    return {
        "token.weight": (vocab_size, d_model),
        "segment.weight": (2, d_model),
        "position.weight": (max_length, d_model),
        "norm.weight": (d_model,),
        "norm.bias": (d_model,),
    }


def new(student: Any, *sizes: int) -> Any:
    """Make a module of the student's class."""
    made = student(*sizes)
    return expect.module(made, what=f"BertEmbeddings{sizes}")


def texts(draw: Draw, vocab_size: int, b: int, n: int) -> tuple[Tensor, Tensor]:
    """Ids from 1 on (some modules keep id 0 for padding, without gradient), and both segments."""
    types = (torch.arange(n, device="cpu") >= draw.integers(1, n + 1, b, 1)).to(torch.int64)
    return draw.integers(1, vocab_size, b, n), types


class Pair:
    """A module of the student's and one of the reference's, with the same drawn weights.

    Vectors have 12 entries or more. Of 4 or 6, drawn at random, one in some ten thousand is nearly
    constant; LayerNorm then divides by next to nothing, and float32 cannot tell what is right.
    """

    def __init__(
        self,
        student: Any,
        draw: Draw,
        *sizes: int,
        dtype: torch.dtype = torch.float32,
        silent: tuple[str, ...] = (),
    ) -> None:
        """Make both, and load what the student's has of the parameters; `silent` tables are 0."""
        self.draw, self.sizes, self.dtype = draw, sizes, dtype
        self.theirs = new(student, *sizes)
        if dtype is torch.float64:
            self.theirs.double()
        # Large, so that the small number which LayerNorm adds to the variance does not show.
        scale = 1000.0 if dtype is torch.float64 else 10.0
        drawn = {
            name: draw.normal(*shape, dtype=dtype, scale=1.0 if "norm" in name else scale)
            * (name not in silent)
            for name, shape in shapes(*sizes).items()
        }
        state = dict(self.theirs.state_dict())
        for name in ("token.weight", "segment.weight", "position.weight"):
            if name not in state:
                raise CheckFailed(f"its state_dict() has no {name}")
        present = {name: weight for name, weight in drawn.items() if name in state}
        self.theirs.load_state_dict({**state, **present})
        self.theirs.eval()
        self.ours = reference.BertEmbeddings(*sizes).double()
        self.ours.load_state_dict({name: weight.double() for name, weight in drawn.items()})

    def compare(self, b: int, n: int, why: str) -> tuple[Tensor, Tensor]:
        """Fail unless both make the same of a drawn batch; returns the batch."""
        ids, types = texts(self.draw, self.sizes[0], b, n)
        with torch.no_grad():
            got, want = self.theirs(ids.clone(), types.clone()), self.ours(ids, types)
        expect.close(got, want, what="the embeddings", dtype=self.dtype, why=why)
        return ids, types


@CHECK("tables token, segment and position, and norm, each of its size")
def _(student: Any, draw: Draw) -> None:
    for sizes in ((11, 6, 4), (5, 9, 8)):
        named = {name: tuple(x.shape) for name, x in new(student, *sizes).named_parameters()}
        for name, shape in shapes(*sizes).items():
            if named.get(name) != shape:
                raise CheckFailed(f"{name}: expected a parameter {shape}, got {named.get(name)}")
        if len(named) > len(shapes(*sizes)):
            raise CheckFailed("it has parameters beyond those of the four parts")


@CHECK("the sum of the three, normalised", points=2)
def _(student: Any, draw: Draw) -> None:
    for sizes, b, n in (((11, 6, 12), 3, 6), ((7, 5, 16), 2, 5)):
        pair = Pair(student, draw, *sizes)
        pair.compare(b, n, "token + segment + position vectors, then LayerNorm, with its weights")


@CHECK("texts shorter than max_length, down to one token, in batches of any size")
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 13, 9, 12, silent=("segment.weight",))
    for b, n in ((1, 1), (4, 3), (1, 7), (8, 8)):
        pair.compare(b, n, "positions count from 0, whatever the length of the text")


@CHECK("gradients reach all five parameters")
def _(student: Any, draw: Draw) -> None:
    pair = Pair(student, draw, 7, 6, 12)
    ids, types = texts(draw, 7, 3, 5)
    theirs, ours = dict(pair.theirs.named_parameters()), dict(pair.ours.named_parameters())
    if missing := ours.keys() - theirs.keys():
        raise CheckFailed(f"it has no parameter {min(missing)}")
    shared = list(ours)
    cotangent = draw.normal(3, 5, 12)
    got = expect.gradients(
        pair.theirs(ids.clone(), types.clone()),
        {n: theirs[n] for n in shared},
        cotangent,
        what=WHAT,
    )
    want = expect.gradients(
        pair.ours(ids, types), {n: ours[n] for n in shared}, cotangent.double(), what=WHAT
    )
    expect.same_gradients(got, want, what=WHAT, dtype=torch.float32)


@CHECK("the same in train() and eval(); float64; inputs left alone")
def _(student: Any, draw: Draw) -> None:
    silent = ("segment.weight", "position.weight")
    pair = Pair(student, draw, 9, 8, 12, dtype=torch.float64, silent=silent)
    pair.compare(3, 8, "the result must be as precise as the weights")
    pair.theirs.train()
    for _ in range(2):
        pair.compare(4, 8, "there is no dropout here")
    before = texts(draw, 9, 3, 5)
    now = [x.clone() for x in before]
    with torch.no_grad():
        pair.theirs(*now)
    for name, after, x in zip(("input_ids", "token_type_ids"), now, before, strict=True):
        expect.unchanged(after, x, what=name)
