"""One process at the other end of a conversation: known by the kernel's word, signalled, ended.

It is signalled by a pidfd made from the pid that the kernel, not the process, told with its first
packet. Source: proc(5), stat. Proved by: tests/autograder/test_student.py.
"""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

from autograder.inside import wire


class Process:
    """One process at the other end of a channel; `within`: the pid of one it must descend from."""

    def __init__(
        self, channel: wire.Channel, role: str, deadline: float, within: int | None = None
    ) -> None:
        hello, _, about = channel.receive(deadline=deadline)
        about.close()
        if not isinstance(hello, wire.Hello) or hello.role != role or not about.pid:
            raise wire.WireError(f"expected a greeting of {role}")
        self.channel, self.pid = channel, about.pid
        self._pidfd = os.pidfd_open(self.pid)
        # The sender may have ended and its number gone to a stranger, whom a signal must not reach.
        if within is not None and not _descends(self.pid, within):
            os.close(self._pidfd)
            raise wire.WireError(f"the {role} is not a process of the submission")

    @property
    def ended(self) -> bool:
        """Whether it has ended, by itself or not."""
        if self._pidfd < 0:
            return True
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(0))

    def watch(self, channel: wire.Channel) -> None:
        """Have waiting on the channel end with this process."""
        channel.watch = (self._pidfd,)

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens if the process has ended."""
        if self._pidfd < 0:
            return
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            return

    def kill_descendant(self, pid: int) -> None:
        """Kill a process that descends from it; one that no longer does is let alone."""
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            # While this one has not ended its number is no stranger's, nor is a descendant's.
            if _descends(pid, self.pid) and not self.ended:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            os.close(pidfd)

    def close(self) -> None:
        """Kill it and let go of it."""
        if self._pidfd < 0:
            return
        self.signal(signal.SIGKILL)
        os.close(self._pidfd)
        self._pidfd = -1  # the number may soon be another's
        self.channel.close()


def in_words(error: wire.WireClosed) -> str:
    """Why a process is gone, as a student may read it."""
    text = str(error)
    return text if text.startswith("it used") else "it ended the notebook's process"


def _descends(pid: int, ancestor: int) -> bool:
    try:
        while pid > 1:
            pid = _parent(pid)
            if pid == ancestor:
                return True
    except (FileNotFoundError, ProcessLookupError):  # one of them has ended
        pass
    return False


def _parent(pid: int) -> int:
    # The name before it, in brackets, may hold anything.
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
