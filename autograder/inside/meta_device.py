"""Loads what operations on the meta device need, once, in the process from which others are forked.

torch loads it on first use, and with it its compiler (`torch._dynamo`), only to exempt functions of
its own from being traced. Nothing is compiled here, so they are marked as exempt already: some 0.4
s instead of 1.4 s (torch 2.13). Where torch's private names differ, loading takes longer, no more.
Proved by: tests/autograder/inside/test_meta_device.py.
"""

import gc
import inspect
from types import FunctionType

import torch
import torch._decomp

_EXEMPT = "__dynamo_disable"  # where torch._compile keeps the exempted form of a function


def load() -> None:
    """Mark torch's functions, then use the operations that attention needs once."""
    disable = getattr(torch, "_disable_dynamo", lambda function: function)
    exempting = disable(lambda: None).__code__
    for found in gc.get_objects():
        if type(found) is FunctionType and found.__code__ is exempting:
            function = inspect.getclosurevars(found).nonlocals.get("fn")
            if function is not None:
                setattr(function, _EXEMPT, function)
    x = torch.ones(2, 2, device="meta")
    torch.where(x > 0, (x @ x).masked_fill(x > 0, 0.0).softmax(-1), 0.0)
