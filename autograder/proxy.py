"""What stands in the judge for a student's module, function or missing name.

A proxy offers what ordinary PyTorch checks use and nothing more; everything it answers has been
rebuilt here from plain values. Left out: submodules as attributes, hooks, second derivatives.
Proved by: tests/autograder/test_proxy.py, each proxy beside the real object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from autograder.errors import BadReply, StudentDied, StudentRaised
from autograder.inside import wire
from autograder.inside.peer import Borrowed, BorrowedCallable, Peer

MOST_PARAMETERS = 10_000


class ModuleProxy(Borrowed):
    """An nn.Module of the student's. Its parameters have leaf copies here that gather gradients."""

    def __init__(self, peer: Peer, lent: wire.Lent) -> None:
        super().__init__(peer, lent)
        self._parameters: dict[str, torch.Tensor] | None = None

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """The module's forward pass, differentiable in its arguments and parameters."""
        leaves = self._leaves() if torch.is_grad_enabled() else {}
        live = {name: leaf for name, leaf in leaves.items() if leaf.device.type == "cpu"}
        return self.peer.call(self.number, args, kwargs, params=live)

    def named_parameters(self) -> Iterator[tuple[str, torch.Tensor]]:
        """(name, leaf tensor) of each parameter; `.grad` of the leaf is filled by backward."""
        return iter(self._leaves().items())

    def parameters(self) -> Iterator[torch.Tensor]:
        """The leaves alone."""
        return iter(self._leaves().values())

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Names and plain tensors. Raises: BadReply when it is nothing of the kind.

        What else `get_extra_state` of a module gives is the module's own affair and left out.
        """
        state = self._method("state_dict")
        extra = _extra_state(state)
        return _named_tensors(
            {n: v for n, v in state.items() if n not in extra} if extra else state
        )

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Copy tensors into the student's module. Raises: StudentRaised where they do not fit.

        The module may change what it is given, so that is a copy; it is given its own extra state.
        """
        copies = {name: tensor.detach().clone() for name, tensor in state.items()}
        self._method("load_state_dict", _extra_state(self._method("state_dict")) | copies)
        self._parameters = None

    def zero_grad(self) -> None:
        """Forget the gradients gathered here."""
        for leaf in self._leaves().values():
            leaf.grad = None

    def train(self, mode: bool = True) -> ModuleProxy:
        """Switch to training behaviour."""
        self._method("train", mode)
        return self

    def eval(self) -> ModuleProxy:
        """Switch to evaluation behaviour."""
        self._method("eval")
        return self

    @property
    def training(self) -> bool:
        """Whether the module is in training mode, as its own __dict__ says."""
        return bool(self._method("__getattribute__", "training") is True)

    def to(self, target: torch.dtype | torch.device | str) -> ModuleProxy:
        """Convert or move the student's module in place."""
        self._method("to", target)
        self._parameters = None
        return self

    def double(self) -> ModuleProxy:
        """Convert to float64."""
        return self.to(torch.float64)

    def _leaves(self) -> dict[str, torch.Tensor]:
        if self._parameters is None:
            named = self._method("named_parameters")
            pairs = _named_tensors(named if isinstance(named, dict) else {})
            self._parameters = {
                name: tensor.detach().requires_grad_(tensor.is_floating_point())
                for name, tensor in pairs.items()
            }
        return self._parameters

    def _method(self, method: str, *args: object) -> Any:
        with torch.no_grad():
            return self.peer.call(self.number, args, method=method)


class NamedProxy:
    """A function or class of the notebook, found again by name after its process was lost.

    `define` runs definitions of ours beside it, and in what takes the place of a lost process.
    """

    def __init__(
        self, name: str, find: Callable[[str], object], define: Callable[[str], None]
    ) -> None:
        self.__name__ = name
        self._find, self.define = find, define

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Call what the name stands for. Raises: StudentError kinds."""
        found = self._find(self.__name__)
        if not isinstance(found, BorrowedCallable):
            raise StudentRaised(f"TypeError: {self.__name__} is not callable")
        return found(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<the student's {self.__name__}>"


class MissingName:
    """A name that the notebook does not define: any use says so."""

    def __init__(self, name: str, why: str) -> None:
        self.__name__, self._why = name, why

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Raises: StudentRaised."""
        raise StudentRaised(f"NameError: {self.__name__} is not defined{self._why}")

    def __repr__(self) -> str:
        return f"<{self.__name__}: not defined>"


class LostName:
    """A name whose notebook state cannot be had: any use says why."""

    def __init__(self, name: str, why: str) -> None:
        self.__name__, self._why = name, why

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Raises: StudentDied."""
        raise StudentDied(self._why)


def _extra_state(state: object) -> dict[str, object]:
    """What nn.Module.get_extra_state put into a state_dict and is no tensor."""
    return {
        name: value
        for name, value in (state.items() if isinstance(state, dict) else ())
        if type(name) is str
        and name.endswith("_extra_state")
        and not isinstance(value, torch.Tensor)
    }


def _named_tensors(value: object) -> dict[str, torch.Tensor]:
    if (
        not isinstance(value, dict)
        or len(value) > MOST_PARAMETERS
        or not all(type(k) is str and isinstance(v, torch.Tensor) for k, v in value.items())
    ):
        raise BadReply("expected a dict of named tensors")
    return value
