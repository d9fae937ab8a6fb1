# ---
# jupyter:
#   sample:
#     tries: Leaves its root and its namespaces with chroot, pivot_root, setns, unshare, mount, umount2, remounts, file handles and raw devices.
#     because: The kernel refuses each; every function is right.
#     covers: [3 proc, 5 site-packages]
#     bites: true
# ---

# %% before="attend"
import ctypes
import os
import stat
import sys

libc = ctypes.CDLL(None, use_errno=True)
NEW = {"user": 0x10000000, "pid": 0x20000000, "mount": 0x00020000, "net": 0x40000000, "ipc": 0x08000000}


def tried(what, result):
    if result is not None and result >= 0:
        print("ESCA" "PED:", what)


for name, flag in NEW.items():
    pid = os.fork()
    if pid == 0:
        os._exit(1 if libc.unshare(flag) == 0 else 0)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1:
        print("ESCA" "PED: unshared", name)
    for number in (1, os.getppid(), "self"):
        try:
            with open(f"/proc/{number}/ns/{name[:4].replace('moun', 'mnt')}") as file:
                tried(f"setns {name} of {number}", libc.setns(file.fileno(), 0))
        except OSError:
            continue
child = libc.syscall(56, NEW["user"] | 17, 0, 0, 0, 0)  # clone, and SIGCHLD at its end
if child == 0:
    os._exit(0)
tried("clone into a namespace", child)
tried("mount proc", libc.mount(b"proc", b"/proc", b"proc", 0, None))
tried("mount tmpfs", libc.mount(b"tmpfs", b"/home", b"tmpfs", 0, None))
tried("bind", libc.mount(b"/", b"/home/student", None, 4096, None))
for place in ("/", "/usr", sys.prefix, "/sandbox/inside", "/dev"):
    tried(f"remount {place}", libc.mount(None, place.encode(), None, 32 | 4096, None))
for place in ("/proc", "/home", "/tmp", "/dev/shm", "/", sys.prefix):
    tried(f"umount {place}", libc.umount2(place.encode(), 2))
tried("fsopen", libc.syscall(430, b"tmpfs", 0))
tried("open_tree", libc.syscall(428, -100, b"/", 1))
tried("pivot_root", libc.syscall(155, b"/", b"/"))
tried("mount_setattr", libc.syscall(442, -100, b"/", 0, bytes(32), 32))
handle = ctypes.create_string_buffer(b"\x08\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0", 16)
for number in range(3):
    tried("open_by_handle_at", libc.syscall(304, number, handle, 0))
os.makedirs("root", exist_ok=True)
tried("chroot", libc.chroot(b"root"))
for path in ("/dev/mem", "/dev/kmem", "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/loop0", "/dev/kmsg", "/dev/kvm", "/dev/fuse"):
    try:
        os.close(os.open(path, os.O_RDONLY))
        print("ESCA" "PED: opened", path)
    except OSError:
        continue
for major, minor in ((1, 1), (8, 0), (253, 0), (254, 0), (259, 0), (7, 0)):
    try:
        os.mknod(f"device-{major}-{minor}", 0o600 | stat.S_IFBLK, os.makedev(major, minor))
        with open(f"device-{major}-{minor}", "rb") as file:
            print("ESCA" "PED: device", major, minor, file.read(16))
    except OSError:
        continue
try:
    os.setuid(0)
    print("ESCA" "PED: root again")
except OSError:
    pass
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/fs/cgroup/cgroup.procs", "/proc/self/oom_score_adj"):
    try:
        os.close(os.open(path, os.O_WRONLY))
        print("ESCA" "PED: may write", path)
    except OSError:
        continue
print("root", sorted(os.listdir("/")))
