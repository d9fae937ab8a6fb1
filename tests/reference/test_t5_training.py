"""t5_training.py: where a fresh decoder looks, and how far the optimiser steps."""

import torch

from reference.pretrain_t5 import Settings, begin, logits_of, sentinels_of, span_rows
from reference.t5_training import BIAS_SIZE, adafactor

TEXT = (torch.arange(400) % 7) + 2
SETTINGS = Settings(max_length=14, vocab_size=9, n_sentinels=4, d_model=64, n_heads=2)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_a_sentinel_of_the_targets_first_looks_for_itself_in_the_inputs():
    """By chance it would be one of fourteen."""
    model = begin(TEXT, SETTINGS).model.eval()
    rows = span_rows(TEXT, 50, SETTINGS, seeded(1))
    attention, seen = model.decoder.layers[0].cross_attention, []
    compute = attention.attention

    def spy(q, k, v, mask):
        seen.append((q @ k.mT).softmax(-1).mean(1))  # (b, n, m)
        return compute(q, k, v, mask)

    attention.attention = spy
    logits_of(model, rows)
    # each row has one span: the targets, read one later, ask for it behind the start
    own = (rows.inputs == sentinels_of(SETTINGS)[0]).int().argmax(1)
    assert (seen[0][:, 1].argmax(-1) == own).double().mean() > 0.9


def test_a_step_is_a_share_of_a_weights_size_and_position_biases_step_as_larger_ones():
    model = begin(TEXT, SETTINGS).model
    optimizer = adafactor(model, lr=0.01)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.randn(p.shape, generator=seeded(p.numel()))
    optimizer.step()
    for name, p in model.named_parameters():
        size = before[name].square().mean().sqrt()
        size = BIAS_SIZE if "bias" in name else size
        step = (p - before[name]).square().mean().sqrt()
        # the first step is the gradient over its size in rows and columns: about 1
        assert 0.8 < step / (0.01 * size) < 1.01, name
    sizes = {name: value.square().mean().sqrt() for name, value in before.items()}
    assert sizes["token.weight"] > 10 * sizes["decoder.layers.0.cross_attention.query.weight"]
