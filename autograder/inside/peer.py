"""One end of a conversation: calls on what the other lent, callbacks, vector–Jacobian products.

Both ends run this code. A call on a borrowed object crosses as a `wire.Call`; while its answer is
awaited, calls in the other direction (a function that was passed as argument) are served. The
asking side of a call, and how it is differentiated, is in exchange.py.

What an end lends can be called by the other, nothing else: no attribute look-up, no import, no
evaluation. Proved by: tests/autograder/inside/test_peer.py.
"""

from __future__ import annotations

import itertools
import math
from _thread import RLock  # not threading's: a notebook may have replaced what that uses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from . import wire
from .arguments import bits, outline, state
from .exchange import Exchange, leaves_behind, pull, tensor_refs
from .reader import Reader
from .writer import Writer

MAX_NESTING = 16  # calls within callbacks within calls
ERROR_CHARACTERS = 500
NAME_CHARACTERS = 80
MOST_BASES = 16  # of an exception's type
TAPE_BYTES = 16 * 2**10  # what a tape holds besides its tensors, at most


class Refused(Exception):
    """The other end asked for what it may not have."""


class RemoteError(Exception):
    """The other end raised; `name` is the exception's type there, `kinds` it and its bases."""

    def __init__(self, name: str, text: str, bases: Sequence[str] = ()) -> None:
        super().__init__(f"{name}: {text}" if text else name)
        self.name, self.text, self.kinds = name, text, (name, *bases)


class Tape:
    """A differentiable call that was served: its inputs and the outputs that have a graph.

    `captured`: leaves of this end that the function used without being passed them (a closure's).
    """

    def __init__(self, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.captured: list[torch.Tensor] = []
        self.bytes = TAPE_BYTES + sum(t.nbytes for t in (*inputs, *outputs))


class Peer:
    """One end. `deadline()` says until when an answer may come (None: for ever)."""

    deadline: Callable[[], float | None] = staticmethod(lambda: None)
    answers: type[BaseException] = Exception  # what, raised while serving, is sent as the answer
    most_tape_bytes: float = math.inf  # of all graphs that the other end makes this one keep

    def __init__(self, channel: wire.Channel) -> None:
        self.channel = channel
        self.lent: dict[int, object] = {}
        self.tapes: dict[int, Tape] = {}
        self._tape_bytes = 0
        self._forget: list[int] = []
        self._ids = itertools.count(1)
        self._nesting = 0
        self.alone = RLock()  # threads take turns; an end is made, with its lock, after a fork
        self.under_way: Exchange | None = None  # this end's own call that waits for its answer
        self.gathered: dict[
            torch.Tensor, torch.Tensor
        ] = {}  # by identity: captured leaf → gradient

    # ── what a subclass decides ────────────────────────────────────────────────────────────────

    def lend(self, value: object) -> wire.Value:
        """Number an object that stays here. Raises: Unsendable where it must not be lent."""
        raise NotImplementedError

    def borrow(self, lent: wire.Lent) -> object:
        """What stands here for an object of the other end."""
        raise NotImplementedError

    def may_call(self, target: object, method: str) -> bool:
        """Whether the other end may call this method ("" for the object itself)."""
        raise NotImplementedError

    # ── asking ─────────────────────────────────────────────────────────────────────────────────

    def call(
        self,
        target: int,
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
        *,
        method: str = "",
        params: Mapping[str, torch.Tensor] | None = None,
    ) -> Any:
        """Call object `target` of the other end; differentiable in its tensors and in `params`.

        Raises: RemoteError, wire.WireError and its kinds, Unsendable.
        """
        with self.alone:
            return Exchange(self, target, method, args, kwargs or {}, params or {}).value()

    def pull(
        self, call: int, cotangents: Sequence[torch.Tensor | None], kinds: Sequence[object]
    ) -> list[torch.Tensor | None]:
        """The vector–Jacobian product of an earlier call. Raises: what `call` raises."""
        return pull(self, call, cotangents, kinds)

    def request(self, message: Any, blob: bytes = b"", descriptor: int | None = None) -> Any:
        """Send a message and serve the other end's calls until the answer with its id comes.

        Returns the answer and its blob. Raises: RemoteError, wire.WireError and its kinds.
        """
        deadline = self.deadline()
        self.channel.send(message, blob, deadline=deadline, descriptor=descriptor)
        while True:
            answer, answer_blob, about = self.channel.receive(deadline=deadline)
            about.close()
            if isinstance(answer, wire.Call | wire.Pull):
                self.serve(answer, answer_blob)
            elif getattr(answer, "id", None) == message.id:
                if isinstance(answer, wire.Raised):
                    bases = [base[:NAME_CHARACTERS] for base in answer.bases[:MOST_BASES]]
                    name, text = answer.name[:NAME_CHARACTERS], answer.text[:ERROR_CHARACTERS]
                    raise RemoteError(name, text, bases)
                return answer, answer_blob

    def new_id(self) -> int:
        """A fresh request number."""
        return next(self._ids)

    def forget(self, call: int) -> None:
        """Let the other end drop the graph of a call, told with the next one."""
        self._forget.append(call)

    def take_forgotten(self) -> list[int]:
        """The graphs to drop, emptied."""
        dropped, self._forget = self._forget, []
        return dropped

    # ── answering ──────────────────────────────────────────────────────────────────────────────

    def serve(self, message: wire.Call | wire.Pull, blob: bytes) -> None:
        """Answer one call or pull; whatever it raises becomes the answer."""
        writer = Writer(self.lend_or_return)
        self._nesting += 1
        try:
            if self._nesting > MAX_NESTING:
                raise Refused(f"calls nested more than {MAX_NESTING} deep")
            if isinstance(message, wire.Call):
                answer: Any = self._serve_call(message, blob, writer)
            else:
                answer = self._serve_pull(message, blob, writer)
            self.channel.send(answer, writer.blob(), deadline=self.deadline())
        except (wire.WireClosed, wire.WireTimeout):
            raise
        except self.answers as error:
            self.channel.send(raised(message.id, error), deadline=self.deadline())
        finally:
            self._nesting -= 1

    def _serve_call(self, message: wire.Call, blob: bytes, writer: Writer) -> wire.Reply:
        for call in message.forget:
            self._drop(call)
        target = self.lent.get(message.target)
        if target is None or not self.may_call(target, message.method):
            raise Refused(f"nothing lent has number {message.target} and method {message.method!r}")
        reader = Reader(blob, self.borrow, self.own)
        leaves = _mark_leaves(message, reader)
        args, kwargs = reader.read(message.args), reader.read(message.kwargs)
        given: dict[int, torch.Tensor | torch.Generator] = {**reader.tensors, **reader.generators()}
        before = {number: bits(value) for number, value in given.items()}
        held: list[object] = []
        contents = outline((args, kwargs), held)
        function: Any = getattr(target, message.method) if message.method else target
        with torch.set_grad_enabled(message.grad):
            if message.grad and message.params:
                named = dict(target.named_parameters())  # type: ignore[attr-defined]
                leaves += [named[name] for name in message.params]
            result = function(*args, **kwargs)
            if message.method == "named_parameters":
                result = dict(result)
        value = writer.write(result)
        if message.grad:
            outputs = [t for t in writer.tensors if isinstance(t, torch.Tensor) and t.requires_grad]
            tape = self._keep(message.id, Tape(leaves, outputs))
            if self.under_way is not None:
                tape.captured = self.under_way.capture(leaves_behind(outputs), leaves)
        changed = []
        for number, old in before.items():
            if bits(given[number]) != old:
                writer.write(state(given[number]))
                changed.append((number, len(writer.tensors) - 1))
        same = outline((args, kwargs), held) == contents
        arguments = None if same else writer.write([list(args), kwargs])
        return wire.Reply(message.id, value, changed, arguments)

    def _serve_pull(self, message: wire.Pull, blob: bytes, writer: Writer) -> wire.Reply:
        tape = self.tapes.get(message.call)
        if tape is None:
            raise Refused(f"no graph is kept for call {message.call}")
        reader = Reader(blob, self.borrow, self.own)
        cotangents = [reader.read(value) for value in message.cotangents]
        pairs = [
            (output, cotangent)
            for output, cotangent in zip(tape.outputs, cotangents, strict=True)
            if cotangent is not None
        ]
        wanted = [number for number, tensor in enumerate(tape.inputs) if tensor.requires_grad]
        whole: list[torch.Tensor | None] = [None] * len(tape.inputs)
        inputs = [*(tape.inputs[number] for number in wanted), *tape.captured]
        if pairs and inputs:
            outputs, vectors = zip(*pairs, strict=True)
            gradients = torch.autograd.grad(
                outputs, inputs, vectors, retain_graph=True, allow_unused=True
            )
            for number, gradient in zip(wanted, gradients[: len(wanted)], strict=True):
                whole[number] = gradient
            for leaf, gradient in zip(tape.captured, gradients[len(wanted) :], strict=True):
                self.gather(leaf, gradient)
        return wire.Reply(message.id, writer.write(whole))

    def _keep(self, call: int, tape: Tape) -> Tape:
        self._drop(call)
        if self._tape_bytes + tape.bytes > self.most_tape_bytes:
            raise Refused("too many graphs are kept")
        self._tape_bytes += tape.bytes
        self.tapes[call] = tape
        return tape

    def _drop(self, call: int) -> None:
        tape = self.tapes.pop(call, None)
        self._tape_bytes -= tape.bytes if tape else 0

    def gather(self, leaf: torch.Tensor, gradient: torch.Tensor | None) -> None:
        """Add to the gradient of a captured leaf, for which a backward pass of this end waits."""
        if gradient is not None:
            before = self.gathered.get(leaf)
            self.gathered[leaf] = gradient if before is None else before + gradient

    def lend_or_return(self, value: object) -> wire.Value:
        """Number an object that stays here, or give back the number of one that was borrowed."""
        if isinstance(value, Borrowed) and value.peer is self:
            return wire.Yours(value.number)
        return self.lend(value)

    def own(self, number: int) -> object:
        """The object that was lent under a number. Raises: KeyError."""
        return self.lent[number]


class Borrowed:
    """Stands for an object of the other end; `kind` and `name` are what that end says of it."""

    def __init__(self, peer: Peer, lent: wire.Lent) -> None:
        self.peer, self.number, self.kind, self.name = peer, lent.number, lent.kind, lent.name[:200]

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name!r} of the other process>"


class BorrowedCallable(Borrowed):
    """A function or class of the other end, called like one."""

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Raises: what Peer.call says."""
        return self.peer.call(self.number, args, kwargs)


def raised(number: int, error: BaseException) -> wire.Raised:
    """An exception as a message; a text that cannot be made is left out."""
    try:
        text = str.encode(str(error)[:ERROR_CHARACTERS], "utf-8", "replace").decode()
    except BaseException:
        text = "(its message could not be made)"
    name, *bases = [kind.__name__[:NAME_CHARACTERS] for kind in type(error).__mro__]
    return wire.Raised(number, name, text, tuple(bases[:MOST_BASES]))


def _mark_leaves(message: wire.Call, reader: Reader) -> list[torch.Tensor]:
    refs = tensor_refs(message.args, message.kwargs)
    if message.grad:
        for number in {ref.index for ref in refs if ref.grad}:
            reader.tensors[number].requires_grad_()
    return [reader.tensors[number] for number in sorted({ref.index for ref in refs})]
