"""generation.py: cached equals uncached, transformers' generate, and a Markov chain by hand."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy import stats
from torch.utils.flop_counter import FlopCounterMode

from reference.generation import Cached, generate, greedy, uncached
from reference.gpt import GPT, GPTConfig

# One float64 computation with the sums of a product in another order: as counted for the model
# itself, where it is compared with transformers'. Seen: 2 eps.
EXACT = 32 * torch.finfo(torch.float64).eps
SIZE = 1e-6  # of each statistical test: right code is rejected in one of a million seeds

assert_close = partial(torch.testing.assert_close, rtol=0)
some = settings(max_examples=10)
seeds = st.integers(0, 2**31)
SMALL = GPTConfig(n_layers=2, d_model=12, n_heads=3, vocab_size=23, max_length=16)
orders = pytest.mark.parametrize("norm_first", [True, False], ids=["GPT-2", "GPT-1"])


def ids(seed, *shape, high=23):
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed))


def draw(generator):
    """Choose at random, each token with the probability that its logit says."""

    def choose(logits):
        p = logits.softmax(-1).reshape(-1, logits.shape[-1])
        return torch.multinomial(p, 1, generator=generator).reshape(logits.shape[:-1])

    return choose


@pytest.fixture(scope="module")
def model_of(layer_of):
    """Make our GPT, in float64, with all parameters drawn from a seed."""

    def make(seed, config=SMALL):
        kind = lambda d_model, n_heads: GPT(config)  # noqa: E731
        return layer_of(seed, config.d_model, config.n_heads, kind=kind).eval()

    return make


@orders
@some
@given(
    chunks=st.lists(st.integers(1, 5), min_size=1, max_size=6).filter(lambda c: sum(c) <= 16),
    batch=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    seed=seeds,
)
def test_logits_of_a_text_that_grows_by_chunks_are_those_of_the_whole(
    norm_first, model_of, chunks, batch, seed
):
    model = model_of(seed, GPTConfig(**{**vars(SMALL), "norm_first": norm_first}))
    text, cached, end = ids(seed, *batch, sum(chunks)), Cached(model), 0
    for n in chunks:
        end += n
        assert_close(cached(text[..., :end]), model(text)[..., end - 1, :], atol=EXACT)


WRONG = {
    "positions from 0 again": lambda cached: setattr(
        cached.model, "embed", lambda new, first: GPT.embed(cached.model, new)
    ),
    "the past forgotten": lambda cached: cached.layers.clear() or setattr(cached, "length", 0),
    "keys of another layer": lambda cached: cached.layers.reverse(),
    "values for keys": lambda cached: cached.layers.__setitem__(0, cached.layers[0][::-1]),
}


@pytest.mark.parametrize("change", WRONG)
def test_the_tolerance_tells_wrong_caches_from_right(change, model_of, assert_far):
    model, text = model_of(0), ids(0, 2, 9)
    expected = model(text)[:, -1]
    cached = Cached(model)
    cached(text[:, :6])
    assert_close(cached(text), expected, atol=EXACT)
    cached = Cached(model)
    cached(text[:, :6])
    forgets = change == "the past forgotten"
    WRONG[change](cached)
    assert_far(cached(text[:, 6:] if forgets else text), expected, atol=EXACT)


@orders
@pytest.mark.parametrize("shape", [(1,), (5,), (3, 4), (2, 2, 3)], ids=str)
def test_texts_are_the_same_with_and_without_a_cache(norm_first, shape, model_of):
    model = model_of(3, GPTConfig(**{**vars(SMALL), "norm_first": norm_first}))
    prompt = ids(1, *shape)
    for choose in (lambda: greedy, lambda: draw(torch.Generator().manual_seed(7))):
        cached = generate(Cached(model), prompt, 10, choose())
        assert torch.equal(cached, generate(uncached(model), prompt, 10, choose()))
        assert torch.equal(cached[..., : shape[-1]], prompt)
        assert cached.shape == (*shape[:-1], shape[-1] + 10)
    drawn = [draw(torch.Generator().manual_seed(seed)) for seed in (7, 8)]
    texts = [generate(Cached(model), prompt, 10, choose) for choose in drawn]
    assert not torch.equal(*texts)


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(1, 1), (3, 4)], ids=str)
def test_greedy_texts_are_those_of_transformers(shape, model_of):
    """Both use a cache of their own. No two logits are near enough for a rounding to choose."""
    import transformers

    ours, prompt = model_of(0), ids(2, *shape)
    config = transformers.GPT2Config(
        vocab_size=23,
        n_embd=12,
        n_layer=2,
        n_head=3,
        n_positions=16,
        bos_token_id=None,
        eos_token_id=None,
        attn_implementation="eager",
    )
    theirs = transformers.GPT2LMHeadModel(config).double().eval()
    with torch.no_grad():
        theirs.transformer.wte.weight.copy_(ours.token.weight)
        theirs.transformer.wpe.weight.copy_(ours.position.weight)
        theirs.transformer.ln_f.load_state_dict(ours.norm.state_dict())
        for block, their_block in zip(ours.blocks, theirs.transformer.h, strict=True):
            attention, network = block.attention, block.feed_forward
            joined = [attention.query, attention.key, attention.value]
            their_block.attn.c_attn.weight.copy_(torch.cat([m.weight for m in joined]).mT)
            their_block.attn.c_attn.bias.copy_(torch.cat([m.bias for m in joined]))
            for map_, their_map in (
                (attention.output, their_block.attn.c_proj),
                (network.first, their_block.mlp.c_fc),
                (network.second, their_block.mlp.c_proj),
            ):
                their_map.weight.copy_(map_.weight.mT)
                their_map.bias.copy_(map_.bias)
            their_block.ln_1.load_state_dict(block.around_attention.norm.state_dict())
            their_block.ln_2.load_state_dict(block.around_feed_forward.norm.state_dict())
    expected = theirs.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=10,
        do_sample=False,
        pad_token_id=0,
    )
    actual = generate(Cached(ours), prompt, 10)
    assert torch.equal(actual, expected)
    assert len(set(actual[0].tolist())) >= 3  # a text, not one token for ever
    least_likely = generate(Cached(ours), prompt, 10, lambda logits: logits.argmin(-1))
    assert not torch.equal(least_likely, expected)


def test_the_cache_saves_the_work_it_promises(model_of):
    """Maps of 12 tokens once, not of 12, 13, …; scores of each new token alone."""
    model, prompt, d, v = model_of(0), ids(0, 1, 4), 12, 23

    def flops(next_logits):
        with FlopCounterMode(display=False) as counter:
            generate(next_logits, prompt, 8)
        return counter.get_total_flops()

    def one_pass(new, m, n_logits):
        """Four maps and a network 4 d wide for each new token; products with m keys and values."""
        return 2 * (new * (4 * d * d + 8 * d * d) * 2 + 2 * new * m * d * 2 + n_logits * d * v)

    lengths = range(4, 12)  # of the text at each step
    assert flops(Cached(model)) == sum(one_pass(4 if m == 4 else 1, m, 1) for m in lengths)
    assert flops(uncached(model)) == sum(one_pass(m, m, m) for m in lengths)


CHAIN = torch.tensor([[0.0, 0.5, 0.5], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])


def markov(text):
    """Logits that depend on the last token alone."""
    return CHAIN.log()[text[..., -1]]


def test_a_chain_by_hand():
    """From 0 on, 1 and 2 tie, and the first is chosen; after 1 comes 2, after 2 comes 0."""
    assert generate(markov, torch.tensor([0]), 6).tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert generate(markov, torch.tensor([0]), 0).tolist() == [0]
    of_two = generate(markov, torch.tensor([[0], [2]]), 3)
    assert of_two.tolist() == [[0, 1, 2, 0], [2, 0, 1, 2]]


def test_draws_follow_the_chain():
    """Pairs of tokens in 4,000 texts of 3 more, by chi-squared; and not the uniform chain."""
    start = torch.zeros(4000, 1, dtype=torch.int64)
    texts = generate(markov, start, 3, draw(torch.Generator().manual_seed(0)))
    assert not ((texts[:, :-1] == 0) & (texts[:, 1:] == 0)).any()
    for before in range(3):
        after = texts[:, 1:][texts[:, :-1] == before]
        seen = torch.bincount(after, minlength=3).double()
        for p, fits in ((CHAIN[before].double(), True), (torch.full((3,), 1 / 3).double(), False)):
            possible = p > 0
            expected = (p * len(after))[possible]
            expected *= seen[possible].sum() / expected.sum()
            pvalue = stats.chisquare(seen[possible], expected).pvalue
            assert (pvalue > SIZE) == fits


def test_a_row_that_ended_stays_ended_and_the_loop_ends_with_the_last():
    """The chain 0 1 2 0 …: from 0, token 2 is the second; from 2, the third."""
    prompt = torch.tensor([[0], [2], [1]])
    ended = generate(markov, prompt, 50, end_id=2)
    assert ended.tolist() == [[0, 1, 2, 2], [2, 0, 1, 2], [1, 2, 2, 2]]
    assert generate(markov, prompt, 2, end_id=2).tolist() == [[0, 1, 2], [2, 0, 1], [1, 2, 2]]


def test_no_gradient_is_kept(model_of):
    cached = Cached(model_of(0))
    generate(cached, ids(0, 2, 3), 3)
    assert not any(t.requires_grad for layer in cached.layers for t in layer)


def test_the_prompt_is_left_alone(model_of):
    prompt = ids(0, 2, 3)
    before = prompt.clone()
    generate(Cached(model_of(0)), prompt, 3, end_id=0).zero_()
    assert torch.equal(prompt, before)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_other_dtypes_give_the_same_in_fewer_digits(dtype, model_of, assert_far):
    """Cached and uncached round in different places: a few eps of logits up to 2. Seen: 2 eps."""
    model, text = model_of(0).to(dtype), ids(0, 2, 9)
    cached = Cached(model)
    for n in range(1, 10):
        logits = cached(text[:, :n])
    assert logits.dtype == cached.layers[0][0].dtype == dtype
    atol = 8 * torch.finfo(dtype).eps
    assert_close(logits, model(text)[:, -1], atol=atol)
    assert_far(logits, model(text)[:, -2], atol=atol)


def test_it_stays_on_the_device_it_is_given():
    """On meta, a tensor made elsewhere on the way raises; `end_id` needs values, to end early."""
    model = GPT(SMALL).eval().to("meta", torch.bfloat16)
    prompt = torch.empty(2, 3, dtype=torch.int64, device="meta")
    for next_logits in (Cached(model), uncached(model)):
        text = generate(next_logits, prompt, 4)
        assert (text.device.type, text.shape) == ("meta", (2, 7))


def test_what_is_wrong_is_said(model_of):
    model = model_of(0)
    with pytest.raises(ValueError, match=r"got 0 tokens and n_new=2; begin with a token"):
        generate(uncached(model), ids(0, 2, 0), 2)
    with pytest.raises(ValueError, match=r"got 3 tokens and n_new=-1"):
        generate(uncached(model), ids(0, 2, 3), -1)
    cached = Cached(model)
    cached(ids(0, 2, 3))
    with pytest.raises(ValueError, match=r"got 3 tokens after 3; for another text, make another"):
        cached(ids(1, 2, 3))
    with pytest.raises(ValueError, match=r"at most max_length=16 positions: got 17; keep"):
        generate(cached, ids(0, 2, 14), 5)
