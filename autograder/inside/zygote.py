"""The warm process that has loaded torch, IPython and matplotlib; students' are forked from it.

It is started by autograder/sandbox.py inside bubblewrap with one socket, over which come requests
of one packet each: the token of the new conversation and, as file descriptor, the socket on which
it is held. For each it forks

    zygote → init (PID 1 of fresh namespaces: mounts, waits) → the student's process

Init holds nothing but the wait for its child, and with init's end, which that of the zygote brings
about, the kernel ends everything that the submission started. A request may also be for a branch: a
fork of the zygote that takes requests on a socket of its own, for one command. The zygote never
runs or reads anything of a student's.
Proved by: tests/autograder/test_sandbox.py.
"""

from __future__ import annotations

import array
import gc
import linecache
import os
import signal
import socket
import sys
import traceback

import msgspec

from . import huge_pages, jail, meta_device, server, wire
from .shell import CellShell

_WARM_UP = """\
import numpy as np, torch, matplotlib.pyplot as plt, math, random, traceback
plt.figure(figsize=(1, 1)).add_axes((0, 0, 1, 1)).imshow([[0, 1]])
plt.axis("off"); plt.title("$x$"); plt.show()  # ticks and bars take time and load nothing more
traceback.format_stack()  # torch.manual_seed asks for it, and for the source of each frame
print(torch.ones(2)); torch.ones(2)
"""


def main(control: int, settings: bytes) -> None:
    """Warm up, then fork a student's process for each request until the control socket closes."""
    limits = msgspec.json.decode(settings, type=jail.Limits | None)
    program = jail.filter_program() if limits else b""
    shell = warm_shell()
    keep_one_thread()
    keep_graphs()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    sock = socket.socket(fileno=control)
    sock.send(b"ready")
    while True:
        token, ancillary, _, _ = sock.recvmsg(wire.TOKEN_BYTES, 64)
        if not token:
            os._exit(0)  # without taking apart what is loaded
        descriptor = array.array("i", ancillary[0][2])[0]
        if token == jail.BRANCH:
            if os.fork() == 0:
                sock.close()
                sock = socket.socket(fileno=descriptor)
            else:
                os.close(descriptor)
            continue
        try:
            if (jail.fork_into_namespaces() if limits else os.fork()) == 0:
                sock.close()
                _init(descriptor, token, shell, limits, program)
        except OSError:  # the judge sees the conversation end, and reads this in the log
            traceback.print_exc(file=sys.__stderr__)
        os.close(descriptor)


def warm_shell() -> CellShell:
    """A shell that has run, drawn and failed once, so that a student's first cell is quick."""
    meta_device.load()
    shell = CellShell.instance()
    shell.run(_WARM_UP)
    shell.run("1/0")
    gc.freeze()  # collections, here and in the children, leave what is loaded alone
    shell.reset(new_session=True)  # type: ignore[no-untyped-call]
    linecache.cache.pop("<string>", None)  # from Python 3.13: what `-c` ran is no text of a cell's
    huge_pages.end()
    gc.enable()
    return shell


def keep_one_thread() -> None:
    """Have torch stay with one thread, whatever student code asks for.

    OpenMP's threads are lost in a fork, and a snapshot that waits for them waits for ever.
    """
    import torch

    def set_num_threads(nthreads: int) -> None:
        """One thread is all that a submission has."""

    torch.set_num_threads(1)
    torch.set_num_threads = set_num_threads


def keep_graphs() -> None:
    """Have what torch.compile made go backward more than once, as all other code does."""
    import torch._functorch.config

    torch._functorch.config.donated_buffer = False


def _init(
    descriptor: int, token: bytes, shell: CellShell, limits: jail.Limits | None, program: bytes
) -> None:
    """PID 1 of the submission: confine, start the student's process, wait for it. Never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        conversation = socket.socket(fileno=descriptor)
        if limits:
            jail.mount_scratch(limits)
            jail.drop_capabilities()
        jail.end_with_parent()
        wire.Channel(conversation, token).send(wire.Hello("init"))
        child = os.fork()
        if child == 0:
            if limits:
                jail.set_limits(limits)
                jail.load_filter(program)
            _own_descriptors(descriptor)
            _import_from_working_folder()
            conversation.setblocking(False)
            server.serve(conversation, token, shell)
            os._exit(0)
        jail.hide()
        os.closerange(0, 1024)
        while os.wait()[0] != child:
            pass
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    os._exit(0)


def _import_from_working_folder() -> None:
    """As a notebook's kernel does: behind the standard library, before what is installed.

    For the student's process alone: no other may import what a student wrote.
    """
    installed = [folder.endswith(("site-packages", "dist-packages")) for folder in sys.path]
    sys.path.insert(installed.index(True), "")


def _own_descriptors(conversation: int) -> None:
    """Input empty, output and error a file that the shell reads; all else is closed."""
    written = os.open(os.environ["TMPDIR"], os.O_TMPFILE | os.O_RDWR)
    empty = os.open("/dev/null", os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.closerange(3, conversation)
    os.closerange(max(3, conversation + 1), 1024)
