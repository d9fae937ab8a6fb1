"""fine_tuning.py against transformers with the same head, and a task that is learned."""

from functools import partial

import pytest
import torch
import transformers
from torch.nn import functional as F

from reference.fine_tuning import (
    Classifier,
    Rows,
    accuracy,
    fine_tune,
    first_state,
    last_state,
    mean_state,
)
from reference.training import warmup_linear

# One float64 computation in two orders; outputs are of order 10. Seen: 30 eps.
EXACT = 256 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
VECTOR_OF = {"encoder": mean_state, "decoder": last_state, "encoder-decoder": first_state}
KINDS = list(VECTOR_OF)


def rows_of(lengths, n_classes=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    b, n = len(lengths), max(lengths)
    mask = (torch.arange(n) < torch.tensor(lengths)[:, None]).long()
    ids = torch.randint(1, 23, (b, n), generator=generator) * mask
    return Rows(ids, mask, torch.randint(n_classes, (b,), generator=generator))


@pytest.fixture
def classifier(model_to_adapt, normal):
    """A classifier with a head as after training, in float64."""

    def make(kind, n_classes=3):
        model = Classifier(
            model_to_adapt(kind), d_model=12, n_classes=n_classes, vector_of=VECTOR_OF[kind]
        ).double()
        model.head.weight.data.copy_(normal(50, n_classes, 12))
        model.head.bias.data.copy_(normal(51, n_classes))
        return model.eval()

    return make


@pytest.mark.parity
def test_a_decoders_logits_equal_transformers_classifier(classifier, as_transformers, assert_far):
    ours, rows = classifier("decoder"), rows_of([9, 1, 4])
    body = as_transformers(ours.model)
    body.config.pad_token_id, body.config.num_labels = 0, 3
    theirs = transformers.GPT2ForSequenceClassification(body.config).double().eval()
    theirs.transformer = body.transformer
    theirs.score.weight.data.copy_(ours.head.weight)  # their head has no bias
    expected = theirs(rows.input_ids, attention_mask=rows.attention_mask).logits + ours.head.bias
    assert_close(ours(rows.input_ids, rows.attention_mask), expected, atol=EXACT)
    assert_far(ours(rows.input_ids, torch.ones_like(rows.input_ids)), expected, atol=EXACT)


@pytest.mark.parity
def test_an_encoders_logits_equal_transformers_states_averaged(
    classifier, as_transformers, assert_far
):
    ours, rows = classifier("encoder"), rows_of([9, 1, 4])
    states = as_transformers(ours.model)(rows.input_ids, rows.attention_mask).last_hidden_state
    means = [state[:n].mean(0) for state, n in zip(states, [9, 1, 4], strict=True)]
    expected = F.linear(torch.stack(means), ours.head.weight, ours.head.bias)
    assert_close(ours(rows.input_ids, rows.attention_mask), expected, atol=EXACT)
    wrong = F.linear(states.mean(1), ours.head.weight, ours.head.bias)
    assert_far(ours(rows.input_ids, rows.attention_mask), wrong, atol=EXACT)


def test_an_encoder_decoders_vector_is_the_state_behind_the_answers_first_token(
    model_to_adapt, assert_far
):
    model, rows = model_to_adapt("encoder-decoder"), rows_of([9, 1, 4])
    found = first_state(model, rows.input_ids, rows.attention_mask, start_id=2)
    for i, n in enumerate([9, 1, 4]):
        memory = model.encoder(model.token(rows.input_ids[i, :n]))
        answer = model.token(torch.tensor([2, 7, 5]))  # what comes later is not seen
        states = model.decoder(answer, None, memory)
        assert_close(found[i], states[0], atol=EXACT)
        assert_far(found[i], states[1], atol=EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_has_no_influence(kind, classifier):
    model, rows = classifier(kind), rows_of([9, 1, 4])
    whole = model(rows.input_ids, rows.attention_mask)
    for i, n in enumerate([9, 1, 4]):
        alone = model(rows.input_ids[i : i + 1, :n], rows.attention_mask[i : i + 1, :n])
        assert_close(whole[i : i + 1], alone, atol=EXACT)


def test_taken_rows_are_no_wider_than_the_longest():
    rows = rows_of([9, 1, 4])
    taken = rows.take(torch.tensor([2, 1]))
    assert taken.input_ids.tolist() == rows.input_ids[[2, 1], :4].tolist()
    assert taken.attention_mask.tolist() == [[1, 1, 1, 1], [1, 0, 0, 0]]
    assert taken.labels.tolist() == rows.labels[[2, 1]].tolist()


def test_accuracy_by_hand(classifier):
    """Whatever order and batches it goes by."""
    model, rows = classifier("encoder"), rows_of([9, 1, 4, 2, 9, 5, 3])
    found = model(rows.input_ids, rows.attention_mask).argmax(-1)
    labels = found.clone()
    labels[[1, 5]] = (labels[[1, 5]] + 1) % 3
    for batch_size in (1, 3, 100):
        assert accuracy(model, rows._replace(labels=labels), batch_size) == 5 / 7


def test_the_first_steps_are_those_of_adamw_on_the_rows_drawn(classifier):
    """All rows in each batch: their order changes the mean's rounding alone."""
    ours, theirs, rows = classifier("decoder"), classifier("decoder"), rows_of([9, 1, 4])
    for module in (*ours.modules(), *theirs.modules()):
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    seen = []
    run = fine_tune(ours, rows, steps=10, lr=1e-3, on_step=seen.append)
    assert run.losses == seen
    assert len(seen) == 10
    matrices = [p for p in theirs.parameters() if p.ndim >= 2]
    others = [p for p in theirs.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    )
    for step, loss_seen in enumerate(seen):
        loss = F.cross_entropy(theirs(rows.input_ids, rows.attention_mask), rows.labels)
        assert loss.item() == pytest.approx(loss_seen, abs=1e-9)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * warmup_linear(step, warmup=1, total=10)
        optimizer.step()


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_task_that_can_be_learned_is_learned(kind, model_to_adapt):
    """From which half of the vocabulary do most of the tokens come?"""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 2
    half = labels[:, None] ^ (torch.rand(300, 6, generator=generator) < 0.15).long()
    ids = torch.randint(11, (300, 6), generator=generator) + 11 * half
    rows = Rows(ids, torch.ones_like(ids), labels)
    model = Classifier(
        model_to_adapt(kind).float(), d_model=12, n_classes=2, vector_of=VECTOR_OF[kind]
    )
    train, unseen = rows.take(torch.arange(200)), rows.take(torch.arange(200, 300))
    assert accuracy(model, unseen) < 0.75
    run = fine_tune(model, train, steps=120, lr=1e-2, seed=1)
    assert not model.training
    assert sum(run.losses[-20:]) < sum(run.losses[:20]) / 2
    assert accuracy(model, unseen) > 0.85


def test_equal_seeds_make_equal_runs(classifier):
    rows = rows_of([5, 3, 2, 4, 6, 1, 3, 5] * 4)

    def losses(seed):
        return fine_tune(
            classifier("encoder"), rows, steps=4, lr=1e-3, batch_size=4, seed=seed
        ).losses

    assert losses(3) == losses(3)
    assert losses(3) != losses(4)
