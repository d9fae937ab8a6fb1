# ---
# jupyter:
#   sample:
#     tries: Keeps as much as it can in the buffers of sockets, large ones if it gets them, and of pipes, in several processes.
#     because: They are few and small; every function is right.
#     covers: [7 memory bombs]
# ---

# %% before="softmax"
import fcntl
import os
import signal
import socket

LIMIT_BYTES = 2**27

def fill(kept):
    """Fill sockets and pipes until no more can be opened, and give how many bytes they hold."""
    held_bytes = 0
    try:
        while held_bytes <= LIMIT_BYTES:
            pair = socket.socketpair()
            kept.extend(pair)
            for one in pair:
                one.setblocking(False)
                try:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**28)
                except PermissionError:
                    pass
                held_bytes += fill_one(one.send)
    except OSError as error:
        print(error.strerror)
    for one in kept[-20:]:
        one.close()
    try:
        while held_bytes <= LIMIT_BYTES:
            end, start = os.pipe()
            os.set_blocking(start, False)
            try:
                fcntl.fcntl(start, fcntl.F_SETPIPE_SZ, 2**20)
            except OSError:
                pass
            held_bytes += fill_one(lambda data: os.write(start, data))
    except OSError as error:
        print(error.strerror)
    return held_bytes


def fill_one(write):
    """Write until there is no more room, and give how many bytes that were."""
    written = 0
    try:
        while True:
            written += write(bytes(2**16))
    except BlockingIOError:
        return written


children = []
for _ in range(4):
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(start, b"%d" % fill([]))
        signal.pause()  # for ever, until it is killed
    children.append(child)
    held_bytes = int(os.read(end, 20))
    if held_bytes > LIMIT_BYTES:
        print("ESCA" "PED:", held_bytes, "bytes in the buffers of one process")
for child in children:
    os.kill(child, 9)
    os.waitpid(child, 0)
