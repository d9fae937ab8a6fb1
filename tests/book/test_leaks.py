"""What students must not read is found in every kind of file, and everyday lines are not."""

import json
import pickle
import zipfile

import pytest

from autograder.errors import LeakError
from autograder.leaks import mentioned, squeezed
from book.editions import BOOK, INSTRUCTOR, STUDENT, Edition, contents, pages
from book.leaks import scan, secrets
from book.solutions import page as solutions_page

SENTENCE = "You forgot to divide the scores by √d_k: without it they grow"
LINE = 'shift = largest.masked_fill(largest == -math.inf, 0.0)  # "why"'
PLANTED = {squeezed(SENTENCE): (SENTENCE, "the sentence"), squeezed(LINE): (LINE, "the solution")}


@pytest.fixture(scope="module")
def all_secrets(course):
    return secrets(course)


@pytest.fixture
def edition(tmp_path):
    edition = Edition(STUDENT, tmp_path)
    edition.html.mkdir(parents=True)
    edition.sources.mkdir(parents=True)
    edition.doctrees.mkdir(parents=True)
    return edition


def spans(text: str) -> str:
    """As a highlighter writes code: each word in a tag of its own."""
    escaped = text.replace("&", "&amp;").replace('"', "&quot;")
    return " ".join(f"<span class='n'>{word}</span>" for word in escaped.split(" "))


def plant(edition: Edition, kind: str, secret: str) -> None:
    if kind == "page":
        (edition.html / "page.html").write_text(f"<p>text</p><pre>{spans(secret)}</pre>")
    elif kind == "source":
        (edition.html / "_sources").mkdir()
        (edition.html / "_sources" / "page.md").write_text(f"# Title\n\n{secret}\n")
    elif kind == "search index":
        (edition.html / "searchindex.js").write_text(f'Search.setIndex({{"titles": ["{secret}"]}})')
    elif kind == "doctree":
        (edition.doctrees / "page.doctree").write_bytes(pickle.dumps(["text", secret]))
    elif kind == "notebook":
        cell = {"id": "a", "source": [secret], "outputs": []}
        (edition.sources / "a.ipynb").write_text(json.dumps({"cells": [cell]}))
    else:
        with zipfile.ZipFile(edition.sources / "a.zip", "w") as archive:
            archive.writestr("a/a.py", secret)


@pytest.mark.parametrize("secret", [SENTENCE, LINE])
@pytest.mark.parametrize(
    "kind", ["page", "source", "search index", "doctree", "notebook", "archive"]
)
def test_a_secret_is_found_wherever_it_stands(kind, secret, edition):
    plant(edition, kind, "nothing of this is secret at all")
    scan(edition, PLANTED)
    for path in [p for p in edition.folder.rglob("*") if p.is_file()]:
        path.unlink()
    if kind == "source":
        (edition.html / "_sources").rmdir()
    plant(edition, kind, secret)
    with pytest.raises(LeakError, match=r"the student edition would give away\n_build|\nsources"):
        scan(edition, PLANTED)


def test_no_page_for_students_says_a_secret(all_secrets):
    of_students = [BOOK / f"{page}.md" for page in pages(contents(STUDENT, draft=True))]
    read = [path for path in of_students if path.exists()]
    assert len(read) >= 5
    found = {path: mentioned(path.read_text(encoding="utf-8"), all_secrets) for path in read}
    assert {path: told for path, told in found.items() if told} == {}


def test_what_the_reference_shows_anyway_is_no_secret(all_secrets):
    everyday = [
        'with torch.device("meta"):',
        "from reference.joint_law import JointLaw",
        ') -> Float[Tensor, "*batch n d_model"]:',
        "raise ValueError(",
    ]
    for line in everyday:
        assert mentioned(line, all_secrets) == []


def test_solutions_are_secret_even_where_the_reference_is_like_them(all_secrets):
    for line in (
        "powers = torch.exp(x - shift)",
        "special = {mask_id, *special_ids}",
        "return torch.ones(n, n, dtype=torch.bool, device=device).tril()",
    ):
        (told,) = mentioned(line, all_secrets)
        assert told.startswith("the solution of")


def test_the_code_of_graded_functions_is_secret(all_secrets):
    code = (BOOK.parent / "reference" / "positions.py").read_text(encoding="utf-8")
    assert any(told.startswith("a line of reference") for told in mentioned(code, all_secrets))


def test_instructors_pages_would_be_found(all_secrets, course):
    text = solutions_page("a3_attention", course.template("a3_attention"))
    kinds = {told.split(":")[0].split(" of ")[0] for told in mentioned(text, all_secrets)}
    assert {"the solution", "the sentence"} <= kinds
    assert any(page.startswith("solutions/") for page in pages(contents(INSTRUCTOR)))
