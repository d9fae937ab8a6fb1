"""The token source: its entropy, its letters, its predictions, against counting and brute force."""

import itertools
import math

import pytest
import torch

from reference.token_source import TokenSource


@pytest.fixture(scope="module")
def tiny():
    """Nine words of two letters out of three."""
    return TokenSource(3, 2, exponent=1.3, seed=4)


@pytest.fixture(scope="module")
def words(tiny):
    """Each word's spelling with its probability, written out."""
    spellings = [tuple(tiny.letters(number).tolist()) for number in tiny.spellings]
    return dict(zip(spellings, tiny.word_probs.tolist(), strict=True))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_frequencies_are_zipfs(tiny):
    ratios = tiny.word_probs[0] / tiny.word_probs
    expected = torch.arange(1, 10, dtype=torch.float64) ** 1.3
    torch.testing.assert_close(ratios, expected)
    assert tiny.word_probs.sum().item() == pytest.approx(1, abs=1e-15)


def test_each_spelling_belongs_to_one_word(words):
    assert sorted(words) == list(itertools.product(range(3), repeat=2))


def test_which_one_is_decided_by_the_seed():
    one, same, other = (TokenSource(4, 3, seed=seed).spellings for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_entropy_is_that_of_a_word_shared_among_its_letters(tiny, words):
    assert tiny.entropy_rate == pytest.approx(
        -sum(p * math.log(p) for p in words.values()) / 2, rel=1e-12
    )


def test_words_all_as_frequent_cost_as_much_as_letters_drawn_evenly():
    assert TokenSource(5, 3, exponent=0.0).entropy_rate == pytest.approx(math.log(5), rel=1e-12)


def test_predictions_are_the_words_counted_letter_by_letter(tiny, words):
    tokens = torch.tensor(list(words))
    probs = tiny.next_token_probs(tokens)
    for (first, _), rows in zip(words, probs, strict=True):
        starting = [sum(p for w, p in words.items() if w[0] == letter) for letter in range(3)]
        second = [words[first, letter] / starting[first] for letter in range(3)]
        assert rows.tolist() == [pytest.approx(starting), pytest.approx(second)]


def test_predictions_cost_the_entropy(tiny, words):
    """The chain rule: what the letters of a word cost, weighed with how often it occurs."""
    tokens = torch.tensor(list(words))
    cost = -tiny.next_token_probs(tokens).gather(-1, tokens[..., None]).log()
    weighed = (cost.sum((1, 2)) * tiny.word_probs).sum()
    assert weighed.item() / 2 == pytest.approx(tiny.entropy_rate, rel=1e-12)


def test_predictions_of_the_whole_source_are_distributions():
    source = TokenSource()
    probs = source.next_token_probs(source.sample(64, 3, generator()))
    assert probs.shape == (64, 12, 32)
    torch.testing.assert_close(probs.sum(-1), torch.ones(64, 12, dtype=torch.float64))


def test_words_occur_as_often_as_they_should(tiny, words):
    drawn = tiny.sample(20_000, 4, generator(1)).view(-1, 2)
    n = len(drawn)
    numbers, expected = drawn @ torch.tensor([3, 1]), torch.zeros(9)
    for (first, second), p in words.items():
        expected[3 * first + second] = n * p
    counts = torch.bincount(numbers, minlength=9)
    chi_squared = ((counts - expected) ** 2 / expected).sum().item()
    assert chi_squared < 42.7  # 8 degrees of freedom: exceeded by one sample in a million


def test_words_are_independent(tiny):
    """A word right behind itself occurs as often as its frequency squared says."""
    first, second = tiny.sample(80_000, 2, generator(2)).view(-1, 2, 2).unbind(1)
    p = (tiny.word_probs**2).sum().item()
    same = (first == second).all(-1).double().mean().item()
    assert abs(same - p) < 5 * math.sqrt(p * (1 - p) / 80_000)  # exceeded once in 2 million


def test_samples_repeat_with_the_generator_and_with_nothing_else(tiny):
    one, same, other = (tiny.sample(8, 5, generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert one.shape == (8, 10)
    assert one.dtype == torch.int64


def test_the_share_of_rare_words_falls_as_a_power():
    """Far from the last word it is what an integral gives: k^(1 - s) up to a constant."""
    source = TokenSource(exponent=1.2)
    a, b = (source.unknown_share(k) + tail_beyond(source) for k in (100, 10_000))
    assert math.log(a / b) / math.log(100) == pytest.approx(0.2, abs=0.001)
    assert source.unknown_share(0) == pytest.approx(1)
    assert source.unknown_share(source.n_words) == 0


def tail_beyond(source):
    """What the words after the last would add, were there infinitely many: an integral."""
    n, s = source.n_words, source.exponent
    return source.word_probs[0].item() * (n + 0.5) ** (1 - s) / (s - 1)


@pytest.mark.parametrize(("vocab_size", "word_length"), [(1, 4), (32, 0)])
def test_words_that_cannot_differ(vocab_size, word_length):
    with pytest.raises(ValueError, match=f"got {vocab_size} and {word_length}"):
        TokenSource(vocab_size, word_length)


def test_sequences_cut_within_a_word(tiny):
    with pytest.raises(ValueError, match="words of 2 letters: got sequences of 3"):
        tiny.next_token_probs(torch.zeros(1, 3, dtype=torch.int64))
