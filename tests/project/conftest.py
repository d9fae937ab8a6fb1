"""What the tests about the repository look at."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file that git holds or would hold, relative to the root."""
    # safe.directory: the clone may belong to another user than the one who runs the tests
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    paths = [Path(name) for name in sorted(set(listing.decode().split("\0"))) if name]
    return [path for path in paths if (ROOT / path).is_file()]


@pytest.fixture(scope="session")
def modules(files: list[Path]) -> list[Path]:
    """The Python modules among them: not notebook sources, not what students hand in."""
    return [path for path in files if path.suffix == ".py" and not is_notebook_source(path)]


def is_notebook_source(path: Path) -> bool:
    """Whether the file is a percent script that becomes a notebook."""
    if path.parts[0] == "assignments":
        return path.stem == path.parent.name
    return path.parts[:2] == ("tests", "submissions")


@pytest.fixture(scope="session")
def text_of() -> Callable[[Path | str], str]:
    """Reads a file of the repository."""
    return lambda path: (ROOT / path).read_text(encoding="utf-8")
