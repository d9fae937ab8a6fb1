"""The list of fonts that matplotlib makes when it is first loaded, kept for the sandboxes to come.

Making it takes longer than all else of matplotlib together, and each sandbox starts with an empty
disk. So it is made once for each installation, outside, from what the sandbox shows of the system's
fonts (nothing from a home folder), and lies in the user's cache; sandboxes see it read-only. Where
the cache cannot be written, each makes its own. Source: matplotlib.font_manager, MPLCONFIGDIR.
Proved by: tests/autograder/test_fonts.py.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_MAKE = "import matplotlib.font_manager"


def font_lists(cache: Path | None = None) -> list[Path]:
    """The files to put into the sandbox's folder for matplotlib; none if they cannot be kept."""
    installed = hashlib.sha256(f"{sys.version} {sys.prefix}".encode()).hexdigest()[:16]
    kept = (cache or _user_cache()) / f"fonts-{installed}"
    if not kept.is_dir():
        try:
            _make(kept)
        except OSError:
            return []
    return sorted(kept.glob("fontlist-*.json"))


def _make(kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        fresh = Path(folder, "fonts")
        fresh.mkdir()
        settings = {"MPLCONFIGDIR": str(fresh), "HOME": folder, "PATH": os.defpath}
        subprocess.run([sys.executable, "-I", "-c", _MAKE], env=settings, capture_output=True)
        fresh.rename(kept)


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "autograder"
