"""Python's objects lie on huge pages where the C library is told to use them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.inside import huge_pages

SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
MUCH = 64 * 2**20  # bytes of small objects, of which a third on huge pages proves the point
PROGRAM = f"""\
import runpy, sys
pages = runpy.run_path({huge_pages.__file__!r})
if sys.argv[1] == "begin":
    pages["begin"]()
kept = [bytes(200) for _ in range({MUCH} // 256)]
print(open("/proc/self/smaps_rollup").read())
pages["end"]()
for _ in range(3):  # arenas of both kinds are freed, others made
    del kept[::3]
    kept += [bytes(200) for _ in range({MUCH} // 512)]
    assert not any(map(any, kept))
kept.clear()
print(open("/proc/self/smaps_rollup").read())
"""


@pytest.mark.skipif(
    not SETTING.exists() or "[madvise]" not in SETTING.read_text(),
    reason="this kernel has no huge pages on request",
)
def test_objects_lie_on_huge_pages_from_begin_to_end():
    huge, _ = memory("begin", "AnonHugePages")
    small, _ = memory("leave", "AnonHugePages")
    assert huge - small > MUCH / 3


def test_arenas_taken_before_and_in_between_are_freed_afterwards():
    held, left = memory("begin", "Rss")
    assert held - left > 0.8 * MUCH


def memory(how: str, kind: str) -> list[int]:
    """Bytes of a process that holds many small objects, then as many others, then none."""
    tunables = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432"
    env = os.environ | {"GLIBC_TUNABLES": tunables}
    program = [sys.executable, "-I", "-c", PROGRAM, how]
    done = subprocess.run(program, env=env, check=True, capture_output=True, text=True)
    return [1024 * int(kib) for kib in re.findall(rf"^{kind}: +([0-9]+) kB", done.stdout, re.M)]
