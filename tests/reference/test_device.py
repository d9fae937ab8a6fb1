"""Choice of the device, where random numbers start, and settings that are put back."""

import pytest
import torch
from torch import nn

from reference import device
from reference.device import choose_device, deterministic, dropout_generator, seeded


@pytest.fixture
def gpus(monkeypatch):
    """Let torch see so many GPUs."""

    def see(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return see


def test_the_best_device_there_is(gpus):
    for count, best in ((0, "cpu"), (1, "cuda"), (2, "cuda")):
        gpus(count)
        assert choose_device() == torch.device(best)
        assert choose_device("cpu") == torch.device("cpu")
        assert choose_device("meta") == torch.device("meta")


@pytest.mark.parametrize(
    ("count", "name", "seen"),
    [
        (0, "cuda", "no GPU"),
        (0, "cuda:0", "no GPU"),
        (1, "cuda:1", "one GPU, cuda:0"),
        (2, "cuda:2", "2 GPUs"),
    ],
)
def test_a_gpu_that_is_not_there(gpus, count, name, seen):
    gpus(count)
    with pytest.raises(ValueError, match=f"torch sees {seen} here: got '{name}'; pass cpu"):
        choose_device(name)


def test_the_last_gpu_there_is(gpus):
    gpus(2)
    assert choose_device("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cpu 0"])
def test_what_is_no_device(name):
    with pytest.raises(ValueError, match=f"expected a device, cpu or cuda: got '{name}'"):
        choose_device(name)


def test_devices_in_words(monkeypatch):
    class Card:
        name = "Some GPU"
        total_memory = 24 * 2**30

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: Card)
    for capability, found in (((8, 0), "bfloat16"), ((7, 5), "no bfloat16 of its own")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, c=capability: c)
        assert device.describe(torch.device("cuda")) == f"Some GPU, 24 GiB, {found}"
    assert device.describe(torch.device("cpu")) == f"cpu, {torch.get_num_threads()} threads"


def test_a_seed_decides_first_weights_and_dropout():
    def made(seed):
        with seeded(seed):
            return nn.Linear(3, 2).weight, nn.functional.dropout(torch.ones(50))

    first, again, other = made(1), made(1), made(2)
    assert all(map(torch.equal, first, again))
    assert not any(map(torch.equal, first, other))


def test_the_callers_random_numbers_go_on_as_they_were():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with seeded(0):
        torch.rand(7)
    with pytest.raises(KeyError), seeded(0):
        raise KeyError
    assert torch.equal(torch.rand(3), expected)


def test_dropout_draws_from_the_generator_that_is_returned():
    generator = dropout_generator(torch.device("cpu"))
    state = generator.get_state()
    first = nn.functional.dropout(torch.ones(50))
    generator.set_state(state)
    assert torch.equal(nn.functional.dropout(torch.ones(50)), first)


@pytest.mark.parametrize("before", [False, True])
def test_settings_are_put_back(before, monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", before)
    torch.use_deterministic_algorithms(before, warn_only=before)

    def settings():
        return (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.backends.cudnn.benchmark,
        )

    try:
        with deterministic():
            assert settings() == (True, False, False)
            assert device.os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
        assert settings() == (before,) * 3
        with pytest.raises(KeyError), deterministic():
            raise KeyError
        assert settings() == (before,) * 3
    finally:
        torch.use_deterministic_algorithms(False)


def test_what_has_no_fixed_order_raises():
    x = torch.zeros(3, 3, device="cpu")
    with deterministic(), pytest.raises(RuntimeError, match="deterministic"):
        torch.nn.functional.max_unpool2d(
            x[None, None], torch.zeros(1, 1, 3, 3, dtype=torch.int64), kernel_size=1
        )
