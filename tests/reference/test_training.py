"""training.py: a run that stopped equals one that did not, bit for bit; its steps are torch's."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from reference.training import Training, adamw, warmup_cosine, warmup_linear

SETTINGS = {"steps": 8, "lr": 0.1}


def network():
    """A layer, dropout, a layer: what it computes depends on numbers drawn in the step."""
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.Dropout(0.5), nn.Linear(6, 1))


def loss_of(model, generator):
    x = torch.randn(5, 4, generator=generator).to(next(model.parameters()).device)
    return F.mse_loss(model(x), x.sum(1, keepdim=True))


def new_run(device="cpu"):
    return Training(network().to(device), loss_of, lr=0.1, warmup=2, total=8, seed=5)


def state_of(run):
    """All that two runs can be told apart by, as one flat dictionary."""
    moments = {
        f"{i} {name}": value
        for i, entry in run.optimizer.state_dict()["state"].items()
        for name, value in entry.items()
    }
    drawn = {"losses": torch.tensor(run.losses), "generator": run.generator.get_state()}
    return {**run.model.state_dict(), **moments, **drawn}


def same(run, other):
    ours, theirs = state_of(run), state_of(other)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


@pytest.fixture
def unbroken():
    run = new_run()
    for _ in range(8):
        run.advance()
    return run


@pytest.fixture
def checkpoint(tmp_path):
    """The file of a run that stopped after four of eight steps."""
    run = new_run()
    for _ in range(4):
        run.advance()
    run.save(tmp_path / "run.pt", SETTINGS)
    return tmp_path / "run.pt"


def go_on(checkpoint):
    run = new_run()
    torch.manual_seed(99)  # whoever used torch in between
    run.load(checkpoint, dict(SETTINGS))
    assert run.step == 4
    for _ in range(4):
        run.advance()
    return run


def test_a_resumed_run_equals_an_unbroken_one(unbroken, checkpoint):
    assert same(go_on(checkpoint), unbroken)
    assert len(set(unbroken.losses)) == 8


@pytest.mark.parametrize("lost", ["model", "optimizer", "losses", "generator", "dropout"])
def test_a_checkpoint_without_one_part_makes_another_run(lost, unbroken, checkpoint, tmp_path):
    fresh = new_run()
    fresh.advance()  # its optimizer has moments, of one step
    fresh.save(tmp_path / "fresh.pt", SETTINGS)
    state = torch.load(checkpoint, weights_only=True)
    other = torch.load(tmp_path / "fresh.pt", weights_only=True)
    state[lost] = [*state[lost][:3], 0.0] if lost == "losses" else other[lost]
    torch.save(state, checkpoint)
    assert not same(go_on(checkpoint), unbroken)


def test_the_steps_are_torchs_adamw_with_clipped_gradients(unbroken):
    model = network()
    matrices = [model[0].weight, model[3].weight]
    others = [model[0].bias, model[1].weight, model[1].bias, model[3].bias]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0}]
    )
    generator = torch.Generator().manual_seed(5)
    torch.manual_seed(5)
    for share in (0, 1 / 2, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * share
        optimizer.zero_grad()
        loss_of(model.train(), generator).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    ours, theirs = unbroken.model.state_dict(), model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_an_optimizer_of_its_own_takes_the_steps():
    """SGD's first step with a rate: down the clipped gradient, times the schedule's share."""
    model = network()
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)
    run = Training(model, loss_of, lr=0.1, warmup=0, total=4, seed=5, optimizer=sgd)
    before = [p.detach().clone() for p in model.parameters()]
    run.advance()
    for old, p in zip(before, model.parameters(), strict=True):
        torch.testing.assert_close(p, old - 0.1 * p.grad)


def test_gradients_are_clipped_and_those_of_the_last_step_forgotten():
    run = Training(network(), lambda *a: 1e6 * loss_of(*a), lr=0.1, warmup=0, total=8, seed=5)
    for _ in range(2):
        run.advance()
        norms = [p.grad.norm() for p in run.model.parameters()]
        assert torch.stack(norms).norm() <= 1 + 1e-5  # torch divides by the norm + 1e-6


def test_dropout_is_on_in_every_step():
    run = new_run()
    run.model.eval()
    run.advance()
    assert run.model.training


def test_only_matrices_decay():
    groups = adamw(network(), 0.1).param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [
        (2, 0.01),
        (4, 0),
    ]


@pytest.mark.parity
@pytest.mark.parametrize(("warmup", "total"), [(0, 1), (0, 5), (1, 5), (4, 5), (10, 100)])
@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_the_schedules_are_transformers(name, warmup, total):
    import transformers

    ours, other = warmup_linear, warmup_cosine
    theirs = transformers.get_linear_schedule_with_warmup
    if name == "cosine":
        ours, other = other, ours
        theirs = transformers.get_cosine_schedule_with_warmup
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule, differ = theirs(optimizer, warmup, total), 0.0
    for step in range(total + 1):
        expected = schedule.get_last_lr()[0]
        # two roundings of a cosine; the other schedule is 0.1 away
        assert ours(step, warmup, total) == pytest.approx(expected, rel=0, abs=4e-16)
        differ = max(differ, abs(other(step, warmup, total) - expected))
        optimizer.step()
        schedule.step()
    assert differ > 0.1 or total - warmup < 3
    assert ours(total + 3, warmup, total) == 0


def test_a_run_follows_the_schedule_that_it_is_given():
    run = Training(network(), loss_of, lr=0.1, warmup=0, total=4, seed=5, schedule=warmup_cosine)
    rates = []
    for _ in range(4):
        run.advance()
        rates.append(run.optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0.1, 0.0853553, 0.05, 0.0146447], abs=1e-6)


@pytest.mark.parametrize(("warmup", "total"), [(5, 5), (9, 5), (-1, 5)])
def test_a_warm_up_that_does_not_end(warmup, total):
    message = f"got warmup={warmup}, total={total}; shorten the warm-up, or train for longer"
    with pytest.raises(ValueError, match=message):
        Training(network(), loss_of, lr=0.1, warmup=warmup, total=total, seed=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({**SETTINGS, "lr": 0.2}, r"it has lr=0.1, now 0.2. Go on with its settings, or start"),
        ({"lr": 0.1, "seed": 1}, "it has seed=None, now 1; steps=8, now None. Go on"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(settings, message, checkpoint):
    run = new_run()
    before = state_of(run)
    with pytest.raises(ValueError, match=message):
        run.load(checkpoint, settings)
    assert all(torch.equal(before[name], value) for name, value in state_of(run).items())


def test_a_save_that_fails_leaves_the_last_checkpoint(checkpoint, monkeypatch):
    def full(state, path):
        path.write_bytes(b"half")
        raise OSError("disk full")

    run, before = go_on(checkpoint), checkpoint.read_bytes()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="disk full"):
        run.save(checkpoint, SETTINGS)
    assert checkpoint.read_bytes() == before


@pytest.mark.gpu
def test_on_a_gpu_layers_compute_in_bfloat16_and_a_run_resumes(tmp_path):
    seen = []
    run = new_run("cuda")
    run.model[0].register_forward_hook(lambda layer, x, y: seen.append(y.dtype))
    for _ in range(4):
        run.advance()
    assert set(seen) == {torch.bfloat16}
    assert {p.dtype for p in run.model.parameters()} == {torch.float32}
    run.save(tmp_path / "run.pt", SETTINGS)
    expected = run.advance()
    resumed = new_run("cuda")
    resumed.load(tmp_path / "run.pt", SETTINGS)
    assert resumed.advance() == expected
