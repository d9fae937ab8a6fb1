"""What the tests of every assignment use."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import pytest
from matplotlib_inline import backend_inline

TryVisible = Callable[[str, str, dict[str, object]], None]


@pytest.fixture
def notebook() -> Callable[..., dict[str, Any]]:
    """What cells define, after what is given: functions look each other up in one namespace."""

    def notebook(source: str, **defined: object) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "__main__", **defined}
        exec(source, namespace)
        return namespace

    return notebook


@pytest.fixture
def try_visible(monkeypatch: pytest.MonkeyPatch) -> TryVisible:
    """Runs an assignment's visible tests of one function, given what the student has defined."""
    monkeypatch.setattr(backend_inline, "set_matplotlib_formats", lambda *_, **__: None)

    def run(assignment: str, function: str, defined: dict[str, object]) -> None:
        package = importlib.import_module(f"assignments.{assignment}")
        source = Path(str(package.__file__)).with_name(f"{assignment}.py")
        cells = {
            cell.metadata["nbgrader"]["grade_id"]: cell.source
            for cell in jupytext.read(source, fmt="py:percent").cells
            if "nbgrader" in cell.metadata
        }
        names: dict[str, object] = {}
        exec(cells["setup"], names)
        names |= defined
        exec(cells[f"try-{function}"], names)

    return run
