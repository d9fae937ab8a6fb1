"""Confines one student's process: namespaces, mounts, limits, capabilities, system calls.

Runs in a child of the warm process, itself inside bubblewrap (no network, read-only files). Each
submission gets its own user, PID, mount, IPC, UTS and network namespaces and its own small tmpfs
for everything writable, so that no two submissions share a writable byte, a process table or a
socket name.

Limits are per process (address space, open files, file size, CPU time) or per submission (number of
processes, by the user namespace; bytes and inodes of the tmpfs). The memory of all processes of a
submission together is watched from outside, by the judge (autograder/memory.py); kinds of memory
that belong to no process or to several (memfd, System V, shared anonymous) are refused, and what
waits in sockets is bounded by their number and by how much each may hold.
Sources: namespaces(7), user_namespaces(7), pid_namespaces(7), seccomp(2), capabilities(7).
Proved by: tests/autograder/test_jail.py and the hostile sample class.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Mapping

import msgspec

STUDENT_ID = 1000  # user and group number that student code sees
SCRATCH = "/scratch"  # a folder that bubblewrap makes, covered by each submission's own tmpfs
HOME = f"{SCRATCH}/home"
BRANCH = b"branch"  # asks the warm process for a fork that serves one command (zygote.py)

_CLONE = {
    "user": 0x10000000, "pid": 0x20000000, "mount": 0x00020000,
    "ipc": 0x08000000, "uts": 0x04000000, "net": 0x40000000, "cgroup": 0x02000000,
}  # fmt: skip
_MS = {
    "rdonly": 1,
    "nosuid": 2,
    "nodev": 4,
    "noexec": 8,
    "bind": 4096,
    "rec": 16384,
    "private": 1 << 18,
}
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 4, 24, 38, 47
_SHARED_ANONYMOUS = 0x21  # flags of mmap: MAP_SHARED and MAP_ANONYMOUS
_INT = 0xFFFFFFFF  # the part of an argument that the kernel reads as an int
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_SYSTEM_CALLS = {
    "x86_64": {"clone": 56, "capset": 126},
    "aarch64": {"clone": 220, "capset": 91},
}[os.uname().machine]
_libc = ctypes.CDLL(None, use_errno=True)


SNAPSHOTS = 64  # processes beyond the limit that the server may fork for the judge


class Limits(msgspec.Struct, frozen=True):
    """What one submission may use. Bytes, seconds and counts."""

    address_space_bytes: int = 6 * 2**30  # each process; the warm process alone has about 1 GB
    processes: int = 64
    open_files: int = 128  # each may be a socket, whose buffers belong to no process
    file_bytes: int = 128 * 2**20
    scratch_bytes: int = 256 * 2**20
    scratch_files: int = 20_000
    cpu_s: int = 900
    keep: tuple[str, ...] = ()  # folders below /tmp that stay readable, the interpreter's


class JailError(OSError):
    """A step of the confinement failed; no student code runs."""


def fork_into_namespaces() -> int:
    """Fork a child that is user 1000 and PID 1 of fresh namespaces; as os.fork, 0 in the child.

    Only a process of one thread may do this: the C library is not told. Raises: JailError.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = ctypes.c_long(sum(_CLONE.values()) | signal.SIGCHLD)
    child = int(_libc.syscall(_SYSTEM_CALLS["clone"], flags, 0, 0, 0, 0))
    _check(min(child, 0), "clone")
    if child == 0:
        try:
            _become_student(uid, gid)
        except BaseException:  # the child must not go on as a second parent
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    return child


def _become_student(uid: int, gid: int) -> None:
    """Map the one user that the new namespace has."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "dumpable")  # off after a change of user
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{STUDENT_ID} {uid} 1"),
        ("gid_map", f"{STUDENT_ID} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def mount_scratch(limits: Limits) -> None:
    """One tmpfs behind all files that can be written, and own terminals. Ends in the fresh home."""
    _mount(None, "/", None, _MS["rec"] | _MS["private"])
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # should memory run out, the kernel ends student code first
    options = f"size={limits.scratch_bytes},nr_inodes={limits.scratch_files},mode=755"
    _mount("scratch", SCRATCH, "tmpfs", _MS["nosuid"] | _MS["nodev"], options)
    kept = {folder: os.open(folder, os.O_PATH) for folder in limits.keep}
    for place in ("/dev/shm", "/tmp"):
        behind = SCRATCH + "/" + os.path.basename(place)
        os.mkdir(behind)
        _mount(behind, place, None, _MS["bind"])
    for folder, descriptor in kept.items():
        os.makedirs(folder)
        _mount(f"/proc/self/fd/{descriptor}", folder, None, _MS["bind"] | _MS["rec"])
        os.close(descriptor)
    _mount("/dev/null", "/dev/zero", None, _MS["bind"])  # mapped, it is shared anonymous memory
    terminals = "newinstance,ptmxmode=0666,mode=620,max=64"
    _mount("devpts", "/dev/pts", "devpts", _MS["nosuid"] | _MS["noexec"], terminals)
    for place in ("/proc", "/sys"):
        _mount("nothing", place, "tmpfs", _MS["rdonly"] | _MS["nosuid"] | _MS["noexec"], "size=4k")
    os.mkdir(HOME)
    os.chdir(HOME)


def drop_capabilities() -> None:
    """Give up every capability in the new user namespace, for good."""
    _libc.prctl(_PR_CAP_AMBIENT, 4, 0, 0, 0)
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # past the kernel's last one
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.syscall(_SYSTEM_CALLS["capset"], header, nothing), "capset")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that forked it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "end with parent")


def hide() -> None:
    """Keep this process's memory from others of the same user."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable")


def set_limits(limits: Limits) -> None:
    """Resource limits of this process and its children."""
    for kind, value in {
        resource.RLIMIT_AS: limits.address_space_bytes,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }.items():
        kept_back = SNAPSHOTS if kind == resource.RLIMIT_NPROC else 0
        resource.setrlimit(kind, (value, value + kept_back))


def load_filter(program: bytes) -> None:
    """Filter system calls from here on, in all children too."""

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    held = Program(len(program) // 8, program)
    _check(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(held), 0, 0), "seccomp")


def filter_program(refused: Mapping[str, int] | None = None) -> bytes:
    """The system-call filter: everything but what is in REFUSED, compiled by libseccomp.

    Sockets are Unix sockets: a data loader's workers use them, and they reach no further than the
    submission. Refused calls fail with an error that programs know how to read, rather than ending
    the process.
    """
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name, code in (refused or REFUSED).items():
        try:
            rules.add_rule(pyseccomp.ERRNO(code), name)
        except (OSError, ValueError):  # this kernel's architecture or library does not have it
            continue
    for namespace in _CLONE.values():
        rules.add_rule(
            pyseccomp.ERRNO(errno.EPERM),
            "clone",
            pyseccomp.Arg(0, pyseccomp.MASKED_EQ, namespace, namespace),
        )
    for name, number in ON_ITSELF_ALONE.items():
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name, pyseccomp.Arg(number, pyseccomp.NE, 0))
    rules.add_rule(
        pyseccomp.ERRNO(errno.EPERM), "socket", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX)
    )
    rules.add_rule(
        pyseccomp.ERRNO(errno.EPERM),
        "mmap",
        pyseccomp.Arg(3, pyseccomp.MASKED_EQ, _SHARED_ANONYMOUS, _SHARED_ANONYMOUS),
    )
    rules.add_rule(  # which goes up to some MB each; 0.2 MB is where they start
        pyseccomp.ERRNO(errno.EPERM),
        "setsockopt",
        pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _INT, socket.SOL_SOCKET),
        pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _INT, socket.SO_SNDBUF),
    )
    with open(os.memfd_create("filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


ON_ITSELF_ALONE = {
    "prlimit64": 0, "sched_setaffinity": 0, "sched_setattr": 0, "sched_setparam": 0,
    "sched_setscheduler": 0, "setpriority": 1, "ioprio_set": 1,
}  # fmt: skip
"""Calls by which one process sets limits to another, and which argument names it: 0, itself."""

REFUSED = {
    **dict.fromkeys(
        (
            "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount",
            "open_tree", "fsopen", "fsmount", "fsconfig", "fspick", "mount_setattr", "ptrace",
            "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "bpf",
            "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "init_module",
            "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon",
            "swapoff", "acct", "quotactl", "quotactl_fd", "syslog", "settimeofday", "clock_settime",
            "clock_adjtime", "adjtimex", "iopl", "ioperm", "personality", "open_by_handle_at",
            "name_to_handle_at", "fanotify_init", "lookup_dcookie", "vhangup", "move_pages",
            "migrate_pages", "mbind", "set_mempolicy", "modify_ldt", "landlock_create_ruleset",
        ),
        errno.EPERM,
    ),
    **dict.fromkeys(
        (
            "clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_secret",
            "memfd_create", "shmget", "semget", "msgget",
        ),
        errno.ENOSYS,  # the C library and programs then take the older call
    ),
}  # fmt: skip


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    result = _libc.mount(
        *(None if text is None else text.encode() for text in (source, target, kind)),
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    _check(result, f"mount {target}")


def _check(result: int, step: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise JailError(code, f"{step}: {os.strerror(code)}")
