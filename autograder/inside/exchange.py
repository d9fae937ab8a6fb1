"""The asking side of one call between two ends, and how it is differentiated.

A call whose tensors require a gradient becomes a `torch.autograd.Function` whose backward asks the
other end for the vector–Jacobian product, so `backward`, `torch.autograd.grad` and `gradcheck` work
through it. A function of this end that was passed as argument may use tensors of this end that the
other never sees (a closure's weights): what reaches them while the other end goes backward is
gathered and counts as their gradient. Under `torch.vmap` each slice of the batch is one call.

Left out: second derivatives, torch.func.grad and its kin.
Proved by: tests/autograder/inside/test_peer.py.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.function import once_differentiable
from torch.utils import _pytree as pytree

from . import wire
from .arguments import carry_over, update
from .reader import Reader
from .writer import Writer

if TYPE_CHECKING:
    from .peer import Peer


class Exchange:
    """One call under way: what is sent, and how what comes back is put together."""

    def __init__(
        self,
        peer: Peer,
        target: int,
        method: str,
        args: Sequence[object],
        kwargs: Mapping[str, object],
        params: Mapping[str, torch.Tensor],
    ) -> None:
        self.peer, self.params = peer, dict(params)
        self._given = [list(args), dict(kwargs)]
        self.writer = Writer(peer.lend_or_return)
        positional = wire.Sequence_("tuple", [self.writer.write(value, 1) for value in args])
        named = wire.Mapping_(list(kwargs), [self.writer.write(v, 1) for v in kwargs.values()])
        self.message = wire.Call(
            peer.new_id(), target, method, positional, named, params=list(self.params)
        )
        self.captured: list[torch.Tensor] = []
        self.live: list[int] = []  # numbers of the result's tensors that have a graph over there
        self.reply: wire.Reply
        self.reader: Reader

    def value(self) -> Any:
        """Make the call. Raises: what Peer.call says."""
        inputs = self.inputs()
        if any(torch._C._functorch.is_batchedtensor(tensor) for tensor in inputs):
            return _EachSlice.apply(self._again, *self._given)  # type: ignore[no-untyped-call]
        grad = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
        self.run(grad)
        if self.live:
            inputs += self.captured
            outputs = _RemoteCall.apply(self, *inputs)  # type: ignore[no-untyped-call]
            self.reader.tensors.update(zip(self.live, outputs, strict=True))
        return self.reader.read(self.reply.value)

    def _again(self, args: Sequence[object], kwargs: Mapping[str, object]) -> Any:
        """The same call with other arguments."""
        message = self.message
        return Exchange(
            self.peer, message.target, message.method, args, kwargs, self.params
        ).value()

    def inputs(self) -> list[torch.Tensor]:
        """The tensors of the arguments in order, then the parameters."""
        tensors = [t for t in self.writer.tensors if isinstance(t, torch.Tensor)]
        return [*tensors, *self.params.values()]

    def run(self, grad: bool) -> None:
        """Send the call and take its answer; in-place changes of arguments are carried over."""
        self.message.grad = grad
        self.message.forget = self.peer.take_forgotten()
        outer, self.peer.under_way = self.peer.under_way, self
        try:
            self.reply, blob = self.peer.request(self.message, self.writer.blob())
        finally:
            self.peer.under_way = outer
        if not isinstance(self.reply, wire.Reply):
            raise wire.WireError("the answer to a call was of another kind")
        self.reader = Reader(blob, self.peer.borrow, self.peer.own)
        self.live = sorted(
            {ref.index for ref in tensor_refs(self.reply.value) if ref.grad and grad}
        )
        if len(self.reply.changed) > len(self.writer.tensors):
            raise wire.WireError("more arguments changed than were sent")
        try:
            for number, new in self.reply.changed:
                update(self.writer.tensors[number], self.reader.tensors[new])
            for number in self.live:
                self.reader.tensors[number].requires_grad_()
                self.reader.tensors[number] = self.reader.tensors[number].detach()
            if self.reply.arguments is not None:
                carry_over(self._given, self.reader.read(self.reply.arguments))
        except (IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise wire.WireError(f"malformed answer: {type(error).__name__}") from None

    def capture(
        self, leaves: Sequence[torch.Tensor], passed: Sequence[torch.Tensor]
    ) -> list[torch.Tensor]:
        """Note the leaves of this end that a callback of this call used, but those passed to it."""
        known = {id(tensor) for tensor in passed}
        used = [leaf for leaf in leaves if id(leaf) not in known]
        noted = {id(tensor) for tensor in (*self.captured, *self.inputs())}
        self.captured += [leaf for leaf in used if id(leaf) not in noted]
        return used


class _RemoteTape:
    """The far end's graph of one call, forgotten there when nothing here needs it any more."""

    def __init__(self, peer: Peer, call: int) -> None:
        self.peer, self.call = peer, call
        weakref.finalize(self, peer.forget, call)


class _RemoteCall(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, exchange: Exchange, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        ctx.set_materialize_grads(False)
        plain = len(inputs) - len(exchange.captured)
        ctx.kinds = [_kind(tensor) for tensor in inputs[:plain]]
        ctx.captured = inputs[plain:]
        ctx.tape = _RemoteTape(exchange.peer, exchange.message.id)
        return tuple(exchange.reader.tensors[number] for number in exchange.live)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *cotangents: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        peer: Peer = ctx.tape.peer
        with peer.alone:
            outer, peer.gathered = peer.gathered, {}
            try:
                gradients = peer.pull(ctx.tape.call, cotangents, ctx.kinds)
                gathered = [peer.gathered.get(leaf) for leaf in ctx.captured]
            finally:
                peer.gathered = outer
        return (None, *gradients, *gathered)


class _EachSlice(torch.autograd.Function):
    """A call under torch.vmap, which hands its rule the arguments with the batch uncovered."""

    @staticmethod
    def forward(call: Callable[..., Any], *given: object) -> Any:
        raise NotImplementedError("vmap's rule is what is called")

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: the calls of the slices are differentiable themselves."""

    @staticmethod
    def vmap(info: Any, in_dims: Any, call: Callable[..., Any], *given: object) -> tuple[Any, int]:
        def at(number: int) -> Any:
            def slice_of(value: Any, dim: int | None) -> Any:
                return value if dim is None else value.select(dim, number)

            return pytree.tree_map(slice_of, given, in_dims[1:])

        def together(first: Any, *others: Any) -> Any:
            return torch.stack([first, *others]) if isinstance(first, torch.Tensor) else first

        values = [call(*at(number)) for number in range(info.batch_size)]
        return pytree.tree_map(together, *values), 0


def pull(
    peer: Peer, call: int, cotangents: Sequence[torch.Tensor | None], kinds: Sequence[object]
) -> list[torch.Tensor | None]:
    """Ask for the vector–Jacobian product of a call; a gradient or None for each of its inputs."""
    writer = Writer(peer.lend_or_return)
    message = wire.Pull(peer.new_id(), call, [writer.write(c) for c in cotangents])
    reply, blob = peer.request(message, writer.blob())
    if not isinstance(reply, wire.Reply):
        raise wire.WireError("the answer to a pull was of another kind")
    gradients = Reader(blob, peer.borrow, peer.own).read(reply.value)
    if not isinstance(gradients, list) or len(gradients) != len(kinds):
        raise wire.WireError(f"expected {len(kinds)} gradients")
    for gradient, kind in zip(gradients, kinds, strict=True):
        if gradient is not None and not (
            isinstance(gradient, torch.Tensor) and _kind(gradient) == kind
        ):
            raise wire.WireError(f"expected a gradient of kind {kind}")
    return gradients


def _kind(tensor: torch.Tensor) -> tuple[tuple[int, ...], torch.dtype, torch.device]:
    return tuple(tensor.shape), tensor.dtype, tensor.device


def tensor_refs(*values: wire.Value) -> list[wire.TensorRef]:
    """All references to tensors in these values, in order."""
    found: list[wire.TensorRef] = []
    left = list(reversed(values))  # no recursion: the other end decides how deep a value is nested
    while left:
        value = left.pop()
        if type(value) is wire.TensorRef:
            found.append(value)
        elif type(value) is wire.Sequence_:
            left += reversed(value.items)
        elif type(value) is wire.Mapping_:
            left += reversed([*value.keys, *value.values])
    return found


def leaves_behind(outputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The leaf tensors from which the outputs were computed."""
    leaves = [output for output in outputs if output.grad_fn is None]
    left: list[Any] = [output.grad_fn for output in outputs if output.grad_fn is not None]
    seen = set(left)
    while left:
        node = left.pop()
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        fresh = {before for before, _ in node.next_functions if before is not None} - seen
        seen |= fresh
        left += fresh
    return leaves
