"""whitespace.py against the tokenizers library, by round trips, and by hand."""

import unicodedata

import pytest
from hypothesis import given, strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from reference.corpus import python_documentation, split
from reference.whitespace import Whitespace, join_by_spaces, split_by_spaces


@given(text=st.text())
def test_no_string_is_lost_as_long_as_tokens_are_strings(text):
    tokens = split_by_spaces(text)
    assert join_by_spaces(tokens) == text
    assert len(tokens) == text.count(" ") + 1


def test_the_slides_sentence():
    assert split_by_spaces("the mouse ate the cheese") == ["the", "mouse", "ate", "the", "cheese"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("two  spaces ", ["two", "", "spaces", ""]),
        ("a\nline\tand more", ["a\nline\tand", "more"]),
        ("a\u00a0b", ["a\u00a0b"]),  # a space that must not break is no space here
        ("The cat, the cat.", ["The", "cat,", "the", "cat."]),
        ("đại học", ["đại", "học"]),
        ("我喜欢猫", ["我喜欢猫"]),
    ],
)
def test_what_stands_between_spaces_is_not_always_a_word(text, expected):
    assert split_by_spaces(text) == expected


def test_composed_and_combining_letters_are_different_tokens():
    word = "học"
    tokenizer = Whitespace.train([word], vocab_size=9)
    assert tokenizer.encode(word) == [1]
    assert tokenizer.encode(unicodedata.normalize("NFD", word)) == [0]


@pytest.fixture(scope="module")
def texts():
    return split([[" ".join(text)] for text in python_documentation()])


@pytest.mark.parity
@pytest.mark.parametrize("vocab_size", [2, 100, 5000])
def test_vocabulary_and_ids_are_theirs(vocab_size, texts):
    """Theirs drops empty tokens, and these texts have none; ties by the alphabet, in both."""
    train, held_out = ([text for document in part for text in document] for part in texts)
    theirs = Tokenizer(models.WordLevel(unk_token="[UNK]"))  # noqa: S106
    theirs.pre_tokenizer = pre_tokenizers.CharDelimiterSplit(" ")
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocab_size, special_tokens=["[UNK]"], show_progress=False
    )
    theirs.train_from_iterator(train, trainer)
    ours = Whitespace.train(train, vocab_size)
    assert ours.vocabulary == [theirs.id_to_token(i) for i in range(theirs.get_vocab_size())]
    assert len(ours.vocabulary) == vocab_size
    for text in held_out:
        assert ours.encode(text) == theirs.encode(text).ids


def test_the_vocabulary_by_hand():
    """Twice: b; once: '' (two spaces make one), A, a, é. [UNK] in a text is no new token."""
    corpus = ["b é b", "a  A", "[UNK] [UNK] [UNK]"]
    assert Whitespace.train(corpus, 99).vocabulary == ["[UNK]", "b", "", "A", "a", "é"]
    assert Whitespace.train(corpus, 3).vocabulary == ["[UNK]", "b", ""]
    assert Whitespace.train([], 3).vocabulary == ["[UNK]"]


def test_what_is_unknown_does_not_come_back():
    tokenizer = Whitespace.train(["the cat ate", "the cat"], vocab_size=3)
    assert tokenizer.vocabulary == ["[UNK]", "cat", "the"]
    assert tokenizer.encode("the cat ate. ") == [2, 1, 0, 0]
    assert tokenizer.decode([2, 1, 0, 0]) == "the cat [UNK] [UNK]"
    assert tokenizer.unknown_share(["the cat ate. ", "cat"]) == 2 / 5


def test_new_text_always_brings_new_words(texts):
    """More text to learn from leaves fewer words unknown, but never few: Heaps' law."""
    train, held_out = ([text for document in part for text in document] for part in texts)
    shares = [
        Whitespace.train(train[:n], 10**6).unknown_share(held_out) for n in (len(train) // 8, 10**6)
    ]
    assert 0.05 < shares[1] < shares[0]


def test_what_is_wrong_is_said():
    for vocabulary in (["the"], [], ["[UNK]", "a", "a"]):
        with pytest.raises(ValueError, match=r"starts with \[UNK\] and holds each token once: got"):
            Whitespace(vocabulary)
    with pytest.raises(ValueError, match="one text at least: got none; pass a list of strings"):
        Whitespace(["[UNK]"]).unknown_share([])
