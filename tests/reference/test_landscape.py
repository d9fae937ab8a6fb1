"""landscape.py against real modules on the meta device, and against published sizes."""

import pytest
import torch
import transformers
from matplotlib.figure import Figure

from reference.bert import BERT_BASE, BERT_LARGE, Bert
from reference.gpt import GPT, GPT1, GPT2_SMALL, GPT2_XL, GPT3
from reference.landscape import LANDSCAPE, draw_landscape


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


def test_the_picture_shows_every_model_and_tells_kinds_without_colour():
    axes = Figure().subplots()
    draw_landscape(axes)
    assert sorted(text.get_text() for text in axes.texts) == sorted(LANDSCAPE)
    shown = sorted(y for line in axes.lines for y in line.get_ydata())
    assert shown == sorted(size_of(name) for name in LANDSCAPE)
    assert len({line.get_marker() for line in axes.lines}) == 3
    assert {line.get_color() for line in axes.lines} == {"black"}
    assert axes.get_yscale() == "log"
