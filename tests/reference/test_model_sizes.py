"""model_sizes.py against torch's FLOP counter and by hand; counts of modules: test_landscape.py."""

import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from reference.bert import BERT_BASE, Bert
from reference.gpt import GPT, GPT2_SMALL
from reference.landscape import LANDSCAPE
from reference.model_sizes import Architecture, forward_flops, six_nd, training_flops


def on_meta(make):
    with torch.device("meta"):
        return make()


def ids(*shape):
    return torch.zeros(shape, dtype=torch.long, device="meta")


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


def test_the_parts_of_a_tiny_model_by_hand():
    """Width 2, one head, d_ff 3: attention 4 (4 + 2), feed-forward 6 + 3 + 6 + 2, norms 3 x 4."""
    tiny = Architecture(d_model=2, n_heads=1, d_ff=3, vocab_size=5, decoder_layers=1, positions=4)
    assert tiny.parameters() == (18, 24, 17, 12, 0)
    assert tiny.parameters().total == 71
    # 3 tokens: maps 2 x 3 x 16, scores and sums 4 x 9 x 2, network 2 x 3 x 12, logits 2 x 3 x 10
    assert forward_flops(tiny, 3) == 96 + 72 + 72 + 60
    assert training_flops(tiny, 300, 3) == 3 * 300 * 100
    assert six_nd(tiny, 100) == 6 * 71 * 100


def counted(run):
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


@pytest.mark.parity
@pytest.mark.parametrize("n", [1, 7, 512])
def test_flops_equal_torchs_count_forward_and_backward(n):
    gpt, bert = on_meta(lambda: GPT(GPT2_SMALL)), on_meta(lambda: Bert(BERT_BASE))
    small = LANDSCAPE["GPT-2 small"].architecture
    assert counted(lambda: gpt(ids(1, n))) == forward_flops(small, n)
    assert counted(lambda: gpt(ids(1, n)).sum().backward()) == training_flops(small, n, n)
    of_bert = forward_flops(LANDSCAPE["BERT base"].architecture, n)
    assert counted(lambda: bert(ids(1, n))) == of_bert


@pytest.mark.parity
def test_flops_of_an_encoder_decoder_equal_torchs_count():
    t5 = on_meta(lambda: t5_of_transformers("T5 small"))
    run = lambda: t5(input_ids=ids(1, 11), decoder_input_ids=ids(1, 5))  # noqa: E731
    architecture = LANDSCAPE["T5 small"].architecture
    assert counted(run) == forward_flops(architecture, 5, source=11)
    assert counted(run) != forward_flops(architecture, 11, source=5)


class TransformerXL(torch.nn.Module):
    """Self-attention with the relative positions of Dai et al. 2019, §3.3: no norm, no shift."""

    def __init__(self, d, n_heads, d_head):
        super().__init__()
        width = n_heads * d_head
        self.heads = (n_heads, d_head)
        self.q, self.k, self.v, self.r = (torch.nn.Linear(d, width, bias=False) for _ in range(4))
        self.out = torch.nn.Linear(width, d, bias=False)
        self.of_content, self.of_position = (
            torch.nn.Parameter(torch.zeros(1, n_heads, 1, d_head)) for _ in range(2)
        )

    def forward(self, x, distances):
        q, k, v, r = (
            map_(y).unflatten(-1, self.heads).transpose(1, 2)
            for map_, y in ((self.q, x), (self.k, x), (self.v, x), (self.r, distances))
        )
        scores = (q + self.of_content) @ k.mT + (q + self.of_position) @ r.mT
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


@pytest.mark.parametrize(("d", "n_heads", "d_head", "n"), [(8, 2, 4, 5), (12, 3, 2, 7)])
def test_relative_maps_are_counted_as_in_a_module_that_has_them(d, n_heads, d_head, n):
    """Beside an equal model without attention's parts: the difference of two counts."""
    sizes = {"d_model": d, "n_heads": n_heads, "d_head": d_head, "d_ff": 4 * d, "vocab_size": 10}
    sizes |= {"decoder_layers": 2, "biases": False}
    relative, absolute = Architecture(**sizes, relative_maps=True), Architecture(**sizes)
    layer = on_meta(lambda: TransformerXL(d, n_heads, d_head))
    assert relative.parameters().attention == 2 * sum(p.numel() for p in layer.parameters())
    assert relative.parameters()[2:] == absolute.parameters()[2:]
    x = torch.zeros(1, n, d, device="meta")
    flops = 2 * counted(lambda: layer(x, x))
    of_the_rest = 2 * (2 * n * d * 4 * d * 2) + 2 * n * d * 10
    assert forward_flops(relative, n) == flops + of_the_rest
    assert forward_flops(absolute, n) < flops + of_the_rest


def test_the_rule_of_thumb_is_near_for_gpt3_and_low_for_long_sequences():
    gpt3 = LANDSCAPE["GPT-3"].architecture
    assert 1 < training_flops(gpt3, 1, 2048) / six_nd(gpt3, 1) < 1.05
    assert training_flops(gpt3, 1, 100_000) / six_nd(gpt3, 1) > 2


def test_what_is_wrong_is_said():
    sizes = {"d_model": 10, "n_heads": 4, "d_ff": 3, "vocab_size": 5}
    with pytest.raises(ValueError, match=r"n_heads must divide d_model: got d_model=10, n_heads=4"):
        Architecture(**sizes, decoder_layers=1)
    with pytest.raises(ValueError, match=r"in a decoder alone.*: got encoder_layers=2; leave one"):
        Architecture(**sizes, d_head=2, encoder_layers=2, relative_maps=True)
    with pytest.raises(ValueError, match=r"a model must have layers: got none; give encoder"):
        Architecture(**sizes, d_head=2)
    for name, n, source in (("GPT-3", 0, 0), ("GPT-3", 5, 5), ("T5 base", 5, 0)):
        with pytest.raises(ValueError, match=rf"got n={n}, source={source}; count the tokens of"):
            forward_flops(LANDSCAPE[name].architecture, n, source)
