"""bitfit.py: which parameters are biases, how many, and that training moves no others."""

import pytest
import torch
from torch import nn

from reference.bert import BERT_BASE, BERT_LARGE, Bert
from reference.bitfit import train_biases
from reference.gpt import GPT, GPT2_SMALL
from reference.trainable import trainable_share


def released(model):
    return {name for name, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(
    ("config", "share"), [(BERT_BASE, "0.09%"), (BERT_LARGE, "0.08%")], ids=["base", "large"]
)
def test_berts_share_by_hand_and_as_the_paper_has_it(config, share):
    """Ben Zaken et al. 2022, abstract and §3. Of a layer: 4 maps, 4 d, d, and two LayerNorms."""
    with torch.device("meta"):
        model = Bert(config)
    train_biases(model)
    d = config.d_model
    found = trainable_share(model)
    assert found.trainable == config.n_layers * (4 * d + 4 * d + d + 2 * d) + d + d
    assert f"{found.share:.2%}" == share


def test_gpt_2s_count_by_hand():
    with torch.device("meta"):
        model = GPT(GPT2_SMALL)
    train_biases(model)
    assert trainable_share(model).trainable == 12 * 11 * 768 + 768


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_training_moves_all_biases_and_nothing_else(kind, model_to_adapt):
    model = model_to_adapt(kind)
    train_biases(model)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)
    output = model(torch.arange(6)[None])
    sum((part**3).sum() for part in (output if kind == "encoder" else [output])).backward()
    optimizer.step()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]) is not name.endswith(".bias"), name


def test_biases_of_named_modules_alone(model_to_adapt):
    model = model_to_adapt("encoder")
    train_biases(model, of=("query", "first"))
    layers = [f"encoder.layers.{i}." for i in range(2)]
    kinds = ["attention.query.bias", "feed_forward.first.bias"]
    assert released(model) == {layer + kind for layer in layers for kind in kinds}


def test_the_papers_two_kinds_are_its_0_04_percent():
    with torch.device("meta"):
        model = Bert(BERT_BASE)
    train_biases(model, of=("query", "first"))
    assert trainable_share(model) == (12 * 5 * 768, 109_482_240)


def test_what_was_released_before_is_frozen_again(model_to_adapt):
    model = model_to_adapt("decoder")
    train_biases(model)
    train_biases(model, of=["query"])
    assert len(released(model)) == 2


def test_a_bias_at_the_root_counts():
    linear = nn.Linear(2, 3)
    train_biases(linear)
    assert released(linear) == {"bias"}


def test_a_model_without_biases_is_refused(model_to_adapt):
    for model in (nn.Linear(2, 3, bias=False), model_to_adapt("encoder-decoder")):
        with pytest.raises(ValueError, match="biases: got none; for one without, such as T5"):
            train_biases(model)
    with pytest.raises(ValueError, match="must have biases of k or token: got none"):
        train_biases(model_to_adapt("encoder"), of=["token", "k"])
