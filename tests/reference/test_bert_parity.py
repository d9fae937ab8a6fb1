"""bert.py against transformers' BERT with the same weights, and against its counts."""

from functools import partial

import pytest
import torch
import transformers
from torch import nn

from reference.bert import (
    BERT_BASE,
    BERT_LARGE,
    BertConfig,
    BertForPreTraining,
    MLMHead,
    pretraining_loss,
)
from reference.encoder import AddAndNorm
from reference.feed_forward import FeedForward

# One float64 computation in two orders, as counted where the encoder is compared with torch's; both
# losses and all logits are of order 1. Seen: 4 eps.
EXACT = 32 * torch.finfo(torch.float64).eps
# The loss is a mean, and so no entry of a gradient exceeds 0.5. Seen: 0.75 eps.
EXACT_GRADIENT = 8 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)

NAMES = {
    "mlm_head.transform": "cls.predictions.transform.dense",
    "mlm_head.norm": "cls.predictions.transform.LayerNorm",
    "mlm_head.bias": "cls.predictions.bias",
    "nsp_head": "cls.seq_relationship",
    "bert.pooler": "bert.pooler.dense",
    "embeddings.token": "embeddings.word_embeddings",
    "embeddings.segment": "embeddings.token_type_embeddings",
    "embeddings.position": "embeddings.position_embeddings",
    "embeddings.norm": "embeddings.LayerNorm",
    "encoder.layers": "encoder.layer",
    "attention.output": "attention.output.dense",
    "attention.query": "attention.self.query",
    "attention.key": "attention.self.key",
    "attention.value": "attention.self.value",
    "around_attention.norm": "attention.output.LayerNorm",
    "feed_forward.first": "intermediate.dense",
    "feed_forward.second": "output.dense",
    "around_feed_forward.norm": "output.LayerNorm",
}
SMALL = BertConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=23, max_length=9)


def as_transformers(ours):
    """Weights or gradients of ours under their names; their NSP head has IsNext in row 0."""
    theirs = {}
    for name, tensor in ours.items():
        for our_name, their_name in NAMES.items():
            name = name.replace(our_name, their_name)
        theirs[name] = tensor.flip(0) if "seq_relationship" in name else tensor
    return theirs


def gradients(model):
    return {name: p.grad for name, p in model.named_parameters()}


def config_of_theirs(config):
    return transformers.BertConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.d_model,
        num_hidden_layers=config.n_layers,
        num_attention_heads=config.n_heads,
        intermediate_size=4 * config.d_model,
        max_position_embeddings=config.max_length,
        pad_token_id=None,  # else one token's embedding gets no gradient from the input
        attn_implementation="eager",
    )


def transformers_model(ours, config):
    """Their model with the weights of ours; the decoder's are the embeddings', and tied."""
    theirs = transformers.BertForPreTraining(config_of_theirs(config)).double().eval()
    weights = as_transformers(ours.state_dict())
    weights["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"]
    weights["cls.predictions.decoder.bias"] = weights["cls.predictions.bias"]
    theirs.load_state_dict(weights)
    return theirs


@pytest.fixture
def model_of(layer_of):
    """Make our model of these sizes, in float64, with all parameters drawn from a seed."""

    def make(seed, config):
        kind = lambda d_model, n_heads: BertForPreTraining(config)  # noqa: E731
        return layer_of(seed, config.d_model, config.n_heads, kind=kind).eval()

    return make


def batch(config, lengths, seed=0):
    """Rows of these lengths: ids, segments that change at a random place, mask, and labels."""
    generator = torch.Generator().manual_seed(seed)
    b, n = len(lengths), max(lengths)
    draw = partial(torch.randint, generator=generator)
    input_ids = draw(config.vocab_size, (b, n))
    token_type_ids = (torch.arange(n) >= draw(n, (b, 1))).long()
    attention_mask = (torch.arange(n) < torch.tensor(lengths)[:, None]).long()
    labels = draw(config.vocab_size, (b, n))
    labels[(draw(3, (b, n)) > 0) | (attention_mask == 0)] = -100
    labels[0, 0] = 5
    return input_ids, token_type_ids, attention_mask, labels


@pytest.mark.parity
@pytest.mark.parametrize(
    ("change", "lengths"),
    [
        ({}, [9, 4, 1, 6]),
        ({"n_heads": 1, "n_layers": 1}, [5, 5]),
        ({"n_heads": 4, "vocab_size": 40, "max_length": 16}, [7]),
        ({"n_heads": 6, "d_model": 24, "n_layers": 3}, [2, 8, 8]),
    ],
    ids=str,
)
def test_outputs_loss_and_all_gradients_equal_transformers(
    change, lengths, model_of, normal, assert_far
):
    config = BertConfig(**{**vars(SMALL), **change})
    ours = model_of(0, config)
    theirs = transformers_model(ours, config)
    input_ids, token_type_ids, attention_mask, labels = batch(config, lengths)
    is_next = torch.arange(len(lengths)) % 2 == 0

    mlm_logits, nsp_logits = ours(input_ids, token_type_ids, attention_mask)
    expected = theirs(
        input_ids,
        attention_mask=attention_mask,
        token_type_ids=token_type_ids,
        labels=labels,
        next_sentence_label=(~is_next).long(),
    )
    loss = pretraining_loss(mlm_logits, labels, nsp_logits, is_next)
    assert_close(mlm_logits, expected.prediction_logits, atol=EXACT)
    assert_close(nsp_logits, expected.seq_relationship_logits.flip(-1), atol=EXACT)
    assert_close(loss, expected.loss, atol=EXACT)

    loss.backward()
    expected.loss.backward()
    found = as_transformers(gradients(ours))
    assert_close(found, gradients(theirs), atol=EXACT_GRADIENT)
    in_float32 = {name: gradient.float().double() for name, gradient in found.items()}
    assert_far(in_float32, gradients(theirs), atol=EXACT_GRADIENT)


@pytest.mark.parity
def test_states_and_pooled_state_equal_transformers_with_and_without_the_optional_inputs(model_of):
    ours = model_of(0, SMALL)
    theirs = transformers_model(ours, SMALL).bert
    input_ids, token_type_ids, attention_mask, _ = batch(SMALL, [9, 4, 1])
    for segments in (None, token_type_ids):
        for mask in (None, attention_mask):
            states, pooled = ours.bert(input_ids, segments, mask)
            expected = theirs(input_ids, attention_mask=mask, token_type_ids=segments)
            assert_close(states, expected.last_hidden_state, atol=EXACT)
            assert_close(pooled, expected.pooler_output, atol=EXACT)


def every(kind, **attributes):
    """Change attributes of all modules of a kind within a model."""

    def change(model):
        for module in model.modules():
            if isinstance(module, kind):
                vars(module).update(attributes)

    return change


def edited(name, edit):
    """Change one parameter."""

    def change(model):
        parameter = model.get_parameter(name)
        parameter.data = edit(parameter.data)

    return change


def without(name):
    """Take out one module: let what comes in go out."""

    def change(model):
        model.set_submodule(name, nn.Identity())

    return change


def untie(model):
    head = model.mlm_head
    embedding = model.bert.embeddings.token.weight.roll(1, 0)
    head.forward = lambda states, _: MLMHead.forward(head, states, embedding)


def pool_the_last(model):
    model.bert.pooler.register_forward_pre_hook(lambda _, states: (states[0].flip(0),))


WRONG = {
    "no segments": edited("bert.embeddings.segment.weight", torch.zeros_like),
    "segments swapped": edited("bert.embeddings.segment.weight", lambda w: w.flip(0)),
    "positions from 1": edited("bert.embeddings.position.weight", lambda w: w.roll(-1, 0)),
    "embeddings without LayerNorm": without("bert.embeddings.norm"),
    "torch's eps": every(nn.LayerNorm, eps=1e-5),
    "ReLU": every(FeedForward, activation="relu"),
    "pre-norm": every(AddAndNorm, norm_first=True),
    "another row's [CLS]": pool_the_last,
    "IsNext first": edited("nsp_head.weight", lambda w: w.flip(0)),
    "MLM head without LayerNorm": without("mlm_head.norm"),
    "MLM head without a layer": without("mlm_head.transform"),
    "MLM head without a bias": edited("mlm_head.bias", torch.zeros_like),
    "MLM head not tied": untie,
}


@pytest.mark.parametrize("change", WRONG)
def test_the_tolerance_tells_wrong_from_right(change, model_of, assert_far):
    ours = model_of(0, SMALL)
    theirs = transformers_model(ours, SMALL)
    *inputs, _ = batch(SMALL, [9, 4, 1, 6])
    outputs = theirs(inputs[0], token_type_ids=inputs[1], attention_mask=inputs[2])
    expected = outputs.prediction_logits, outputs.seq_relationship_logits.flip(-1)
    assert_close(ours(*inputs), expected, atol=EXACT)
    assert_far(ours(*inputs[:2]), expected, atol=EXACT)
    WRONG[change](ours)
    assert_far(ours(*inputs), expected, atol=EXACT)


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parity
@pytest.mark.parametrize(
    ("config", "of_encoder", "with_heads", "millions"),
    [(BERT_BASE, 109_482_240, 110_106_428, 109.5), (BERT_LARGE, 335_141_888, 336_226_108, 335.1)],
    ids=["base", "large"],
)
def test_the_published_sizes_have_as_many_parameters_as_transformers(
    config, of_encoder, with_heads, millions
):
    """The lecture counts embeddings, encoder and pooler; the heads serve pre-training alone."""
    with torch.device("meta"):
        ours = BertForPreTraining(config)
        theirs = transformers.BertForPreTraining(config_of_theirs(config))
    assert count(ours.bert) == count(theirs.bert) == of_encoder
    assert count(ours) == count(theirs) == with_heads
    assert round(of_encoder / 1e6, 1) == millions
    # the same by hand: a linear map of i inputs and o outputs has (i + 1) o, LayerNorm 2 d
    d, v = config.d_model, 30_522
    layer = 4 * (d + 1) * d + (d + 1) * 4 * d + (4 * d + 1) * d + 2 * 2 * d
    embeddings = (v + 512 + 2) * d + 2 * d
    assert of_encoder == embeddings + config.n_layers * layer + (d + 1) * d
    assert with_heads == of_encoder + (d + 1) * d + 2 * d + v + (d + 1) * 2
