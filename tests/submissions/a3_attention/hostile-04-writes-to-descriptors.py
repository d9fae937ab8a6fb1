# ---
# jupyter:
#   sample:
#     tries: Writes junk, JSON, zeros and huge packets to every open descriptor, in a cell and inside a call, and sends descriptors along.
#     because: Packets without the conversation's token are dropped; every function is right.
#     covers: [4 frames to every descriptor]
# ---

# %% before="softmax"
import array
import os
import socket
import stat
import struct

FRAMES = [
    b"",
    b"\0" * 4096,
    b'{"points": 60}\n',
    b'{"type": "reply", "id": 1, "value": 60}',
    struct.pack("<16sQII", b"\0" * 16, 1, 0, 1) + b"\x02\0\0\0{}",
    struct.pack("<16sQII", b"\0" * 16, 2**64 - 1, 2**32 - 1, 2**32 - 1),
    struct.pack("<I", 2**32 - 1),
    struct.pack(">Q", 2**63) + b"x" * 100,
    b"\x80\x04\x95\x1f\0\0\0\0\0\0\0\x8c\x08builtins\x94\x8c\x05print\x94\x93\x94\x8c\x02hi\x94\x85\x94R\x94.",
    b"\xff" * 60_000,
]


def shout():
    for descriptor in range(1024):
        try:
            kind = os.fstat(descriptor).st_mode
        except OSError:
            continue
        if not stat.S_ISSOCK(kind):
            continue
        for frame in FRAMES:
            try:
                os.write(descriptor, frame)
            except OSError:
                break
        try:
            twin = socket.socket(fileno=os.dup(descriptor))
            rights = array.array("i", [0, 1, 2, descriptor])
            twin.sendmsg([b"descriptors"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            twin.sendmsg([b"\0" * 64], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] )
        except OSError:
            continue


shout()
print("shouted")


# %% grade_id="causal_mask"
def causal_mask(n, device=None):
    shout()
    return torch.ones(n, n, dtype=torch.bool, device=device).tril()
