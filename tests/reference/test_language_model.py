"""language_model.py: the chain rule by sums over all sequences, others' models, and by hand."""

import math
from itertools import product

import nltk.lm
import pytest
import torch
import transformers
from hypothesis import given, settings, strategies as st

from reference.gpt import GPT, GPTConfig
from reference.language_model import (
    Factor,
    LanguageModel,
    Uniform,
    bits_per_byte,
    factorise,
    perplexity,
)

WORDS = ["the", "cat", "sat", "on", "mat"]
SENTENCE = [0, 1, 2, 3, 0, 4]
EPS = torch.finfo(torch.float64).eps
# A sum of at most 100 logarithms of size 10 or less, each rounded twice. Seen: 2 eps.
EXACT = 2000 * EPS


class FromTable(LanguageModel):
    """Reads p(w | the length of the context, its last token) from random numbers."""

    def __init__(self, seed, vocab_size):
        self.vocab_size = vocab_size
        generator = torch.Generator().manual_seed(seed)
        table = torch.rand(7, vocab_size + 1, vocab_size, generator=generator, dtype=torch.float64)
        self.table = table / table.sum(-1, keepdim=True)

    def next_token_probs(self, context):
        return self.table[len(context) % 7, context[-1] if context else -1]


@given(seed=st.integers(0, 2**31), vocab_size=st.integers(1, 4), n=st.integers(0, 4))
@settings(max_examples=30)
def test_the_probabilities_of_all_sequences_of_a_length_sum_to_one(seed, vocab_size, n):
    model = FromTable(seed, vocab_size)
    probs = [math.exp(model.log_prob(w)) for w in product(range(vocab_size), repeat=n)]
    assert math.fsum(probs) == pytest.approx(1, abs=EXACT)


@given(seed=st.integers(0, 2**31), cut=st.integers(0, 6))
@settings(max_examples=30)
def test_a_sequence_may_be_cut_anywhere(seed, cut):
    """log p(a b) = log p(a) + log p(b | a)."""
    model = FromTable(seed, 5)
    whole = model.log_prob(SENTENCE)
    first, second = SENTENCE[:cut], SENTENCE[cut:]
    parts = model.log_prob(first) + model.log_prob(second, context=first)
    assert parts == pytest.approx(whole, abs=EXACT)


def test_the_slides_sentence_term_by_term():
    model = FromTable(0, 5)
    factors = factorise(model, SENTENCE, WORDS)
    assert [factor.text for factor in factors] == [
        "P(the)",
        "P(cat|the)",
        "P(sat|the cat)",
        "P(on|the cat sat)",
        "P(the|the cat sat on)",
        "P(mat|the cat sat on the)",
    ]
    for i, factor in enumerate(factors):
        expected = model.next_token_probs(SENTENCE[:i])[SENTENCE[i]].item()
        assert factor.prob == pytest.approx(expected, rel=EXACT)
    product_of_terms = math.prod(factor.prob for factor in factors)
    assert math.log(product_of_terms) == pytest.approx(model.log_prob(SENTENCE), abs=EXACT)
    assert factorise(model, [], WORDS) == []
    assert factorise(Uniform(4), [2], WORDS) == [Factor("P(sat)", 0.25)]


class Certain(LanguageModel):
    """Knows that token i is followed by i + 1, and starts with 0."""

    vocab_size = 5

    def next_token_probs(self, context):
        probs = torch.zeros(5, dtype=torch.float64)
        probs[len(context) % 5] = 1
        return probs


def test_measures_by_hand():
    assert Certain().log_prob([0, 1, 2]) == 0
    assert perplexity(Certain(), [[0, 1], [0, 1, 2]]) == 1
    assert Certain().log_prob([0, 2]) == -math.inf
    assert perplexity(Certain(), [[0, 1], [0, 2]]) == math.inf
    assert Uniform(8).log_prob([]) == 0
    assert perplexity(Uniform(8), [[0], [], [3, 7, 7]]) == pytest.approx(8, rel=EXACT)
    # 4 tokens of 3 bits each, for a text of 6 bytes
    assert bits_per_byte(Uniform(8), [[0], [3, 7, 7]], n_bytes=6) == pytest.approx(2, rel=EXACT)


def test_perplexity_weighs_every_token_alike():
    """Three tokens, of probability 1, 1/2 and 1/4: a mean of 1 bit. A mean of means gives 0.75."""

    class Halving(LanguageModel):
        vocab_size = 4

        def next_token_probs(self, context):
            p = 2.0 ** -len(context)
            return torch.tensor([p, 1 - p, 0, 0], dtype=torch.float64)

    assert perplexity(Halving(), [[0], [0, 0, 0]]) == pytest.approx(2 ** (3 / 4), rel=EXACT)
    assert bits_per_byte(Halving(), [[0], [0, 0, 0]], n_bytes=12) == pytest.approx(1 / 4, rel=EXACT)


def test_a_long_text_has_a_log_probability_though_no_probability():
    log_prob = Uniform(50_000).log_prob([7] * 1000)
    assert math.exp(log_prob) == 0
    assert log_prob == pytest.approx(-1000 * math.log(50_000), rel=EXACT)


@pytest.mark.parity
def test_nltks_entropy_and_perplexity():
    """Of their model behind our interface: base 2 for the entropy, as here for bits."""
    text = "the cat sat on the mat the cat on the mat sat".split()
    theirs = nltk.lm.Laplace(2)
    bigrams = list(zip(text, text[1:], strict=False))
    theirs.fit([bigrams + [(word,) for word in text]], vocabulary_text=WORDS)

    class Theirs(LanguageModel):
        vocab_size = 5

        def next_token_probs(self, context):
            scores = [theirs.score(word, [WORDS[i] for i in context[-1:]]) for word in WORDS]
            scores = torch.tensor(scores, dtype=torch.float64)
            return scores / scores.sum()  # over the words: theirs keeps a part for unknown ones

    model, known = Theirs(), 1 - theirs.score("<UNK>", ["the"])
    ids = [WORDS.index(word) for word in text]
    log2_probs = [math.log2(theirs.score(b, [a])) for a, b in bigrams]
    first = model.log_prob(ids[:1])
    ours = model.log_prob(ids) - first
    unknown_shares = [1 - theirs.score("<UNK>", [a]) for a, _ in bigrams]
    ours += math.fsum(map(math.log, unknown_shares))
    assert known < 1
    assert -ours / math.log(2) / len(bigrams) == pytest.approx(theirs.entropy(bigrams), abs=EXACT)
    assert math.exp(-ours / len(bigrams)) == pytest.approx(theirs.perplexity(bigrams), rel=EXACT)
    assert ours / math.log(2) == pytest.approx(math.fsum(log2_probs), abs=EXACT)


class Neural(LanguageModel):
    """A GPT behind the interface: one token stands before every text, as <|endoftext|> does."""

    def __init__(self, gpt, start=0):
        self.gpt, self.start, self.vocab_size = gpt, start, gpt.config.vocab_size

    def next_token_probs(self, context):
        return self.gpt(torch.tensor([self.start, *context]))[-1].softmax(-1)

    def token_log_probs(self, sequence, context=()):
        ids = torch.tensor([self.start, *context, *sequence])
        log_probs = self.gpt(ids)[:-1].log_softmax(-1)
        return log_probs.gather(-1, ids[1:, None])[len(context) :, 0]


@pytest.fixture
def neural(layer_of):
    config = GPTConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=5, max_length=12)
    model = Neural(layer_of(0, 12, 3, kind=lambda d_model, n_heads: GPT(config)).eval())
    with torch.no_grad():
        yield model


def test_a_gpt_is_a_language_model(neural):
    for context in ([], [3], SENTENCE):
        assert neural.next_token_probs(context).sum().item() == pytest.approx(1, abs=EXACT)
    for context in ([], [4, 4]):
        step_by_step = LanguageModel.token_log_probs(neural, SENTENCE, context)
        in_one_pass = neural.token_log_probs(SENTENCE, context)
        torch.testing.assert_close(in_one_pass, step_by_step, rtol=0, atol=EXACT)
    probs = [math.exp(neural.log_prob(w)) for w in product(range(5), repeat=3)]
    assert math.fsum(probs) == pytest.approx(1, abs=EXACT)


@pytest.mark.parity
def test_log_probabilities_of_a_gpt_are_those_of_transformers(neural, assert_far):
    """Of a one-block GPT-2 whose blocks add nothing, so that copying its embeddings suffices."""
    gpt = neural.gpt
    for name, parameter in gpt.named_parameters():
        if "attention.output" in name or "second" in name:
            parameter.zero_()
    config = transformers.GPT2Config(
        vocab_size=5, n_embd=12, n_layer=1, n_head=3, n_positions=12, bos_token_id=0, eos_token_id=0
    )
    theirs = transformers.GPT2LMHeadModel(config).double().eval()
    state = theirs.state_dict()
    for name in state:
        if "c_proj" in name:
            state[name].zero_()
    state["transformer.wte.weight"].copy_(gpt.token.weight)
    state["transformer.wpe.weight"].copy_(gpt.position.weight)
    state["transformer.ln_f.weight"].copy_(gpt.norm.weight)
    state["transformer.ln_f.bias"].copy_(gpt.norm.bias)
    log_probs = theirs(torch.tensor([0, *SENTENCE])[None]).logits[0, :-1].log_softmax(-1)
    expected = log_probs[range(len(SENTENCE)), SENTENCE]
    torch.testing.assert_close(neural.token_log_probs(SENTENCE), expected, rtol=0, atol=EXACT)
    mean = expected.mean().item()  # their own loss is this in float32
    assert perplexity(neural, [SENTENCE]) == pytest.approx(math.exp(-mean), rel=EXACT)
    assert_far(expected, expected.float().double(), atol=EXACT)


def test_what_is_wrong_is_said():
    for strange in (-1, 5):
        with pytest.raises(
            ValueError, match=rf"between 0 and 4: got \[{strange}\]; encode the text"
        ):
            Uniform(5).log_prob([0, strange])
        with pytest.raises(
            ValueError, match=rf"between 0 and 4: got \[{strange}\]; encode the text"
        ):
            Uniform(5).log_prob([0], context=[strange])
    with pytest.raises(ValueError, match="one token at least: got 2 sequences, all empty; pass"):
        perplexity(Uniform(5), [[], []])
    with pytest.raises(ValueError, match="n_bytes must be 1 or more: got 0; count the text's"):
        bits_per_byte(Uniform(5), [[1]], n_bytes=0)
