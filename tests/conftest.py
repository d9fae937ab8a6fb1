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
