"""What this machine offers for grading, and what to install or change where it falls short.

Each finding is one row: what was looked at, what was found, and advice unless all is well. Grading
is possible when no finding is `missing`; a `note` (no GPU, one core) only says what will be slower
or skipped. The last row decides: a trial sandbox is started for real, because no list of settings
tells for certain whether one starts.

Sources: user_namespaces(7); Debian's and Ubuntu's switches under /proc/sys/kernel.
Proved by: a made-up /proc/sys for each switch, and a trial sandbox that fails.
"""

import ctypes.util
import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.errors import SandboxUnavailable

NBGRADER = "0.9.6"  # the version whose preprocessor lists ours were written and tested against
NEEDED_GIB = 4  # a warm process, a judge and one student's limit, with room for the system

# File under /proc/sys, what it holds where namespaces are switched off, and how to switch them on.
SWITCHES = (
    (
        "kernel/unprivileged_userns_clone",
        "0",
        "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    (
        "user/max_user_namespaces",
        "0",
        "sudo sysctl -w user.max_user_namespaces=15000",
    ),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, "
        "or an AppArmor profile that lets bwrap make them",
    ),
)

IN_A_CONTAINER = (
    "the container's runtime may forbid namespaces; with Docker: --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)


@dataclass(frozen=True)
class Finding:
    """One row of the diagnosis; with the level "ok", `advice` is what else could be done."""

    what: str
    found: str
    level: Literal["ok", "note", "missing"] = "ok"
    advice: str = ""


def diagnose_machine() -> list[Finding]:
    """Look at everything grading needs; raises nothing, whatever the machine lacks."""
    return [
        _system(),
        _python(),
        *_packages(),
        _cores(),
        _memory(),
        _gpu(),
        _bubblewrap(),
        _seccomp(),
        _namespaces(),
        _trial_sandbox(),
    ]


def can_grade(findings: Sequence[Finding]) -> bool:
    """Whether nothing that grading needs is missing."""
    return all(finding.level != "missing" for finding in findings)


def print_findings(findings: Sequence[Finding]) -> int:
    """Print the findings as a table, then whether this machine can grade; returns the exit code."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    marks = {"ok": ("ok", "green"), "note": ("note", "yellow"), "missing": ("missing", "bold red")}
    table = Table(box=None, pad_edge=False)
    for title in ("", "What", "Found", "What to do"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        mark, style = marks[finding.level]
        table.add_row(
            Text(mark, style), Text(finding.what), Text(finding.found), Text(finding.advice)
        )
    console = Console()
    console.print(table)
    if can_grade(findings):
        console.print("This machine can grade.", style="green")
        return 0
    console.print("This machine cannot grade yet: see the rows marked missing.", style="red")
    return 1


def _system() -> Finding:
    found = f"{platform.system()} {platform.release()} {platform.machine()}"
    if sys.platform != "linux":
        return Finding("system", found, "missing", "the sandbox needs Linux: use a virtual machine")
    inside = _container()
    return Finding("system", f"{found}, in a container ({inside})" if inside else found)


def _container() -> str:
    """Which kind of container this is, or ""."""
    if Path("/.dockerenv").exists():
        return "docker"
    if Path("/run/.containerenv").exists():
        return "podman"
    return os.environ.get("container", "")


def _python() -> Finding:
    found = platform.python_version()
    if not (3, 11) <= sys.version_info < (3, 14):
        return Finding("Python", found, "missing", "install Python 3.11, 3.12 or 3.13")
    return Finding("Python", found)


def _packages() -> list[Finding]:
    findings = []
    for name in ("torch", "nbgrader", "IPython"):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(name, "not installed", "missing", f"pip install {name}"))
            continue
        if name == "nbgrader" and version != NBGRADER:
            advice = f"pip install nbgrader=={NBGRADER}: other versions are not tested"
            findings.append(Finding(name, version, "missing", advice))
        else:
            findings.append(Finding(name, version))
    return findings


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    if cores == 1:
        return Finding("cores", "1", "note", "submissions are graded one after the other")
    return Finding("cores", str(cores))


def _memory() -> Finding:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    if gib < NEEDED_GIB:
        return Finding("memory", f"{gib:.1f} GiB", "note", f"{NEEDED_GIB} GiB or more are better")
    return Finding("memory", f"{gib:.1f} GiB")


def _gpu() -> Finding:
    try:
        import torch
    except ImportError:
        return Finding("GPU", "unknown: torch is not installed", "note", "install torch first")
    from reference.device import describe

    if not torch.cuda.is_available():
        advice = "none is needed to grade; `make gpu` would skip every check, saying so"
        return Finding("GPU", "none", "note", advice)
    names = [describe(torch.device("cuda", i)) for i in range(torch.cuda.device_count())]
    return Finding("GPU", "; ".join(names), advice="`make gpu` checks the reference on the first")


def _bubblewrap() -> Finding:
    from autograder.bubblewrap import bwrap_path

    try:
        path = bwrap_path()
    except SandboxUnavailable as error:
        return Finding("bubblewrap", "not found", "missing", str(error))
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return Finding("bubblewrap", f"{answer.stdout.strip() or 'does not start'} ({path})")


def _seccomp() -> Finding:
    library = ctypes.util.find_library("seccomp")
    if library is None:
        return Finding("libseccomp", "not found", "missing", "apt install libseccomp2")
    return Finding("libseccomp", library)


def _namespaces(settings: Path = Path("/proc/sys")) -> Finding:
    """Whether a setting forbids ordinary users to make user namespaces; root needs none of them."""
    off = []
    for name, value_when_off, remedy in SWITCHES:
        switch = settings / name
        if switch.is_file() and switch.read_text().strip() == value_when_off:
            off.append((f"{name.replace('/', '.')}={value_when_off}", remedy))
    if not off:
        return Finding("user namespaces", "no setting forbids them")
    found = ", ".join(setting for setting, _ in off)
    # Only a note: root makes them all the same, and so does a bwrap with its own AppArmor profile.
    return Finding("user namespaces", found, "note", "; ".join(remedy for _, remedy in off))


def _trial_sandbox(start: Callable[[], None] | None = None) -> Finding:
    """Start a sandbox for real; `start` raises `SandboxUnavailable` where that fails."""
    if start is None:
        from autograder.sandbox import self_test

        start = self_test
    try:
        start()
    except SandboxUnavailable as error:
        advice = "see the rows above" + (f"; {IN_A_CONTAINER}" if _container() else "")
        return Finding("trial sandbox", str(error), "missing", advice)
    return Finding("trial sandbox", "starts, and confines")
