"""The messages between the judge and a student's process: plain structs, decoded strictly.

A value is a tree of these structs beside the message's tensors (`writer`); a message is one of the
union `Message` (`wire`). Left out: what they do; `peer` and `server` say it.
Proved by: tests/autograder/inside/test_wire.py.
"""

from __future__ import annotations

from typing import Literal

import msgspec

# ── values ──────────────────────────────────────────────────────────────────────────────────────


class Special(msgspec.Struct, tag="x", frozen=True):
    """A scalar that JSON has no word for: `text` read according to `kind`."""

    kind: Literal["int", "float", "complex", "bytes", "dtype", "device", "ellipsis"]
    text: str


class TensorRef(msgspec.Struct, tag="t", frozen=True):
    """Tensor number `index` of the message's blob; `grad`: it takes part in differentiation."""

    index: int
    grad: bool = False


class MetaRef(msgspec.Struct, tag="m", frozen=True):
    """A tensor without data, on the meta device."""

    dtype: str
    shape: tuple[int, ...]


class ArrayRef(msgspec.Struct, tag="a", frozen=True):
    """A numpy array (or numpy scalar) carried as tensor number `index`."""

    index: int
    scalar: bool = False


class GeneratorRef(msgspec.Struct, tag="g", frozen=True):
    """A torch.Generator by its state, tensor number `index`."""

    index: int


class Sequence_(msgspec.Struct, tag="s", frozen=True):
    """A list, tuple or set of values."""

    kind: Literal["list", "tuple", "set"]
    items: list[Value]


class Mapping_(msgspec.Struct, tag="d", frozen=True):
    """A dict: keys and values in order."""

    keys: list[Value]
    values: list[Value]


class Lent(msgspec.Struct, tag="h", frozen=True):
    """An object that stays with the sender, who answers calls on it by its number."""

    number: int
    kind: Literal["function", "class", "module", "object"]
    name: str


class Yours(msgspec.Struct, tag="y", frozen=True):
    """An object that the receiver lent before."""

    number: int


Value = (
    None
    | bool
    | int
    | float
    | str
    | Special
    | TensorRef
    | MetaRef
    | ArrayRef
    | GeneratorRef
    | Sequence_
    | Mapping_
    | Lent
    | Yours
)


# ── messages ────────────────────────────────────────────────────────────────────────────────────


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """One output of a cell, in the notebook format's words."""

    output_type: Literal["stream", "display_data", "execute_result", "error"]
    name: str = ""
    text: str = ""
    data: dict[str, str] = {}
    ename: str = ""
    evalue: str = ""
    traceback: list[str] = []


class Hello(msgspec.Struct, tag="hello"):
    """A new process is there (its pid comes with the packet, told by the kernel)."""

    role: Literal["init", "student", "snapshot"]


class PutFile(msgspec.Struct, tag="put"):
    """Judge → student: a data file of the assignment for the working folder."""

    id: int
    name: str
    content: bytes


class RunCell(msgspec.Struct, tag="cell"):
    """Judge → student: run one cell."""

    id: int
    source: str


class CellDone(msgspec.Struct, tag="done"):
    """Student → judge: the cell's outputs, capped; `count` is its number in In[…]."""

    id: int
    outputs: list[Output]
    count: int
    failed: bool


class Fork(msgspec.Struct, tag="fork"):
    """Judge → student, with a socket: fork a snapshot that answers there."""

    id: int
    token: bytes


class Look(msgspec.Struct, tag="look"):
    """Judge → student: what do these names stand for? The answer maps those that exist."""

    id: int
    names: list[str]


class Define(msgspec.Struct, tag="define"):
    """Judge → student: run these definitions of ours in the snapshot's namespace."""

    id: int
    source: str


class Call(msgspec.Struct, tag="call"):
    """Call a lent object (`method` empty) or a method of it.

    `grad`: keep the graph, so that a Pull can follow. `params`: names of the module's parameters
    that count as inputs behind the tensors of the arguments. `forget`: graphs no longer needed.
    """

    id: int
    target: int
    method: str
    args: Sequence_
    kwargs: Mapping_
    grad: bool = False
    params: list[str] = []
    forget: list[int] = []


class Pull(msgspec.Struct, tag="pull"):
    """The vector–Jacobian product of call `call`; a cotangent (or None) for each output."""

    id: int
    call: int
    cotangents: list[Value]


class Reply(msgspec.Struct, tag="reply"):
    """The value of a call, and what became of arguments that it changed in place.

    `arguments`: all of them, a list and a dict, where a container among them holds other things.
    """

    id: int
    value: Value
    changed: list[tuple[int, int]] = []  # (tensor number in the request, tensor number here)
    arguments: Value = None


class Raised(msgspec.Struct, tag="raised"):
    """The call raised; all texts are capped and plain. `bases`: what the type derives from."""

    id: int
    name: str
    text: str
    bases: tuple[str, ...] = ()


Message = Hello | PutFile | RunCell | CellDone | Fork | Look | Define | Call | Pull | Reply | Raised
