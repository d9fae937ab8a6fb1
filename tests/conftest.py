"""Settings for every test: one thread a process, nobody's own Jupyter settings, no deadlines."""

import os

# Before torch is imported; child processes inherit it. Tests run side by side, one a core.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest
from hypothesis import settings

# No deadline: a busy machine is no wrong answer. Derandomised: a failure is the same everywhere.
settings.register_profile("courseware", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("courseware")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked `gpu`, with the reason, where there is no CUDA device."""
    wanting = [item for item in items if item.get_closest_marker("gpu")]
    if not wanting:
        return
    import torch

    if not torch.cuda.is_available():
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="no CUDA device on this machine"))


@pytest.fixture
def gpu_row(record_property):
    """Keep what a check on a GPU measured, for the table at the end."""

    def keep(what: str, dtype: str, found: str) -> None:
        record_property("gpu", (what, dtype, found))

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the checks on a GPU measured, one row each; nothing where none ran."""
    reports = [r for part in ("passed", "failed") for r in terminalreporter.getreports(part)]
    rows = [value for r in reports for name, value in r.user_properties if name == "gpu"]
    if not rows:
        return
    import torch
    from rich.console import Console
    from rich.table import Table

    from reference.device import describe

    table = Table("checked", "dtype", "found", title=describe(torch.device("cuda")), box=None)
    for row in rows:
        table.add_row(*row)
    Console(width=120).print(table)


@pytest.fixture(scope="session", autouse=True)
def _no_personal_settings(tmp_path_factory: pytest.TempPathFactory):
    """Jupyter, nbgrader and IPython must not read what the person who runs the tests has set up."""
    home = tmp_path_factory.mktemp("settings")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
            folder = home / name.lower()
            folder.mkdir()
            patch.setenv(name, str(folder))
        yield
