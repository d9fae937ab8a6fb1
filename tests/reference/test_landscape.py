"""landscape.py against real modules on the meta device, and against published sizes."""

import dataclasses

import pytest
import torch
import transformers

from reference.bert import BERT_BASE, BERT_LARGE, Bert
from reference.gpt import GPT, GPT1, GPT2_SMALL, GPT2_XL, GPT3
from reference.landscape import LANDSCAPE


def size_of(name):
    return LANDSCAPE[name].architecture.parameters().total


def on_meta(make):
    with torch.device("meta"):
        return make()


def count(module):
    return sum(p.numel() for p in module.parameters())


def t5_of_transformers(name):
    a = LANDSCAPE[name].architecture
    return transformers.T5ForConditionalGeneration(
        transformers.T5Config(
            vocab_size=a.vocab_size,
            d_model=a.d_model,
            d_kv=a.d_head,
            d_ff=a.d_ff,
            num_layers=a.encoder_layers,
            num_heads=a.n_heads,
        )
    )


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("BERT base", lambda: Bert(BERT_BASE)),
        ("BERT large", lambda: Bert(BERT_LARGE)),
        ("GPT-1", lambda: GPT(GPT1)),
        ("GPT-2 small", lambda: GPT(GPT2_SMALL)),
        ("GPT-2 XL", lambda: GPT(GPT2_XL)),
        ("GPT-3", lambda: GPT(GPT3["175B"])),
    ],
)
def test_counts_equal_those_of_our_modules(name, make):
    assert size_of(name) == count(on_meta(make))


@pytest.mark.parity
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("BERT base", lambda: transformers.BertModel(transformers.BertConfig())),
        ("GPT-1", lambda: transformers.OpenAIGPTModel(transformers.OpenAIGPTConfig())),
        ("GPT-2 small", lambda: transformers.GPT2Model(transformers.GPT2Config())),
        *((f"T5 {s}", None) for s in ("small", "base", "large", "3B", "11B")),
    ],
)
def test_counts_equal_those_of_transformers(name, make):
    theirs = on_meta(make or (lambda: t5_of_transformers(name)))
    if hasattr(theirs, "tie_weights"):
        theirs.tie_weights()
    assert size_of(name) == count(theirs)


@pytest.mark.parametrize("name", LANDSCAPE)
def test_counts_agree_with_what_was_published(name):
    """As printed, to about two digits; BERT large's 340M and T5 large's 770M are rounded up."""
    model = LANDSCAPE[name]
    assert size_of(name) == pytest.approx(model.claimed, rel=0.05)
    assert model.source


@pytest.mark.parametrize(("name", "claimed"), [("Gopher", 280e9), ("Chinchilla", 70e9)])
def test_without_its_relative_maps_a_model_would_be_too_small(name, claimed):
    """With them, the counts agree to half a percent; each layer's map is d² parameters."""
    architecture = LANDSCAPE[name].architecture
    assert size_of(name) == pytest.approx(claimed, rel=5e-3)
    without = dataclasses.replace(architecture, relative_maps=False).parameters().total
    assert size_of(name) - without > 80 * architecture.d_model**2
    assert without != pytest.approx(claimed, rel=0.05)
