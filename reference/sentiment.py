"""Real sentences with feelings about films, rated by people: a task to adapt a model to.

Hutto & Gilbert 2014: some 10,600 snippets of film reviews from rotten.tomatoes.com (collected
by Pang & Lee 2005), each rated from -4 to 4 by about 15 people. The source archive of the package
vaderSentiment carries them; installing the package does not, so the archive itself is read.

The label: 1 (positive) for a mean rating of 1 or more, 0 (negative) for -1 or less. What lies
between is mild, or the raters disagreed: left out. So are texts of more than 16 words, for speed.

>>> label(Snippet(1, 2.3, "A warm, funny film.")), label(Snippet(2, -0.2, "It is long."))
(1, None)

The split: blocks of 25 snippets in the order of the source, of ten blocks two to test, one to
validate, seven to train. Neighbours so stay together; which snippets come from one review is not
recorded. Reviewers quote, and repeat themselves: what shares six words in a row with a held-out
snippet (or is one, if shorter) is not trained on.

>>> shared_runs("No way to sort it out!", "There is no way to sort it OUT")
{('no', 'way', 'to', 'sort', 'it', 'out')}

Left out: the ratings' spread, the tweets, product reviews and editorials of the same source.
Proved by: an archive made by hand; on the real one: the counts, the file's hash, balance, no
near-duplicate between the parts by another measure; ids equal those of the tokenizers library.
"""

import hashlib
import html
import io
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from reference.fine_tuning import Rows
from reference.wordpiece import WordPiece

ARCHIVE = Path(sys.prefix) / "share" / "vaderSentiment-0.5.zip"
INNER = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
MEMBER = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
SHA256 = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"

CLEAR = 1.0  # a mean rating, at least this far from 0
LONGEST = 16  # words
BLOCK = 25  # neighbours that stay together
RUN = 6  # words in a row that no two parts share


class Snippet(NamedTuple):
    """A sentence or two from a review, and its mean rating, from -4 to 4."""

    number: int
    rating: float
    text: str


class Parts(NamedTuple):
    """What is trained on, what choices are made by, and what the result is measured on."""

    train: list[Snippet]
    validation: list[Snippet]
    test: list[Snippet]


def read_snippets(archive: Path = ARCHIVE, sha256: str = SHA256) -> list[Snippet]:
    """Read all snippets, in the order of the source, from the archive that pip downloads."""
    if not archive.exists():
        raise FileNotFoundError(
            f"the rated snippets come in a package's source archive: got no {archive}; run pip "
            f"download --no-deps --dest {archive.parent} vaderSentiment==0.5"
        )
    with zipfile.ZipFile(archive) as outer, outer.open(INNER) as inner:
        with tarfile.open(fileobj=io.BytesIO(inner.read())) as files:
            member = files.extractfile(MEMBER)
            content = member.read() if member else b""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{MEMBER} must have the SHA-256 {sha256[:12]}…: got {found[:12]}…; results are stated "
            "for that text alone: download the archive again"
        )
    lines = (line.split("\t") for line in content.decode("utf-8").splitlines())
    return [Snippet(int(n), float(rating), html.unescape(text)) for n, rating, text in lines]


def label(snippet: Snippet) -> int | None:
    """Positive is 1, negative 0; None where the rating is not clear."""
    return None if abs(snippet.rating) < CLEAR else int(snippet.rating > 0)


def split(snippets: Sequence[Snippet]) -> Parts:
    """Part the clear and short ones: none to train on that a held-out one nearly repeats."""
    parts = Parts([], [], [])
    kind = {7: parts.validation, 8: parts.test, 9: parts.test}
    for position, snippet in enumerate(snippets):
        if label(snippet) is not None and len(snippet.text.split()) <= LONGEST:
            kind.get(position // BLOCK % 10, parts.train).append(snippet)
    test_runs = _all_runs(parts.test)
    validation = [s for s in parts.validation if test_runs.isdisjoint(runs(s.text))]
    held_out = test_runs | _all_runs(validation)
    train = [s for s in parts.train if held_out.isdisjoint(runs(s.text))]
    return Parts(train, validation, parts.test)


def runs(text: str) -> set[tuple[str, ...]]:
    """Every `RUN` words in a row, in lower case, without punctuation; all if there are fewer."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + RUN]) for i in range(max(1, len(words) - RUN + 1))}


def shared_runs(first: str, second: str) -> set[tuple[str, ...]]:
    """What makes two texts near-duplicates."""
    return runs(first) & runs(second)


def _all_runs(snippets: Iterable[Snippet]) -> set[tuple[str, ...]]:
    return {run for snippet in snippets for run in runs(snippet.text)}


def as_rows(snippets: Sequence[Snippet], tokenizer: WordPiece) -> Rows:
    """Make [CLS] text [SEP] of each, padded to the longest, with its label."""
    cls, sep, pad = (tokenizer.index[token] for token in ("[CLS]", "[SEP]", "[PAD]"))
    ids = [[cls, *tokenizer.encode(snippet.text), sep] for snippet in snippets]
    width = max(map(len, ids))
    mask = [[1] * len(row) + [0] * (width - len(row)) for row in ids]
    padded = [row + [pad] * (width - len(row)) for row in ids]
    labels = [int(snippet.rating > 0) for snippet in snippets]
    return Rows(torch.tensor(padded), torch.tensor(mask), torch.tensor(labels))
