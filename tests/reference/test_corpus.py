"""corpus.py: the documents worked by hand, and what must hold of the real ones."""

import pytest

from reference.corpus import documents, python_documentation, sentences, split


def test_documents_by_hand():
    first = "Title\n*****\n\nOne\nsentence.  Two: three?\n\n   code = 1\n\nSaid twice."
    second = "Said  twice.\n\n+----+\n| no |\n+----+\n\n1 + 1 - 2\n\nLast"
    assert documents([first, second, "Last", ""]) == [
        ["Title", "One sentence.", "Two:", "three?", "code = 1", "Said twice."],
        ["1 + 1 - 2", "Last"],
    ]


def test_long_topics_become_several_documents():
    topic = "\n\n".join(f"Paragraph {i}. It ends." for i in range(35))
    texts = documents([topic])
    assert [len(text) for text in texts] == [32, 32, 6]
    assert texts[1][0] == "Paragraph 16."


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("One", ["One"]),
        ("One.", ["One."]),
        ("A.b is 3.14! Is it?  So:\nyes", ["A.b is 3.14!", "Is it?", "So:", "yes"]),
    ],
)
def test_sentences_by_hand(paragraph, expected):
    assert sentences(paragraph) == expected


def test_the_real_text():
    texts = python_documentation()
    assert len(texts) > 100
    assert all(sentence.strip() == sentence != "" for text in texts for sentence in text)
    assert sum(len(sentence) for text in texts for sentence in text) > 200_000
    whole = [" ".join(text) for text in texts]
    assert len(set(whole)) == len(whole)
    assert any("with statement" in text or '"with" statement' in text for text in whole)


def test_what_is_held_out_is_not_trained_on():
    texts = [[str(i)] for i in range(25)]
    train, held_out = split(texts)
    assert held_out == [["9"], ["19"]]
    assert train == [text for text in texts if text not in held_out]


@pytest.mark.parametrize("every", [1, 4])
def test_a_split_that_leaves_nothing(every):
    message = f"one in {every} documents cannot be held out: got 3 documents; choose every from 2"
    with pytest.raises(ValueError, match=message):
        split([["a"], ["b"], ["c"]], every)
