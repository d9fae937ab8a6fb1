"""data_parallel.py: two processes have the losses of one; wrong ways to share the work have not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from reference import data_parallel
from reference.data_parallel import Mean, first_says, loss_of_part, part_of, processes, share_of
from reference.pretrain_t5 import Rows

SCRIPT = Path(__file__).with_name("train_together.py")
ROOT = SCRIPT.parents[2]
TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
STEPS = 6
WRONG = ("mean of means", "own dropout", "own gradients")
# In float64 a sum in another order differs by some 1e-15; six steps of AdamW carry that to 1e-12.
ATOL = 1e-10


def train(*words, n=1):
    """Run a command of Python's in n processes; return what it printed."""
    started = [sys.executable, *(TWO if n == 2 else []), *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        started, capture_output=True, text=True, env=env, cwd=ROOT, check=False, timeout=240
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def losses(folder, way="right"):
    found = json.loads((folder / "losses.json").read_text())[way]
    return {kind: torch.tensor(each, dtype=torch.float64) for kind, each in found.items()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The losses of one process."""
    folder = tmp_path_factory.mktemp("alone")
    train(SCRIPT, folder, STEPS, "right")
    return losses(folder)


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """Where two processes wrote theirs, of each way to share the work."""
    folder = tmp_path_factory.mktemp("together")
    train(SCRIPT, folder, STEPS, "right", *WRONG, n=2)
    return folder


def test_two_processes_have_the_losses_of_one(alone, together):
    found = losses(together)
    assert found.keys() == {"begin_bert", "begin_gpt", "begin_t5"}
    for kind, expected in alone.items():
        torch.testing.assert_close(found[kind], expected, rtol=0, atol=ATOL)
        assert len(set(expected.tolist())) == STEPS


@pytest.mark.parametrize("way", WRONG)
def test_wrong_ways_to_share_have_other_losses(way, alone, together, assert_far):
    for kind, found in losses(together, way).items():
        assert_far(found, alone[kind], atol=1e4 * ATOL)


@pytest.mark.parametrize(("first", "then"), [(2, 1), (1, 2)])
def test_a_run_goes_on_with_another_number_of_processes(first, then, alone, tmp_path):
    train(SCRIPT, tmp_path, 3, "right", n=first)
    train(SCRIPT, tmp_path, STEPS, "right", n=then)
    for kind, found in losses(tmp_path).items():
        torch.testing.assert_close(found, alone[kind], rtol=0, atol=ATOL)


@pytest.fixture
def one_of(monkeypatch):
    """Be one of several processes, as far as the environment says."""

    def be(rank, n_ranks):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(n_ranks))

    return be


def test_the_parts_are_the_whole(one_of):
    batch = Rows(*(torch.arange(14).reshape(7, 2) + i for i in range(4)))
    parts = []
    for rank in range(3):
        one_of(rank, 3)
        parts.append(part_of(batch))
    assert [len(part.inputs) for part in parts] == [3, 2, 2]
    for whole, *of_ranks in zip(batch, *parts, strict=True):
        assert torch.equal(torch.cat(of_ranks), whole)


def test_shares_by_hand(one_of, monkeypatch):
    """Of 8 tokens 2 are here, of 5 rows 3: a quarter of the one mean, three fifths of the other."""
    monkeypatch.setattr(data_parallel, "summed", lambda counts: torch.tensor([8, 5]))
    means = [Mean(torch.tensor(4.0), torch.tensor(2)), Mean(torch.tensor(10.0), 3)]
    assert share_of(means).item() == pytest.approx(4 / 4 + 10 * 3 / 5)


def test_a_mean_over_nothing_is_nothing():
    means = [Mean(torch.tensor(0.0), torch.tensor(0)), Mean(torch.tensor(2.0), 5)]
    assert share_of(means) == 2


def test_alone_a_loss_is_the_models_own_bit_for_bit():
    value = torch.rand((), generator=torch.Generator().manual_seed(0))
    assert torch.equal(share_of([Mean(value, 7)]), value)


def test_only_the_first_has_a_say_in_when_to_stop(one_of, monkeypatch):
    monkeypatch.setattr(data_parallel, "summed", lambda votes: votes)  # of the others, none
    for rank, answer, expected in ((0, True, True), (0, False, False), (1, True, False)):
        one_of(rank, 2)
        assert first_says(answer) is expected


def test_more_processes_than_rows(one_of):
    one_of(2, 3)
    loss_of = loss_of_part(lambda generator: torch.ones(2, 1), lambda model, rows: [])
    with pytest.raises(ValueError, match="got 2 rows for 3 processes; start fewer, or draw larger"):
        loss_of(nn.Identity(), torch.Generator())


def test_more_processes_than_gpus(one_of, monkeypatch):
    one_of(1, 2)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    message = "got process 2 for 1 GPUs; pass --nproc-per-node 1, or --device cpu"
    with pytest.raises(ValueError, match=message), processes(torch.device("cuda")):
        pass


@pytest.mark.slow
def test_the_command_speaks_and_writes_once(tmp_path):
    """Two processes by torchrun, then one that finds nothing left to do."""
    command = ["-m", "reference", "pretrain", "gpt", "--steps", "3", "--device", "cpu"]
    output = train(*command, "--folder", tmp_path / "two", n=2)
    assert output.count("after 3 of 3 steps") == 1
    assert output.count("3/3") == 1  # the bar's last state
    names = {path.name for path in (tmp_path / "two").iterdir()}
    assert names == {"tokenizer.json", "checkpoint.pt", "loss.png", "report.json"}
    assert "Going on from step 3." in train(*command, "--folder", tmp_path / "two")
    train(*command, "--folder", tmp_path / "one")
    together, alone = (
        torch.load(tmp_path / n / "checkpoint.pt", weights_only=True) for n in ("two", "one")
    )
    # float32: three steps, the first of rate 0
    assert together["losses"] == pytest.approx(alone["losses"], rel=1e-5)
    assert torch.equal(together["dropout"], alone["dropout"])
