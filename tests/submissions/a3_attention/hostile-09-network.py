# ---
# jupyter:
#   sample:
#     tries: Connects outward, to every loopback port, to link-local and neighbouring addresses, to abstract and named unix sockets, by raw, packet, netlink and vsock sockets, in Python and by ctypes.
#     because: There is no network; every function is right.
#     covers: [9 outward, 9 loopback services, 9 abstract unix sockets]
#     bites: true
# ---

# %% before="softmax"
import ctypes
import errno
import os
import socket
import stat
import subprocess
import time
import urllib.request


def attempt(what, family, kind, address, protocol=0, wait=0.2):
    try:
        with socket.socket(family, kind, protocol) as sock:
            sock.settimeout(wait)
            sock.connect(address)
            print("ESCA" "PED: connected to", what, address)
            return True
    except (OSError, ValueError, OverflowError):
        return False


def possible(family, kind=socket.SOCK_STREAM, protocol=0):
    try:
        socket.socket(family, kind, protocol).close()
    except OSError:
        return False
    return True


TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
for host in ("1.1.1.1", "8.8.8.8", "169.254.169.254", "10.0.0.1", "172.17.0.1", "192.168.0.1"):
    attempt("outward", socket.AF_INET, TCP, (host, 80))
try:
    socket.setdefaulttimeout(1)
    print("ESCA" "PED: resolved", socket.gethostbyname("pypi.org"))
except OSError:
    pass
try:
    print("ESCA" "PED: fetched", urllib.request.urlopen("http://1.1.1.1/", timeout=1).read(10))
except OSError:
    pass

# %% before="softmax"
ports = [*range(1, 65536)] if possible(socket.AF_INET) else []
end = time.monotonic() + 4
for port in ports:
    if time.monotonic() > end:
        break
    attempt("loopback", socket.AF_INET, TCP, ("127.0.0.1", port), wait=0.05)
for port in (22, 53, 80, 443, 5432, 6379, 8000, 8080, 8888, 9999):
    attempt("loopback 6", socket.AF_INET6, TCP, ("::1", port))
    attempt("any", socket.AF_INET, TCP, ("0.0.0.0", port))

# %% before="softmax"
names = {b"\0canary", b"\0/tmp/.X11-unix/X0", b"\0dbus", b"\0/containerd-shim"}
try:
    with open("/proc/net/unix") as file:
        names |= {line.split()[-1].replace("@", "\0", 1).encode() for line in file if "@" in line}
except OSError:
    pass
for name in names:
    for kind in (TCP, UDP, socket.SOCK_SEQPACKET):
        attempt("abstract", socket.AF_UNIX, kind, name)
end = time.monotonic() + 2
for folder, folders, files in os.walk("/"):
    folders[:] = [n for n in folders if os.path.join(folder, n) not in ("/proc", "/sys", "/usr")]
    for name in files:
        path = os.path.join(folder, name)
        try:
            if stat.S_ISSOCK(os.stat(path).st_mode):
                attempt("named", socket.AF_UNIX, TCP, path)
        except OSError:
            continue
    if time.monotonic() > end:
        break

# %% before="softmax"
libc = ctypes.CDLL(None, use_errno=True)
for family, kind, protocol in ((2, 3, 1), (17, 3, 0x300), (16, 3, 0), (40, 1, 0), (38, 5, 0), (10, 3, 58), (31, 3, 1)):
    descriptor = libc.socket(family, kind, protocol)
    if descriptor >= 0:
        print("ESCA" "PED: made a socket of family", family)
        os.close(descriptor)
for command in ("curl -sS -m 1 http://1.1.1.1", "bash -c 'exec 3<>/dev/tcp/127.0.0.1/22 && echo open'", "ping -c1 -W1 127.0.0.1"):
    done = subprocess.run(command, shell=True, capture_output=True)
    if done.returncode == 0:
        print("ESCA" "PED:", command)
print("tried", len(ports), "ports and", len(names), "names")
