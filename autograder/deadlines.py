"""How long, and in how much memory, a submission may be judged.

Apart from `autograder.student`, which keeps to it, so that a command can be set up before torch is
loaded.
"""

import msgspec


class Deadlines(msgspec.Struct, frozen=True):
    """How long a submission may take. Seconds of wall-clock time."""

    cell_s: float = 120.0
    call_s: float = 20.0
    grace_s: float = 1.0  # between an interrupt and the kill
    notebook_s: float = 900.0  # all cells together, and then all checks together
    memory_bytes: int = 4 * 2**30
