"""adaptation.py: what every method trains of our models, what it leaves alone, that it works."""

import copy
import re
from dataclasses import replace

import pytest
import torch

from reference.adaptation import METHODS, adapt_and_measure, share_of, with_prompt
from reference.bert import BERT_BASE, BERT_LARGE, Bert, BertConfig
from reference.fine_tuning import Classifier, Rows, fine_tune, first_state, last_state, mean_state
from reference.gpt import GPT, GPT2_SMALL, GPTConfig
from reference.minilm import MINILM
from reference.prefix_tuning import add_prefix
from reference.prompt_tuning import SoftPrompt, add_prompt
from reference.t5 import T5, T5_SIZES, T5Config
from reference.trainable import load_trainable, save_trainable, trainable_share

VECTOR_OF = {"encoder": mean_state, "decoder": last_state, "encoder-decoder": first_state}
LIGHT = [name for name in METHODS if name not in ("probing", "fine-tuning")]
# T5 has no biases, and says so (see test_bitfit.py)
PAIRS = [(n, k) for k in VECTOR_OF for n in METHODS if (n, k) != ("BitFit", "encoder-decoder")]
every_method_on_every_kind = pytest.mark.parametrize(("name", "kind"), PAIRS)


def rows_from_halves(n, seed=0):
    """From which half of the vocabulary do most of the 6 tokens come?"""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    half = labels[:, None] ^ (torch.rand(n, 6, generator=generator) < 0.15).long()
    ids = torch.randint(11, (n, 6), generator=generator) + 11 * half
    return Rows(ids, torch.ones_like(ids), labels)


def by_hand(name, layers, d, encoder):
    """Parameters of each method: Lester, Li & Liang, Houlsby, Hu, and counting biases."""
    norms = 2 * layers + 1  # of the layers, and of the embeddings or the end
    return {
        "probing": 0,
        "prompt tuning": 20 * d,
        "BitFit": layers * (4 * d + 4 * d + d) + norms * d + (d if encoder else 0),
        "LoRA": layers * 2 * 8 * 2 * d,
        "prefix tuning": layers * 2 * 20 * d,
        "adapters": layers * 2 * (2 * 64 * d + 64 + d) + norms * 2 * d,
    }[name]


@pytest.mark.parametrize(
    ("kind", "config"),
    [(Bert, MINILM), (Bert, BERT_BASE), (Bert, BERT_LARGE), (GPT, GPT2_SMALL)],
    ids=["MiniLM", "BERT-base", "BERT-large", "GPT-2"],
)
@pytest.mark.parametrize("name", METHODS)
def test_counts_are_those_by_hand(name, kind, config):
    found = share_of(METHODS[name], lambda: kind(config), config.d_model)
    head = 2 * config.d_model + 2
    if name == "fine-tuning":
        assert found.trainable == found.total
    else:
        encoder = kind is Bert
        assert found.trainable - head == by_hand(name, config.n_layers, config.d_model, encoder)
        # the slide's claim holds for all but adapters of the usual width, at each of these sizes
        assert (found.share < 0.01) is (name != "adapters")


@pytest.mark.parametrize("size", ["t5-base", "t5-3b"])
@pytest.mark.parametrize("name", [name for name in METHODS if name != "BitFit"])
def test_counts_of_t5_are_those_by_hand(name, size):
    """Of each pair of layers: three attentions, five sub-layers; a norm at each stack's end."""
    config = T5_SIZES[size]
    n, d, d_all = config.n_layers, config.d_model, config.n_heads * config.d_head
    expected = {
        "probing": 0,
        "prompt tuning": 20 * d,
        "LoRA": 3 * n * 2 * 8 * (d + d_all),
        "prefix tuning": 3 * n * 2 * 20 * d_all,
        "adapters": 5 * n * (2 * 64 * d + 64 + d) + (5 * n + 2) * d,
    }
    found = share_of(METHODS[name], lambda: T5(config), d)
    if name == "fine-tuning":
        assert found.trainable == found.total
    else:
        assert found.trainable == expected[name] + 2 * d + 2
        if size == "t5-base":
            assert (found.share < 0.01) is (name != "adapters")


def test_of_a_tiny_model_no_lightweight_method_trains_fewer_than_one_percent(model_to_adapt):
    """Sums with d grow slower than those with d²: smaller models have larger shares."""
    for name in LIGHT:
        assert share_of(METHODS[name], lambda: model_to_adapt("encoder"), 12).share > 0.01, name


@every_method_on_every_kind
def test_what_is_frozen_stays_bit_identical_and_all_the_rest_moves(name, kind, model_to_adapt):
    model = model_to_adapt(kind).float()
    classifier = Classifier(model, d_model=12, n_classes=2, vector_of=VECTOR_OF[kind])
    rows = rows_from_halves(32)
    prompt = small(name).adapt(model, torch.Generator().manual_seed(0))
    rows = with_prompt(rows, prompt) if prompt else rows
    before = copy.deepcopy(classifier.state_dict())
    trained = {key for key, p in classifier.named_parameters() if p.requires_grad}
    fine_tune(classifier, rows, steps=12, lr=0.01)
    same = {k for k, v in classifier.state_dict().items() if torch.equal(v, before[k])}
    frozen = before.keys() - trained
    assert frozen <= same
    # Nothing pulls at BERT's pooler, which is no part of the mean of the states, nor at the queries
    # of T5's decoder, which have one key alone to ask.
    idle = {key for key in trained if re.search(r"pooler|decoder.*\.attention\.query\.up", key)}
    assert same - frozen <= idle
    assert {"head.weight", "head.bias"} <= trained


@every_method_on_every_kind
def test_the_trained_part_alone_brings_a_fresh_model_to_the_same_outputs(
    name, kind, model_to_adapt, tmp_path
):
    def make():
        model = model_to_adapt(kind).float()
        classifier = Classifier(model, d_model=12, n_classes=2, vector_of=VECTOR_OF[kind])
        return classifier, small(name).adapt(model, None)

    (trained, prompt), rows = make(), rows_from_halves(8)
    rows = with_prompt(rows, prompt) if prompt else rows
    fine_tune(trained, rows, steps=3, lr=0.1)
    save_trainable(trained, tmp_path / "task.safetensors")
    fresh, _ = make()
    inputs = rows.input_ids, rows.attention_mask
    assert not torch.equal(fresh.eval()(*inputs), trained(*inputs))
    load_trainable(fresh, tmp_path / "task.safetensors")
    assert torch.equal(fresh(*inputs), trained(*inputs))
    if name in LIGHT:
        whole = sum(p.numel() for p in fresh.parameters())
        assert trainable_share(fresh).trainable < whole


def small(name):
    """The method, with a prompt or prefix that leaves room for a row of 6 among 16 positions."""

    def prefix(model, generator):
        add_prefix(model, 3, generator=generator)

    adapt = {
        "prompt tuning": lambda model, generator: add_prompt(model, 3, generator=generator),
        "prefix tuning": prefix,
    }
    return replace(METHODS[name], adapt=adapt.get(name, METHODS[name].adapt))


@every_method_on_every_kind
def test_every_method_learns_a_task_and_says_what_it_trained(name, kind):
    """Fresh weights, which keep tokens apart: the head alone reads most of the answer from them."""
    method = small(name)
    method = replace(method, lr=0.01) if method.lr else method
    sizes = {"n_layers": 2, "d_model": 12, "n_heads": 3, "vocab_size": 23}
    make = {
        "encoder": lambda: Bert(BertConfig(**sizes, max_length=16)),
        "decoder": lambda: GPT(GPTConfig(**sizes, max_length=16)),
        "encoder-decoder": lambda: T5(T5Config(**sizes, d_head=4, d_ff=24)),
    }
    torch.manual_seed(0)
    model = make[kind]()
    seen = []
    result = adapt_and_measure(
        method,
        model,
        rows_from_halves(400),
        rows_from_halves(400, seed=1),
        d_model=12,
        steps=60,
        seed=0,
        vector_of=VECTOR_OF[kind],
        on_step=seen.append,
    )
    # 400 fair coins: 0.61 is 4.4 deviations above a half
    assert result.accuracy > 0.61
    assert len(seen) == (60 if method.lr else 0)
    expected = share_of(method, make[kind], 12)
    assert result[:2] == expected


def test_equal_seeds_make_equal_runs_and_others_differ(model_to_adapt):
    def losses(seed):
        seen = []
        adapt_and_measure(
            METHODS["LoRA"],
            model_to_adapt("encoder").float(),
            rows_from_halves(40),
            rows_from_halves(10),
            d_model=12,
            steps=3,
            seed=seed,
            on_step=seen.append,
        )
        return seen

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_a_prompt_stands_before_every_row_and_counts_as_tokens():
    rows = Rows(torch.tensor([[7, 0]]), torch.tensor([[1, 0]]), torch.tensor([1]))
    prompt = SoftPrompt(torch.nn.Embedding(50, 4), 2)
    found = with_prompt(rows, prompt)
    assert found.input_ids.tolist() == [[50, 51, 7, 0]]
    assert found.attention_mask.tolist() == [[1, 1, 1, 0]]
    assert found.labels is rows.labels
