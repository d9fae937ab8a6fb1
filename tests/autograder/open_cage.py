"""Runs a sample's cells where the bars are wide open, to show that it finds what it looks for.

Started by test_sample_bite.py inside a bubblewrap of its own, which holds what the sandbox keeps
out: a course, a neighbour's process, a listener, an importable `reference`. Never run it elsewhere.
"""

import builtins
import json
import os
import socket
import subprocess
import sys
import time
import types

NEIGHBOUR = """
import socket, time
listeners = []
for family, address in ((socket.AF_INET, ("127.0.0.1", 8888)), (socket.AF_UNIX, "\\0canary")):
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen(9)
    listeners.append(listener)
time.sleep(100)
"""


def main() -> None:
    """Run the cells given as JSON on standard input, each after the other, whatever they raise."""
    cells = json.load(sys.stdin)
    os.environ["COURSE_CANARY"] = "canary-secret"
    neighbour = subprocess.Popen([sys.executable, "-c", NEIGHBOUR])
    while not _listens():
        time.sleep(0.05)
    shell = types.SimpleNamespace(user_ns={"In": ["### BEGIN HID" + "DEN TESTS"]})
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    namespace = {"__name__": "__main__"}
    for cell in cells:
        try:
            exec(cell, namespace)
        except Exception as error:
            print(type(error).__name__, error)
    neighbour.kill()


def _listens() -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", 8888)) == 0


if __name__ == "__main__":
    main()
