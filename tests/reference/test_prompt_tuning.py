"""prompt_tuning.py against peft with the same weights, and against tokens in the prompt's place."""

from functools import partial

import peft
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from reference.bert import BertConfig, BertForPreTraining
from reference.prompt_tuning import SoftPrompt, add_prompt

# One float64 computation in two orders; outputs are of order 10. Seen: 30 eps.
EXACT = 256 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
KINDS = ["encoder", "decoder"]
P = 5


@pytest.fixture
def ids():
    return torch.randint(23, (3, 8), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def mask():
    return (torch.arange(8) < torch.tensor([8, 3, 6])[:, None]).long()


def outputs(model, ids, mask):
    """Of an encoder, all states; of a decoder, all logits (what pads the right is not seen).

    An encoder-decoder answers with the text's last three tokens.
    """
    if hasattr(model, "blocks"):
        return model(ids)
    if hasattr(model, "decoder"):
        return model(ids, ids[:, -3:], mask)
    return model(ids, attention_mask=mask)[0]


def prompted(model, prompt, ids, mask):
    return outputs(model, prompt.before(ids), F.pad(mask, (P, 0), value=1))


def with_peft(theirs, kind, vectors):
    task = {"encoder": "FEATURE_EXTRACTION", "decoder": "CAUSAL_LM"}[kind]
    config = peft.PromptTuningConfig(
        task_type=task, num_virtual_tokens=P, token_dim=12, num_layers=2, num_attention_heads=3
    )
    theirs = peft.get_peft_model(theirs, config).double().eval()
    embedding = theirs.prompt_encoder["default"].embedding
    embedding.weight.data.copy_(vectors)
    return theirs, embedding


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks for it
@pytest.mark.parity
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_and_gradients_equal_peft(
    kind, model_to_adapt, as_transformers, normal, ids, mask, assert_far
):
    ours = model_to_adapt(kind)
    theirs = as_transformers(ours)
    prompt = add_prompt(ours, P)
    prompt.vectors.data.copy_(normal(7, P, 12))
    theirs, embedding = with_peft(theirs, kind, prompt.vectors)

    is_token = F.pad(mask, (P, 0), value=1).bool()  # what stands on padding means nothing
    found = prompted(ours, prompt, ids, mask)[is_token]
    expected = theirs(ids, attention_mask=mask)[0][is_token]
    assert_close(found, expected, atol=EXACT)
    weights = normal(99, *expected.shape)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    assert_close(prompt.vectors.grad, embedding.weight.grad, atol=EXACT)
    assert_far(prompt.vectors.grad.float().double(), embedding.weight.grad, atol=EXACT)

    for wrong in (prompt.vectors.flip(0), torch.zeros(P, 12), prompt.vectors * (1 + 1e-9)):
        prompt.vectors.data = wrong.detach().double()
        assert_far(prompted(ours, prompt, ids, mask)[is_token], expected, atol=EXACT)


@pytest.mark.parametrize("kind", [*KINDS, "encoder-decoder"])
def test_a_prompt_of_tokens_vectors_equals_those_tokens(kind, model_to_adapt, ids, mask):
    model, tokens = model_to_adapt(kind), torch.tensor([4, 22, 0, 4, 9])
    before = torch.cat([tokens.expand(3, P), ids], -1)
    expected = outputs(model, before, F.pad(mask, (P, 0), value=1))
    prompt = add_prompt(model, P)
    prompt.vectors.data.copy_(prompt.weight[tokens])
    assert torch.equal(prompted(model, prompt, ids, mask), expected)


@pytest.mark.parametrize("kind", [*KINDS, "encoder-decoder"])
def test_without_the_prompts_ids_the_model_is_as_it_was(kind, model_to_adapt, ids, mask):
    model = model_to_adapt(kind)
    expected = outputs(model, ids, mask)
    add_prompt(model, P)
    assert torch.equal(outputs(model, ids, mask), expected)


def test_a_tied_head_predicts_the_vocabulary_alone():
    model = BertForPreTraining(BertConfig(n_layers=1, d_model=8, n_heads=2, vocab_size=23))
    prompt = add_prompt(model, 2)
    logits, _ = model(prompt.before(torch.tensor([[3, 4, 5]])))
    assert logits.shape == (1, 5, 23)


def test_ids_and_vectors_stand_in_the_prompts_order():
    prompt = SoftPrompt(nn.Embedding(50, 4), 3)
    assert prompt.before(torch.tensor([7])).tolist() == [50, 51, 52, 7]
    assert prompt.before(torch.tensor([[[7], [8]]]))[0, 1].tolist() == [50, 51, 52, 8]
    assert prompt.before(torch.tensor([7], dtype=torch.int32)).dtype == torch.int32
    found = prompt(torch.tensor([52, 49, 50]))
    assert torch.equal(
        found, torch.stack([prompt.vectors[2], prompt.weight[49], prompt.vectors[0]])
    )


def test_only_the_vectors_are_trained_and_they_start_as_tokens(model_to_adapt):
    model = model_to_adapt("decoder")
    prompt = add_prompt(model, 7, generator=torch.Generator().manual_seed(1))
    assert [name for name, p in model.named_parameters() if p.requires_grad] == ["token.vectors"]
    starts = (prompt.vectors[:, None] == prompt.weight).all(-1)
    assert starts.any(1).all()
    assert len(set(starts.int().argmax(1).tolist())) > 1
    again = SoftPrompt(prompt.base, 7, torch.Generator().manual_seed(1))
    assert torch.equal(again.vectors, prompt.vectors)
    prompt.vectors.data.zero_()
    assert prompt.weight.abs().min() > 0  # copies, not the vocabulary's own


def test_what_is_wrong_is_said(model_to_adapt):
    with pytest.raises(ValueError, match="n_prompt must be 1 or more: got 0; the paper's models"):
        add_prompt(model_to_adapt("encoder"), 0)
    with pytest.raises(ValueError, match="no Embedding named word: got position, segment, token;"):
        add_prompt(model_to_adapt("encoder"), 2, embedding="word")
    both = nn.ModuleDict({"first": model_to_adapt("encoder"), "second": model_to_adapt("decoder")})
    with pytest.raises(
        ValueError, match=r"named 'token': got first.embeddings.token, second.token"
    ):
        add_prompt(both, 2)
