"""trainable.py: counts by hand, modules by name, and files that hold the trained part alone."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from reference.trainable import (
    Share,
    freeze,
    load_trainable,
    modules_named,
    save_trainable,
    trainable_share,
)


@pytest.fixture
def model():
    """Two maps of 3 · 2 + 2 and 2 · 4 + 4 parameters; the second is trained."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 4))
    freeze(model[0])
    return model


def test_counts_by_hand(model):
    assert trainable_share(model) == (12, 20)
    assert trainable_share(model).share == 0.6
    freeze(model)
    assert trainable_share(model) == (0, 20)


def test_a_parameter_in_two_places_counts_once():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    assert trainable_share(model) == Share(trainable=15, total=15)


def test_a_module_is_found_by_the_last_part_of_its_path_and_by_its_kind():
    inner = nn.ModuleDict({"query": nn.Linear(2, 2), "queries": nn.Linear(2, 2)})
    model = nn.ModuleDict({"query": inner, "key": nn.LayerNorm(2)})
    assert modules_named(model, ["query", "key"], nn.Linear) == {"query.query": inner["query"]}
    assert set(modules_named(model, ["query"], nn.Module)) == {"query", "query.query"}
    with pytest.raises(ValueError, match=r"no Linear named key or value: got queries, query; pass"):
        modules_named(model, ["value", "key"], nn.Linear)
    with pytest.raises(ValueError, match=r"no Embedding named token: got none at all; pass"):
        modules_named(model, ["token"], nn.Embedding)


def test_a_file_holds_the_trained_part_and_nothing_else(model, tmp_path):
    save_trainable(model, tmp_path / "task.safetensors")
    stored = load_file(tmp_path / "task.safetensors")
    assert stored.keys() == {"1.weight", "1.bias"}
    assert torch.equal(stored["1.weight"], model[1].weight)


def test_a_part_that_is_a_view_of_more_is_saved_by_itself(tmp_path):
    """A transposed or expanded tensor has strides that a file has not."""
    model = nn.Module()
    model.weight = nn.Parameter(torch.arange(6.0).view(2, 3).T)
    save_trainable(model, tmp_path / "task.safetensors")
    assert torch.equal(load_file(tmp_path / "task.safetensors")["weight"], model.weight)


def test_loading_gives_the_model_that_was_saved_and_leaves_the_rest(model, tmp_path):
    save_trainable(model, tmp_path / "task.safetensors")
    torch.manual_seed(1)
    other = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 4))
    freeze(other[0])
    before, parameters = other[0].weight.clone(), [id(p) for p in other.parameters()]
    load_trainable(other, tmp_path / "task.safetensors")
    assert torch.equal(other[1].weight, model[1].weight)
    assert torch.equal(other[1].bias, model[1].bias)
    assert torch.equal(other[0].weight, before)
    assert [id(p) for p in other.parameters()] == parameters  # an optimizer still holds these


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda stored: stored.pop("1.bias"), "1.bias"),
        (lambda stored: stored.update({"0.bias": torch.zeros(2)}), "0.bias"),
        (lambda stored: stored.update({"1.bias": torch.zeros(1)}), "1.bias"),  # would broadcast
    ],
    ids=["missing", "frozen here", "another shape"],
)
def test_a_file_of_another_model_is_refused_whole(change, named, model, tmp_path):
    stored = {"1.weight": torch.zeros(4, 2), "1.bias": torch.zeros(4)}
    change(stored)
    save_file(stored, tmp_path / "task.safetensors")
    before = model[1].weight.clone()
    with pytest.raises(
        ValueError, match=rf"got other names or shapes for {named}; adapt the model"
    ):
        load_trainable(model, tmp_path / "task.safetensors")
    assert torch.equal(model[1].weight, before)
