"""Memory moves to huge pages without its content changing."""

import mmap
import re
from pathlib import Path

import pytest

from autograder.inside import huge_pages

SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(
    not SETTING.exists() or "[never]" in SETTING.read_text(), reason="this kernel has no huge pages"
)
def test_small_pages_become_huge_ones_with_the_same_content():
    memory = mmap.mmap(-1, 4 * huge_pages.SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for page in range(0, len(memory), mmap.PAGESIZE):
        memory[page : page + 8] = page.to_bytes(8, "little")
    memory.madvise(mmap.MADV_HUGEPAGE)
    before = on_huge_pages()
    assert huge_pages.collapse() >= 3, "four less what the ends cut off"
    assert on_huge_pages() - before >= 3 * huge_pages.SIZE
    for page in range(0, len(memory), mmap.PAGESIZE):
        assert memory[page : page + 8] == page.to_bytes(8, "little")


def on_huge_pages() -> int:
    """Bytes of this process's own memory that lie on huge pages."""
    found = re.search(r"AnonHugePages: +([0-9]+) kB", Path("/proc/self/smaps_rollup").read_text())
    assert found
    return 1024 * int(found[1])
