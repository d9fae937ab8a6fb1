"""The log of finished runs: what is written is found again, and a cut line is not."""

import pytest

from reference.run_log import RunLog
from reference.study import Finished, Run


def finished(seed):
    run = Run(budget=1e6, d_model=8, seed=seed, learning_rate=0.01)
    return Finished(run, loss=3 + seed / 7, curve=[(512, 3.3), (1024, 3.1)], seconds=0.5)


SETTINGS = {"torch": "2.13", "source": {"seed": 0}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "build" / "runs.jsonl"


def test_what_was_added_is_found_again(path):
    log = RunLog(path, SETTINGS)
    for seed in range(3):
        log.add(finished(seed))
    again = RunLog(path, SETTINGS)
    assert again.finished == log.finished == {finished(i).run.name: finished(i) for i in range(3)}


def test_a_log_cut_anywhere_keeps_its_whole_lines_and_can_be_written_on(path):
    log = RunLog(path, SETTINGS)
    log.add(finished(0))
    log.add(finished(1))
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        cut = RunLog(path, SETTINGS)
        n_whole = max(0, whole[:length].count(b"\n") - 1)  # the first line holds the settings
        assert len(cut.finished) == n_whole
        cut.add(finished(2))
        assert len(RunLog(path, SETTINGS).finished) == n_whole + 1


def test_runs_made_with_other_settings_are_not_mixed_in(path):
    RunLog(path, SETTINGS).add(finished(0))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"'torch': '2.13'.*now it is .*'2.14'.*another folder"):
        RunLog(path, SETTINGS | {"torch": "2.14"})
    assert path.read_bytes() == before
