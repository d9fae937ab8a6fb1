"""The earlier functions that a graded function may build on, and what is expected of it then.

Left out: when which parts are used (`autograder.rubric`). Proved by: the tests of that module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from autograder.errors import StudentDied, StudentTimeout

if TYPE_CHECKING:
    from autograder.rubric import Rubric


@dataclass(frozen=True)
class Part:
    """An earlier function that this one may build on: its rubric, and a right implementation."""

    rubric: Rubric
    implementation: Any


class Parts:
    """What a check builds its oracle on.

    `carried` says that some of it is the student's own, `told` that a pass then tells something: an
    expected value was not the same everywhere.
    """

    def __init__(self, implementations: Mapping[str, Any], *, carried: bool) -> None:
        """Made by `grade`, once for the reference parts and once for each use of the student's."""
        self._implementations = dict(implementations)
        self.carried = carried
        self.told = not carried

    def __getattr__(self, name: str) -> Any:
        """The implementation to build on."""
        try:
            return self.__dict__["_implementations"][name]
        except KeyError:
            raise AttributeError(f"this rubric has no part named {name}") from None

    def oracle_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """The dtype in which to compute what is expected of a result of `dtype`.

        The reference works in float64. A student's own part must see what the student's function
        gives it: a softmax that overflows in float32 may not in float64.
        """
        return dtype if self.carried else torch.float64

    def informative(self, expected: Tensor) -> Tensor:
        """Return `expected`, and note whether it varies: every oracle goes through here.

        What is built on a part that ignores its inputs cannot be told from what does nothing.
        """
        flat = expected.detach().reshape(-1)
        if len(flat) and not bool(((flat == flat[0]) | (flat.isnan() & flat[0].isnan())).all()):
            self.told = True
        return expected

    def excuses(self, build: Callable[[], object]) -> bool:
        """Whether a broken part makes even the reference fail here, so that nothing can be asked.

        `build` is what the reference does; with reference parts it cannot fail, and is not run.
        """
        if not self.carried:
            return False
        try:
            build()
        except (StudentTimeout, StudentDied):
            raise
        except Exception:
            return True
        return False
