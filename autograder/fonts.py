"""The list of fonts that matplotlib makes when it is first loaded, kept for the sandboxes to come.

Making it takes longer than all else of matplotlib together, and each sandbox starts with an empty
disk. So it is made once for each installation, outside, from what the sandbox shows of the system's
fonts (nothing from a home folder), and lies in the user's cache; sandboxes see it read-only. Where
the cache cannot be written, each makes its own. Source: matplotlib.font_manager, MPLCONFIGDIR.
Proved by: tests/autograder/test_fonts.py.
"""

import contextlib
import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_MAKE = "import matplotlib.font_manager"
_LISTS = "fontlist-*.json"


def font_lists(cache: Path | None = None) -> list[Path]:
    """The files to put into the sandbox's folder for matplotlib; none if they cannot be kept."""
    kept = (cache or _user_cache()) / f"fonts-{_installation()}"
    if not kept.is_dir():
        with contextlib.suppress(OSError):  # no such place, or another process was quicker
            _make(kept)
    return sorted(kept.glob(_LISTS))


def _make(kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        fresh = Path(folder, "fonts")
        fresh.mkdir()
        settings = {"MPLCONFIGDIR": str(fresh), "HOME": folder, "PATH": os.defpath}
        subprocess.run([sys.executable, "-I", "-c", _MAKE], env=settings, capture_output=True)
        if any(fresh.glob(_LISTS)):
            fresh.rename(kept)


def _installation() -> str:
    """Tells one interpreter with its matplotlib from another, and from the same one later."""
    found = importlib.util.find_spec("matplotlib")
    place = found.origin if found and found.origin else sys.prefix
    text = f"{sys.version} {place} {os.stat(place).st_mtime_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "autograder"
