# ---
# jupyter:
#   sample:
#     tries: Attaches to every other process with ptrace, process_vm_readv, pidfd_getfd, kcmp, perf events, keyrings and shared memory.
#     because: The kernel refuses each; every function is right.
#     covers: [3 memory of other processes]
#     bites: true
# ---

# %% after="attend"
import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {"ptrace": 101, "process_vm_readv": 310, "kcmp": 312, "pidfd_open": 434, "pidfd_getfd": 438,
         "perf_event_open": 298, "bpf": 321, "userfaultfd": 323, "keyctl": 250, "add_key": 248,
         "process_vm_writev": 311, "shmget": 29, "shmat": 30, "msgget": 68, "process_madvise": 440}
others = [number for number in range(1, 200) if number not in (os.getpid(),)]
buffer = ctypes.create_string_buffer(64)


def call(name, *arguments):
    ctypes.set_errno(0)
    return libc.syscall(CALLS[name], *(ctypes.c_long(argument) for argument in arguments))


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


local = Vector(ctypes.addressof(buffer), 64)
for number in others:
    if call("ptrace", 16, number, 0, 0) == 0:  # PTRACE_ATTACH
        print("ESCA" "PED: ptrace attached to", number)
        os.waitpid(number, 0x40000000)  # __WALL: it has to stop before it can be let go
        call("ptrace", 17, number, 0, 0)
    if call("ptrace", 0x4206, number, 0, 0) == 0:  # PTRACE_SEIZE
        print("ESCA" "PED: ptrace seized", number)
    for address in (0x400000, id(None), id(torch.Tensor)):
        remote = Vector(address, 64)
        got = call("process_vm_readv", number, ctypes.addressof(local), 1, ctypes.addressof(remote), 1, 0)
        if got > 0:
            print("ESCA" "PED: read memory of", number, buffer.raw)
        if call("process_vm_writev", number, ctypes.addressof(local), 1, ctypes.addressof(remote), 1, 0) > 0:
            print("ESCA" "PED: wrote memory of", number)
    descriptor = call("pidfd_open", number, 0)
    if descriptor >= 0:
        for wanted in range(64):
            taken = call("pidfd_getfd", descriptor, wanted, 0)
            if taken >= 0:
                print("ESCA" "PED: took descriptor", wanted, "of", number)
        os.close(descriptor)
    if call("kcmp", os.getpid(), number, 2, 0, 0) >= 0:
        print("ESCA" "PED: kcmp with", number)
for number in range(1, 65):
    try:
        with open(f"/proc/{number}/mem", "r+b") as file:
            file.seek(id(None))
            print("ESCA" "PED: /proc mem", number, file.read(8))
    except (OSError, ValueError):
        continue
attributes = ctypes.create_string_buffer(struct.pack("IIQ", 1, 128, 0) + bytes(112), 128)
for number in (-1, 1, os.getppid()):
    if call("perf_event_open", ctypes.addressof(attributes), number, 0, -1, 0) >= 0:
        print("ESCA" "PED: perf event on", number)
for keyring in (-3, -4, -5):  # session, user, user session
    if call("keyctl", 11, keyring, ctypes.addressof(buffer), 64) > 0:
        print("ESCA" "PED: read a keyring", buffer.raw)
for key in range(100):
    try:
        if call("shmget", key, 0, 0) >= 0 and key:
            print("ESCA" "PED: System V shared memory of others", key)
    except OSError:
        continue
for name in os.listdir("/dev/shm"):
    print("ESCA" "PED: shared memory of others", name)
print("tried", len(others), "processes")
